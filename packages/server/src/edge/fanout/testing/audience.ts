import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Frame } from '@lianmai/media';
import type { FanoutOptions } from '../fanouts.ts';
import { Fanouts } from '../fanouts.ts';
import type { FanoutFormat } from '../format.ts';

/** Each frame as a line, so that what a viewer got can be read. */
export const LINES: FanoutFormat = {
  protocol: 'flv',
  head: ({ metadata, video, audio }) =>
    Buffer.concat([Buffer.from('head\n'), ...[metadata, video, audio].flatMap((frame) => (frame ? line(frame) : []))]),
  frame: (frame) => line(frame),
};

const line = ({ type, data }: Frame) => Buffer.from(`${type === 'config' ? 'config ' : ''}${data}\n`);

/** The far end of a viewer's connection. */
export class Watcher {
  readonly socket: Socket;
  /** The server's end. */
  readonly served: Socket;
  #text = '';

  constructor(socket: Socket, served: Socket) {
    this.socket = socket;
    this.served = served;
    socket.on('data', (chunk) => {
      this.#text += chunk;
    });
    socket.on('error', () => {});
  }

  /** What came so far, without the padding of long lines. */
  get lines(): string[] {
    return this.#text
      .split('\n')
      .slice(0, -1)
      .map((text) => text.trimEnd());
  }

  /** Waits until a line has come. */
  async line(wanted: string): Promise<void> {
    while (!this.lines.includes(wanted)) await once(this.socket, 'data');
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close');
  }
}

/** Real sockets on a local port, and the fan-outs they are joined to. */
export class Audience implements AsyncDisposable {
  readonly fanouts: Fanouts;
  readonly logged: object[] = [];
  readonly #sockets: Socket[] = [];
  readonly #server = createServer({ noDelay: true }, (socket) => this.#sockets.push(socket.resume()));
  readonly #listening = once(this.#server.setMaxListeners(0).listen(0, '127.0.0.1'), 'listening');
  readonly #watchers: Watcher[] = [];

  constructor(options: Partial<FanoutOptions> = {}) {
    this.fanouts = new Fanouts({
      flushMs: 4,
      viewerQueueBytes: 1 << 20,
      viewerStallMs: 60_000,
      log: { info: (fields: object) => void this.logged.push(fields) } as unknown as FanoutOptions['log'],
      ...options,
    });
  }

  async connect(): Promise<Watcher> {
    await this.#listening;
    const { port } = this.#server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const served = await this.#accepted(socket.localPort);
    const watcher = new Watcher(socket, served);
    this.#watchers.push(watcher);
    return watcher;
  }

  async #accepted(port: number | undefined): Promise<Socket> {
    for (;;) {
      const socket = this.#sockets.find(({ remotePort }) => remotePort === port);
      if (socket) return socket;
      await once(this.#server, 'connection');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fanouts.close();
    for (const { socket, served } of this.#watchers) {
      socket.destroy();
      served.destroy();
    }
    this.#server.close();
  }
}
