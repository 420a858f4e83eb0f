import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface LossyPath {
  /** Of packets each way, 0 to 1. */
  loss: number;
  /** Each packet is held back for a random time up to this, so that packets overtake each other. */
  jitterMs: number;
  /** What gets through each way; what is more waits, for up to 300 ms, and is dropped past that. Unlimited when not given; may be changed. */
  kbps?: number | undefined;
}

/** A queue longer than this is full. */
const LONGEST_QUEUE_MS = 300;

/** A bad network between a WebRTC client and the server: announced in place of the server's candidate. */
export class LossyRelay implements AsyncDisposable {
  readonly port: number;
  readonly #front: Socket;
  /** A socket towards the server for each client, so that the server can tell them apart. */
  readonly #backs = new Map<string, Socket>();
  readonly #held = new Set<NodeJS.Timeout>();
  readonly path: LossyPath;
  /** When the line is free again, each way. */
  readonly #freeMs = { up: 0, down: 0 };
  readonly #serverPort: number;
  dropped = 0;
  passed = 0;

  private constructor(front: Socket, serverPort: number, path: LossyPath) {
    this.#front = front;
    this.#serverPort = serverPort;
    this.path = path;
    this.port = front.address().port;
    front.on('message', (packet, { port, address }) => {
      const back = this.#back(port, address);
      this.#carry('up', packet.length, () => back.send(packet, this.#serverPort, '127.0.0.1'));
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
    back.on('message', (packet) => this.#carry('down', packet.length, () => this.#front.send(packet, port, address)));
    this.#backs.set(`${address} ${port}`, back);
    return back;
  }

  #carry(way: 'up' | 'down', bytes: number, send: () => void): void {
    const { loss, jitterMs, kbps } = this.path;
    const nowMs = performance.now();
    const queuedMs = Math.max(0, this.#freeMs[way] - nowMs);
    if (Math.random() < loss || queuedMs > LONGEST_QUEUE_MS) {
      this.dropped++;
      return;
    }
    this.passed++;
    const throughMs = kbps === undefined ? 0 : queuedMs + (bytes * 8) / kbps;
    this.#freeMs[way] = nowMs + throughMs;
    const timer = setTimeout(
      () => {
        this.#held.delete(timer);
        send();
      },
      throughMs + Math.random() * jitterMs,
    );
    this.#held.add(timer);
  }
}
