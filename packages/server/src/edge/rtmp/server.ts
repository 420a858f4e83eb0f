import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Settings } from '../../settings/settings.ts';
import type { ConnectionLimits } from '../limits.ts';
import { RtmpSession, type RtmpSessionOptions } from './session.ts';

export interface RtmpServerOptions extends RtmpSessionOptions {
  settings: Pick<Settings, 'host' | 'rtmpPort' | 'rtmpsPort' | 'handshakeTimeoutMs' | 'maxMessageBytes'>;
  /** PEM texts; null leaves RTMPS closed. */
  tls: { cert: Buffer; key: Buffer } | null;
  limits: ConnectionLimits;
}

/** A publisher silent for one to two of these is pinged, and has time to answer before the hub takes it for gone. */
const TICK_MS = 500;
const KEEP_ALIVE_MS = 30_000;
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

/** The worker's RTMP and RTMPS ports, shared with the other workers. */
export class RtmpServer {
  readonly #options: RtmpServerOptions;
  readonly #rtmp: Server;
  readonly #rtmps: Server | null;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<RtmpSession>();
  #ticking: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: RtmpServerOptions) {
    this.#options = options;
    this.#rtmp = createServer(SOCKET_OPTIONS, (socket) => {
      if (this.#admit(socket)) this.#open(socket, false);
    });
    this.#rtmps = options.tls === null ? null : this.#createTlsServer(options.tls);
  }

  /** Connections with a session. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Ports listened on, which differ from the settings when those are 0. */
  get ports(): { rtmp: number; rtmps: number | null } {
    return { rtmp: portOf(this.#rtmp), rtmps: this.#rtmps && portOf(this.#rtmps) };
  }

  async listen(): Promise<void> {
    const { rtmpPort, rtmpsPort } = this.#options.settings;
    await this.#listen(this.#rtmp, rtmpPort);
    if (this.#rtmps !== null) await this.#listen(this.#rtmps, rtmpsPort);
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
  }

  /** Stops listening and says goodbye to everyone; connections that are still there after `graceMs` are destroyed. Idempotent. */
  close(graceMs = 2000): Promise<void> {
    this.#closing ??= this.#drain(graceMs);
    return this.#closing;
  }

  async #drain(graceMs: number): Promise<void> {
    if (this.#ticking !== null) clearInterval(this.#ticking);
    const servers = this.#rtmps === null ? [this.#rtmp] : [this.#rtmp, this.#rtmps];
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // A server counts its connections as gone before their sockets have told so.
    for (const socket of this.#sockets) closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
    for (const session of this.#sessions) session.shutdown();
    const force = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(force);
  }

  #listen(server: Server, port: number): Promise<void> {
    const { host } = this.#options.settings;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, reusePort: process.platform === 'linux', backlog: 4096 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  /** Counts TLS connections from their first byte on, so that unfinished handshakes count too. */
  #createTlsServer(tls: { cert: Buffer; key: Buffer }): Server {
    const { handshakeTimeoutMs } = this.#options.settings;
    const server = createTlsServer({ ...SOCKET_OPTIONS, ...tls, handshakeTimeout: handshakeTimeoutMs });
    server.prependListener('connection', (socket: Socket) => this.#admit(socket));
    server.on('secureConnection', (socket) => this.#open(socket, true));
    server.on('tlsClientError', (error, socket) => {
      this.#options.log.debug({ ip: socket.remoteAddress, code: (error as NodeJS.ErrnoException).code }, 'tls failed');
      socket.destroy();
    });
    return server;
  }

  #admit(socket: Socket): boolean {
    const { limits, log } = this.#options;
    const ip = socket.remoteAddress ?? '';
    if (!limits.admit(ip)) {
      log.debug({ ip }, 'connection refused: too many');
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      limits.release(ip);
    });
    return true;
  }

  #open(socket: Socket, secure: boolean): void {
    const session = new RtmpSession(socket, secure, this.#options);
    this.#sessions.add(session);
    socket.once('close', () => this.#sessions.delete(session));
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const session of this.#sessions) session.tick(nowMs);
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
