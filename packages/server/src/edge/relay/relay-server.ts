import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { StreamHolder } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import type { LiveStream } from '../hub/sink.ts';
import { relayAddress } from './relay-address.ts';
import { RelaySink } from './relay-sink.ts';
import { RelayReader } from './wire.ts';

export interface RelayServerOptions {
  internalAddress: string;
  /** A stream whose publisher is on this worker; relays are not chained. */
  find(stream: string): (LiveStream & { holder: StreamHolder }) | null;
  /** Unsent bytes at which another worker is taken for slow. */
  maxQueueBytes: number;
}

const OPEN_TIMEOUT_MS = 5000;

/** Gives this worker's streams to the other workers, over a unix socket; one connection a stream and worker. */
export class RelayServer {
  readonly #options: RelayServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: RelayServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  listen(): Promise<void> {
    const path = relayAddress(this.#options.internalAddress);
    // A worker that was killed left its socket file behind.
    rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Cuts all relays: the other workers wait for the streams to come back elsewhere. Idempotent. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #accept(socket: Socket): void {
    const reader = new RelayReader();
    let asked = false;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(OPEN_TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      const messages = asked ? [] : reader.push(chunk);
      if (messages instanceof WireError) return void socket.destroy();
      const [open] = messages;
      if (!open) return;
      asked = true;
      socket.setTimeout(0);
      if (open.kind === 'open') this.handle(socket, open.stream);
      else socket.destroy();
    });
  }

  /** Sends a stream to a socket until either ends; closes it at once when the stream is not published here. */
  handle(socket: Socket, name: string): void {
    const stream = this.#options.find(name);
    if (!stream) return void socket.end();
    const sink = new RelaySink(socket, stream, this.#options.maxQueueBytes);
    socket.on('close', () => stream.detach(sink));
    stream.attach(sink);
  }
}
