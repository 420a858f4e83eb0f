import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Longer than any path carries in one piece. */
const OVERSIZED = 9000;
const REMEMBERED = 50;

/**
 * On the way of one WebRTC client to the server: what the client sends passes, and with it, from the client's own address,
 * copies of earlier packets, damaged, cut and oversized ones. Announced in place of the server's candidate.
 */
export class HostileRelay implements AsyncDisposable {
  readonly port: number;
  readonly #front: Socket;
  readonly #back: Socket;
  readonly #serverPort: number;
  readonly #remembered: Buffer[] = [];
  #client: { port: number; address: string } | null = null;
  /** Off until the connection is up. */
  hostile = false;
  /** Packets of its own. */
  sent = 0;

  private constructor(front: Socket, back: Socket, serverPort: number) {
    this.#front = front;
    this.#back = back;
    this.#serverPort = serverPort;
    this.port = front.address().port;
    front.on('message', (packet, client) => {
      this.#client = client;
      this.#toServer(packet);
      if (this.hostile) for (const attack of this.#attacks(packet)) this.#toServer(attack);
    });
    back.on('message', (packet) => {
      if (this.#client) front.send(packet, this.#client.port, this.#client.address);
    });
  }

  static async start(serverPort: number): Promise<HostileRelay> {
    const [front, back] = [createSocket('udp4'), createSocket('udp4')];
    for (const socket of [front, back]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new HostileRelay(front, back, serverPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#front, this.#back]) {
      socket.close();
      await once(socket, 'close');
    }
  }

  #attacks(packet: Buffer): Buffer[] {
    this.#remembered.push(packet);
    const old = this.#remembered.length > REMEMBERED ? this.#remembered.shift() : undefined;
    const damaged = Buffer.from(packet);
    const at = Math.floor(Math.random() * damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const attacks = [
      damaged,
      packet.subarray(0, Math.floor(Math.random() * packet.length)),
      Buffer.concat([packet.subarray(0, 12), randomBytes(OVERSIZED)]),
      // By its first byte (RFC 7983): STUN, DTLS, RTP, RTCP.
      ...[0, 22, 128, 200].map((first) => Buffer.concat([Buffer.from([first]), randomBytes(40)])),
      ...(old ? [old] : []),
    ];
    this.sent += attacks.length;
    return attacks;
  }

  #toServer(packet: Buffer): void {
    this.#back.send(packet, this.#serverPort, '127.0.0.1');
  }
}

/** Sends garbage to the port from addresses the server does not know, until disposed. */
export class Stranger implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  sent = 0;

  private constructor(socket: Socket, ports: readonly number[]) {
    this.#socket = socket;
    this.#timer = setInterval(() => {
      for (const port of ports)
        for (const packet of garbage()) {
          socket.send(packet, port, '127.0.0.1');
          this.sent++;
        }
    }, 20);
  }

  static async start(ports: readonly number[]): Promise<Stranger> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Stranger(socket, ports);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

function garbage(): Buffer[] {
  return [
    Buffer.alloc(0),
    Buffer.from([0]),
    randomBytes(1 + Math.floor(Math.random() * 1400)),
    randomBytes(60_000),
    stun(randomBytes(24).toString('base64')),
    stun('x'.repeat(500)),
    // A DTLS handshake record that announces more than comes (RFC 6347 4.1).
    Buffer.concat([Buffer.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), randomBytes(100)]),
    // RTP with 15 contributing sources and an extension that is not there.
    Buffer.concat([Buffer.from([0x9f, 0xff]), randomBytes(20)]),
    // RTCP whose length is a lie.
    Buffer.concat([Buffer.from([0x80, 200, 0xff, 0xff]), randomBytes(24)]),
  ];
}

/** A binding request (RFC 8489 5) with a username nobody has. */
function stun(username: string): Buffer {
  const name = Buffer.from(username);
  const padded = Math.ceil(name.length / 4) * 4;
  const message = Buffer.alloc(24 + padded);
  message.writeUInt16BE(1, 0);
  message.writeUInt16BE(4 + padded, 2);
  message.writeUInt32BE(0x2112a442, 4);
  randomBytes(12).copy(message, 8);
  message.writeUInt16BE(6, 20);
  message.writeUInt16BE(name.length, 22);
  name.copy(message, 24);
  return message;
}
