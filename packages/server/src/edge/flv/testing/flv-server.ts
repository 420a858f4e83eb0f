import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { LiveError } from '@lianmai/contract';
import { type Frame, WireError } from '@lianmai/media';
import { FlvReader, parseTagBody } from '@lianmai/media/flv';
import { Fanouts } from '../../fanout/fanouts.ts';
import type { LiveStreamImpl } from '../../hub/live-stream.ts';
import { told } from '../../hub/testing/frames.ts';
import { openStream } from '../../hub/testing/open-stream.ts';
import { serveFlv } from '../http-flv.ts';
import { isTaken } from '../take-socket.ts';
import { serveWsFlv } from '../ws-flv.ts';

/** One stream at every address of an HTTP server, as FLV over HTTP and WebSocket. */
export class FlvServer implements AsyncDisposable {
  readonly stream: LiveStreamImpl = openStream();
  readonly fanouts = new Fanouts({
    flushMs: 4,
    viewerQueueBytes: 1 << 20,
    viewerStallMs: 60_000,
    log: { info() {} },
  });
  readonly sockets: Socket[] = [];
  readonly refused: LiveError[] = [];
  /** Answer in a later turn, as when a stream has to be fetched first. */
  late = false;
  requests = 0;
  readonly #server = createServer(async (request, response) => {
    this.requests++;
    if (this.late) await setImmediate();
    try {
      serveFlv(request, response, this.stream, this.fanouts);
    } catch (error) {
      if (error instanceof LiveError) this.refused.push(error);
      response.writeHead(400).end();
    }
  });

  constructor() {
    this.#server.on('connection', (socket: Socket) => this.sockets.push(socket));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (isTaken(request)) return;
      try {
        serveWsFlv(request, socket, head, this.stream, this.fanouts);
      } catch (error) {
        if (error instanceof LiveError) this.refused.push(error);
        socket.destroy();
      }
    });
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends a request by hand and reads what comes. */
  get(request: string): FlvClient {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(request);
    return new FlvClient(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fanouts.close();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** FLV as it comes, taken apart. */
export class FlvText {
  readonly frames: Frame[] = [];
  flags: number | null = null;
  readonly #reader = new FlvReader();

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.flags ??= bytes[4] ?? null;
    const tags = this.#reader.push(bytes);
    if (tags instanceof WireError) throw new Error(tags.message);
    for (const { track, dts, body } of tags) {
      const frame = parseTagBody(track, body, dts);
      if (frame instanceof WireError) throw new Error(frame.message);
      if (frame) this.frames.push(frame);
    }
  }

  get told(): string[] {
    return told(this.frames);
  }
}

export class FlvClient {
  readonly socket: Socket;
  readonly flv = new FlvText();
  head: string | null = null;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#push(chunk));
  }

  async frames(count: number): Promise<string[]> {
    while (this.flv.frames.length < count) await once(this.socket, 'data');
    return this.flv.told;
  }

  async ended(): Promise<void> {
    if (!this.socket.readableEnded) await once(this.socket, 'end');
  }

  /** By an end or a reset. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.closed) resolve();
      else this.socket.once('close', () => resolve());
    });
  }

  #push(chunk: Buffer): void {
    if (this.head !== null) return this.flv.push(chunk);
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.head = this.#bytes.toString('latin1', 0, end);
    if (this.#bytes.length > end + 4) this.flv.push(this.#bytes.subarray(end + 4));
  }
}
