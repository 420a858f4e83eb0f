import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { LiveError, type StreamHolder } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import type { LiveStream } from '../hub/sink.ts';
import { relayAddress } from './relay-address.ts';
import { RelaySink } from './relay-sink.ts';
import { RelayReader, writeRelayMessage } from './wire.ts';

type Relayed = LiveStream & { holder: StreamHolder };

export interface RelayServerOptions {
  internalAddress: string;
  /**
   * A stream of this process; relays are not chained.
   * @throws LiveError told to who asked; null tells nothing.
   */
  find(stream: string): Relayed | null | Promise<Relayed | null>;
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
      if (open.kind === 'open') void this.#answer(socket, open.stream);
      else socket.destroy();
    });
  }

  async #answer(socket: Socket, name: string): Promise<void> {
    try {
      const stream = await this.#options.find(name);
      if (stream && !socket.destroyed) this.#serve(socket, stream);
      else socket.end();
    } catch (error) {
      if (!(error instanceof LiveError)) return void socket.destroy(error as Error);
      for (const part of writeRelayMessage({ kind: 'refused', ...error.toBody() })) socket.write(part);
      socket.end();
    }
  }

  /** Sends a stream to a socket until either ends. */
  #serve(socket: Socket, stream: Relayed): void {
    const sink = new RelaySink(socket, stream, this.#options.maxQueueBytes);
    socket.on('close', () => stream.detach(sink));
    stream.attach(sink);
  }
}
