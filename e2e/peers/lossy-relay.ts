import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface LossyPath {
  /** Of packets each way, 0 to 1. */
  loss: number;
  /** Each packet is held back for a random time up to this, so that packets overtake each other. */
  jitterMs: number;
}

/** A bad network between a WebRTC client and the server: announced in place of the server's candidate. */
export class LossyRelay implements AsyncDisposable {
  readonly port: number;
  readonly #front: Socket;
  /** A socket towards the server for each client, so that the server can tell them apart. */
  readonly #backs = new Map<string, Socket>();
  readonly #held = new Set<NodeJS.Timeout>();
  readonly #path: LossyPath;
  readonly #serverPort: number;
  dropped = 0;
  passed = 0;

  private constructor(front: Socket, serverPort: number, path: LossyPath) {
    this.#front = front;
    this.#serverPort = serverPort;
    this.#path = path;
    this.port = front.address().port;
    front.on('message', (packet, { port, address }) => {
      const back = this.#back(port, address);
      this.#carry(() => back.send(packet, this.#serverPort, '127.0.0.1'));
    });
  }

  static async start(serverPort: number, path: LossyPath): Promise<LossyRelay> {
    const front = createSocket('udp4');
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new LossyRelay(front, serverPort, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#held) clearTimeout(timer);
    for (const socket of [this.#front, ...this.#backs.values()]) {
      socket.close();
      await once(socket, 'close');
    }
  }

  #back(port: number, address: string): Socket {
    const known = this.#backs.get(`${address} ${port}`);
    if (known) return known;
    const back = createSocket('udp4');
    back.on('message', (packet) => this.#carry(() => this.#front.send(packet, port, address)));
    this.#backs.set(`${address} ${port}`, back);
    return back;
  }

  #carry(send: () => void): void {
    if (Math.random() < this.#path.loss) {
      this.dropped++;
      return;
    }
    this.passed++;
    const timer = setTimeout(() => {
      this.#held.delete(timer);
      send();
    }, Math.random() * this.#path.jitterMs);
    this.#held.add(timer);
  }
}
