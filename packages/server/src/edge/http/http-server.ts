import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { ConnectionLimits } from '../limits.ts';
import { parserError, sendSocketError } from './errors.ts';

export interface HttpHandlers {
  handle(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

export interface HttpServerOptions {
  settings: Pick<Settings, 'host' | 'httpPort' | 'httpsPort' | 'handshakeTimeoutMs'>;
  /** PEM texts; null leaves HTTPS closed. */
  tls: { cert: Buffer; key: Buffer } | null;
  limits: ConnectionLimits;
  handlers: HttpHandlers;
  log: Logger;
}

const MAX_HEAD_BYTES = 16 << 10;
const MAX_HEADERS = 100;
const KEEP_ALIVE_MS = 65_000; // longer than the usual load balancer's 60 s, so that it closes first

/** The worker's HTTP and HTTPS ports, shared with the other workers; bounded in time, size and count. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #servers: { server: Server; port: number }[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { settings, tls } = options;
    const common = {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: settings.handshakeTimeoutMs,
      requestTimeout: settings.handshakeTimeoutMs * 3,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.max(500, Math.floor(settings.handshakeTimeoutMs / 4)),
      noDelay: true,
    };
    this.#add(createServer(common), settings.httpPort, 'connection');
    if (tls)
      this.#add(
        createTlsServer({ ...common, ...tls, handshakeTimeout: settings.handshakeTimeoutMs }),
        settings.httpsPort,
        'secureConnection',
      );
  }

  async listen(): Promise<void> {
    const { host } = this.#options.settings;
    for (const { server, port } of this.#servers)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, reusePort: process.platform === 'linux', backlog: 4096 }, () => {
          server.off('error', reject);
          resolve();
        });
      });
  }

  /** Stops listening and lets running requests finish; connections that are still there after `graceMs` are closed. */
  async close(graceMs: number): Promise<void> {
    const closed = this.#servers.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const { server } of this.#servers) server.closeIdleConnections();
    const force = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(force);
  }

  #add(server: Server, port: number, connectionEvent: 'connection' | 'secureConnection'): void {
    const { handlers } = this.#options;
    server.maxHeadersCount = MAX_HEADERS;
    server.on(connectionEvent, (socket: Socket) => this.#admit(socket));
    server.on('request', handlers.handle);
    server.on('upgrade', handlers.upgrade);
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuse(error, socket as Socket));
    this.#servers.push({ server, port });
  }

  #admit(socket: Socket): void {
    const { limits, log } = this.#options;
    const ip = socket.remoteAddress ?? '';
    if (!limits.admit(ip)) {
      log.debug({ ip }, 'connection refused: too many');
      return void socket.destroy();
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      limits.release(ip);
    });
  }

  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET') return void socket.destroy();
    this.#options.log.debug({ ip: socket.remoteAddress, code: error.code }, 'request refused');
    sendSocketError(socket, parserError(error.code));
  }
}
