import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ImAnnouncement, ImDown, ImUp } from '@lianmai/contract';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { signUserToken } from '../../../auth/user-token.ts';
import type { Bus } from '../../../bus/bus.ts';
import { MemoryBus } from '../../../bus/memory-bus.ts';
import { ImServer, type ImServerOptions } from '../im-server.ts';

export const KEY = 'k'.repeat(64);

/** As much of control as a worker's chat sees: what it was told, and the way to tell it something. */
export class FakeControl {
  readonly heard: ImUp[] = [];
  readonly announced: ImAnnouncement[] = [];
  readonly #bus: Bus;
  readonly kill: () => void;
  #wake: (() => void)[] = [];

  constructor(memory: MemoryBus) {
    const { bus, kill } = memory.member();
    this.#bus = bus;
    this.kill = kill;
    bus.serve('control.user-key', () => ({ key: KEY }));
    bus.serve('control.im', ({ items }) => {
      this.heard.push(...items);
      for (const wake of this.#wake.splice(0)) wake();
      return { ok: true };
    });
    bus.serve('control.im-sockets', (announcement) => {
      this.announced.push(announcement);
      for (const wake of this.#wake.splice(0)) wake();
      return { ok: true };
    });
  }

  say(...items: ImDown[]): void {
    this.#bus.publish('worker.im/edge-0', { items });
  }

  gather(): Promise<ImAnnouncement[]> {
    return this.#bus.gather('worker.im-sockets', null);
  }

  endTokens(userId: string, generation: number): void {
    this.#bus.publish('user.change', { appId: 'app', userId, generation, loggedOut: null });
  }

  /** The nth (from 0) item of a type that fits, when it was heard. */
  async item<T extends ImUp['type']>(
    type: T,
    nth = 0,
    fits: (item: ImUp & { type: T }) => boolean = () => true,
  ): Promise<ImUp & { type: T }> {
    for (;;) {
      const items = this.heard.filter((item): item is ImUp & { type: T } => item.type === type);
      const found = items.filter(fits)[nth];
      if (found) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

/** A worker's chat behind an HTTP server of its own. */
export class ImWorld implements AsyncDisposable {
  readonly memory = new MemoryBus();
  readonly im: ImServer;
  readonly http: Server = createServer(
    (request, response) => void this.im.handle(request, response).catch(() => response.destroy()),
  );
  control: FakeControl;

  private constructor(options: Partial<ImServerOptions>) {
    this.control = new FakeControl(this.memory);
    const { bus } = this.memory.member();
    this.im = new ImServer({
      bus,
      workerId: 'edge-0',
      visitors: true,
      log: pino({ level: 'silent' }),
      now: Date.now,
      ...options,
    });
    this.http.on('upgrade', (request, socket: Socket, head: Buffer) => this.im.upgrade(request, socket, head));
  }

  static async start(options: Partial<ImServerOptions> = {}): Promise<ImWorld> {
    const world = new ImWorld(options);
    world.im.start();
    world.http.listen(0, '127.0.0.1');
    await once(world.http, 'listening');
    return world;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  token(userId: string, expiresAtMs: number = Date.now() + 3_600_000): string {
    return signUserToken(KEY, {
      appId: 'app',
      userId,
      generation: 1,
      tokenId: 't',
      issuedAtMs: Date.now(),
      expiresAtMs,
    });
  }

  client(userId: string, query = ''): WebSocket {
    const url = `ws://127.0.0.1:${this.port}/v1/im?token=${this.token(userId)}${query}`;
    return new WebSocket(url, { perMessageDeflate: false }).on('error', () => {});
  }

  /** A client, and the number control knows it by. */
  async connect(userId: string): Promise<{ client: WebSocket; connection: number }> {
    const isTheirs = (item: ImUp) => item.type === 'open' && item.identity.userId === userId;
    const before = this.control.heard.filter(isTheirs).length;
    const client = this.client(userId);
    await once(client, 'open');
    const { connection } = await this.control.item('open', before, isTheirs);
    return { client, connection };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.im.close();
    this.http.closeAllConnections();
    this.http.close();
    this.memory.close();
  }
}

/** The next message, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: the test knows what it is
export async function nextJson(client: WebSocket): Promise<any> {
  const [data] = await once(client, 'message');
  return JSON.parse(String(data));
}
