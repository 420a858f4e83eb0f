import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  IM_CLOSE,
  type ImAnnouncement,
  type ImDown,
  type ImOpening,
  type ImUp,
  LiveError,
  type UserChange,
  visitorIdentity,
} from '@lianmai/contract';
import { type UserClaim, verifyUserToken } from '../../auth/user-token.ts';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import { allowMethods, sendError, sendSocketError } from '../http/errors.ts';
import { clientOf } from '../limits.ts';
import { CLOSE, textFrame } from '../websocket/frame.ts';
import { acceptWebSocket } from '../websocket/handshake.ts';
import { Downlink } from './downlink.ts';
import { ImSocket } from './im-socket.ts';
import { LikeSums, likesOf } from './like-sums.ts';
import { AnswerGroup, PendingCalls, unavailable } from './pending-calls.ts';
import { failure, faultText, type RpcCall, readRpc, resultText } from './rpc.ts';
import { Uplink } from './uplink.ts';

export interface ImServerOptions {
  bus: Bus;
  workerId: string;
  /** Whether who is not logged in may listen. */
  visitors: boolean;
  log: Logger;
  /** Unix time, ms. */
  now: () => number;
  /** A silent client is pinged after the first, and given up after the second. */
  pingAfterMs?: number;
  goneAfterMs?: number;
  /** Every socket is looked at once in ten times this. */
  lookEveryMs?: number;
}

const PING_AFTER_MS = 25_000;
const GONE_AFTER_MS = 70_000;
const LOOK_EVERY_MS = 500;
/** Each look is at every tenth of the sockets. */
const LOOKS = 10;
const LIKES_EVERY_MS = 100;
const NOBODY: ReadonlySet<ImSocket> = new Set();

/**
 * The worker's half of chat: holds the sockets of `/v1/im`, checks who they are and what they send, tells control, and
 * writes what control says. Knows which of its sockets are in which room, nothing of rooms themselves.
 */
export class ImServer {
  readonly #options: ImServerOptions;
  readonly #incarnation = randomBytes(9).toString('base64url');
  readonly #sockets = new Map<number, ImSocket>();
  readonly #rooms = new Map<string, Set<ImSocket>>();
  readonly #pending = new PendingCalls();
  readonly #likes = new LikeSums();
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  #key: string | null = null;
  #lastNumber = 0;
  #look = 0;
  #likesTimer: NodeJS.Timeout | null = null;
  #lookTimer: NodeJS.Timeout | null = null;
  #unsubscribe: Unsubscribe[] = [];

  constructor(options: ImServerOptions) {
    this.#options = options;
    const { bus, workerId } = options;
    this.#uplink = new Uplink({
      bus,
      worker: workerId,
      incarnation: this.#incarnation,
      failed: (items) => this.#refuseAll(items),
      recovered: () => this.#announce(),
    });
    this.#downlink = new Downlink({
      socket: (connection) => this.#sockets.get(connection),
      socketsIn: (roomId) => this.#rooms.get(roomId) ?? NOBODY,
      other: (item) => this.#do(item),
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get delivered(): number {
    return this.#downlink.delivered;
  }

  get dropped(): number {
    return this.#downlink.dropped;
  }

  start(): void {
    const { bus, workerId, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    this.#unsubscribe = [
      bus.subscribe(`worker.im/${workerId}`, ({ items }) => this.#downlink.push(items)),
      bus.subscribe('user.change', (change) => this.#endTokens(change)),
      bus.answer('worker.im-sockets', () => this.#announcement()),
    ];
    this.#lookTimer = setInterval(() => this.#lookAround(), lookEveryMs);
  }

  /** `/v1/im` asked for without an upgrade: tells what is wrong, which a browser's WebSocket cannot see. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    if (!allowMethods(request, response, 'GET')) return;
    await this.#identify(request);
    sendError(response, new LiveError('BAD_REQUEST', 'this address is a WebSocket: see docs/im.md'));
  }

  /** Takes a WebSocket upgrade at `/v1/im`. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const refuse = (error: unknown) => {
      if (!(error instanceof LiveError)) this.#options.log.error({ err: error }, 'a chat connection failed');
      const known = error instanceof LiveError ? error : new LiveError('INTERNAL', 'the server failed at this request');
      sendSocketError(socket, known);
    };
    try {
      const accepted = acceptWebSocket(request);
      const user = this.#identify(request);
      if (!(user instanceof Promise)) return this.#begin(request, socket, head, accepted, user);
      socket.on('error', () => socket.destroy());
      user.then((late) => socket.destroyed || this.#begin(request, socket, head, accepted, late)).catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }

  close(): void {
    if (this.#lookTimer) clearInterval(this.#lookTimer);
    if (this.#likesTimer) clearTimeout(this.#likesTimer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#downlink.close();
    for (const socket of [...this.#sockets.values()]) socket.close(CLOSE.goingAway, 'the server is stopping');
    this.#uplink.close();
  }

  /**
   * At once when the key is known, which it is after the first.
   * @returns null: a visitor.
   * @throws LiveError UNAUTHENTICATED, UNAVAILABLE
   */
  #identify(request: IncomingMessage): UserClaim | null | Promise<UserClaim> {
    const { authorization } = request.headers;
    const token = queryOf(request).get('token') ?? /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined && authorization === undefined && this.#options.visitors) return null;
    if (this.#key !== null) return checkToken(this.#key, token, this.#options.now());
    return this.#options.bus.request('control.user-key', null).then(({ key }) => {
      this.#key = key;
      return checkToken(key, token, this.#options.now());
    });
  }

  #begin(request: IncomingMessage, tcp: Socket, head: Buffer, accepted: Buffer, user: UserClaim | null): void {
    const { now } = this.#options;
    const query = queryOf(request);
    const seq = query.get('seq') ?? '';
    const session = query.get('session') ?? '';
    const ip = clientOf(tcp.remoteAddress ?? '');
    const given = query.get('visitor');
    // All of an address that do not tell who they are, are one.
    const visitor = given !== null || user === null ? visitorName(given ?? ip) : null;
    const socket = new ImSocket(
      tcp,
      {
        number: ++this.#lastNumber,
        identity: user ? { appId: user.appId, userId: user.userId } : visitorIdentity(visitor ?? ''),
        token: user && { generation: user.generation, id: user.tokenId, expiresAtMs: user.expiresAtMs },
        visitor,
        seq: /^\d{1,16}$/.test(seq) ? Math.min(Number(seq), Number.MAX_SAFE_INTEGER) : null,
        lastSession: /^[A-Za-z0-9_-]{1,64}$/.test(session) ? session : null,
        ip,
      },
      this,
      now(),
    );
    this.#sockets.set(socket.number, socket);
    this.#uplink.push({ type: 'open', ...openingOf(socket) });
    socket.begin(accepted, head, now);
  }

  /** A text of a client. */
  text(socket: ImSocket, text: string): void {
    const nowMs = this.#options.now();
    const { batch, parts } = readRpc(text);
    const answered = parts.filter((part) => 'error' in part || part.id !== undefined).length;
    const group = new AnswerGroup(socket, batch, answered);
    for (const part of parts) {
      const rate = socket.rate.take(nowMs);
      if (rate === 'flood') return socket.close(IM_CLOSE.flood, 'too many calls: keep to the limits of docs/im.md');
      if ('error' in part) group.add(faultText(part));
      else if (rate === 'refused') refuseCall(part, group, tooMany());
      else this.#call(socket, part, group, nowMs);
    }
  }

  closed(socket: ImSocket, clean: boolean): void {
    this.#sockets.delete(socket.number);
    for (const roomId of socket.rooms.splice(0)) this.#forget(roomId, socket);
    this.#uplink.push({ type: 'close', connection: socket.number, clean });
  }

  #call(socket: ImSocket, call: RpcCall, group: AnswerGroup, nowMs: number): void {
    const { id, method, params } = call;
    if (method === 'room.send' && this.#like(socket, params)) {
      if (id !== undefined) group.add(resultText(id, '{"id":null}'));
      return;
    }
    if (this.#pending.isFull) return refuseCall(call, group, unavailable());
    const number = id === undefined ? null : this.#pending.add(id, group, nowMs);
    this.#uplink.push({ type: 'call', connection: socket.number, call: number, method, params });
  }

  /** Counts likes here. @returns false when it is something else, or something wrong, which control then says. */
  #like({ rooms, identity, token }: ImSocket, params: unknown): boolean {
    if (token === null) return false;
    const { kind, roomId, body } = params as { kind?: unknown; roomId?: unknown; body?: unknown };
    if (kind !== 'like' || typeof roomId !== 'string' || !rooms.includes(roomId)) return false;
    const count = likesOf(body);
    if (count === null) return false;
    this.#likes.add(roomId, identity.userId, count);
    this.#likesTimer ??= setTimeout(() => {
      this.#likesTimer = null;
      for (const item of this.#likes.take()) this.#uplink.push(item);
    }, LIKES_EVERY_MS);
    return true;
  }

  #do(item: Exclude<ImDown, { type: 'room' | 'send' }>): void {
    switch (item.type) {
      case 'answer':
        return this.#pending.answer(item.call, item.result);
      case 'refusal':
        return this.#pending.refuse(item.call, item.error);
      case 'ready': {
        const socket = this.#sockets.get(item.connection);
        if (!socket) return;
        socket.session = item.session;
        socket.write(textFrame(item.text), false);
        return;
      }
      case 'enter':
        for (const connection of item.connections) this.#enter(item.roomId, this.#sockets.get(connection));
        return;
      case 'leave':
        for (const connection of item.connections) this.#leave(item.roomId, this.#sockets.get(connection));
        return;
      case 'close':
        for (const connection of item.connections) this.#sockets.get(connection)?.close(item.code, item.reason);
        return;
      case 'announce':
        return this.#announce();
    }
  }

  #enter(roomId: string, socket: ImSocket | undefined): void {
    if (!socket || socket.rooms.includes(roomId)) return;
    socket.rooms.push(roomId);
    const sockets = this.#rooms.get(roomId) ?? new Set();
    this.#rooms.set(roomId, sockets.add(socket));
  }

  #leave(roomId: string, socket: ImSocket | undefined): void {
    const index = socket?.rooms.indexOf(roomId) ?? -1;
    if (!socket || index < 0) return;
    socket.rooms.splice(index, 1);
    this.#forget(roomId, socket);
  }

  #forget(roomId: string, socket: ImSocket): void {
    const sockets = this.#rooms.get(roomId);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#rooms.delete(roomId);
  }

  #announcement(): ImAnnouncement {
    const connections = [...this.#sockets.values()].map((socket) => ({
      ...openingOf(socket),
      session: socket.session,
      rooms: [...socket.rooms],
    }));
    return { worker: this.#options.workerId, incarnation: this.#incarnation, connections };
  }

  #announce(): void {
    this.#options.bus.request('control.im-sockets', this.#announcement()).catch((error: unknown) => {
      this.#options.log.debug(
        { err: error },
        'control does not take the chat sockets: it asks for them when it is back',
      );
    });
  }

  #refuseAll(items: readonly ImUp[]): void {
    for (const item of items)
      if (item.type === 'call' && item.call !== null) this.#pending.refuse(item.call, unavailable());
  }

  #endTokens({ appId, userId, generation, loggedOut }: UserChange): void {
    for (const socket of this.#sockets.values()) {
      const { identity, token } = socket;
      if (token === null || identity.userId !== userId || identity.appId !== appId) continue;
      if (token.generation < generation || token.id === loggedOut)
        socket.close(IM_CLOSE.unauthenticated, 'logged out: log in again');
    }
  }

  /** The sockets' own doing: who is silent, whose token is over. */
  #lookAround(): void {
    const { now, pingAfterMs = PING_AFTER_MS, goneAfterMs = GONE_AFTER_MS } = this.#options;
    const nowMs = now();
    this.#pending.sweep(nowMs);
    this.#look = (this.#look + 1) % LOOKS;
    for (const socket of this.#sockets.values()) {
      if (socket.number % LOOKS !== this.#look) continue;
      if (socket.token !== null && socket.token.expiresAtMs <= nowMs)
        socket.close(IM_CLOSE.unauthenticated, 'the token has expired: log in again');
      else socket.checkLife(nowMs, pingAfterMs, goneAfterMs);
    }
  }
}

function refuseCall({ id }: RpcCall, group: AnswerGroup, error: Parameters<typeof failure>[1]): void {
  if (id !== undefined) group.add(faultText(failure(id, error)));
}

const tooMany = () => new LiveError('RATE_LIMITED', 'too many calls: 20 a second at most').toBody().error;

const queryOf = ({ url = '' }: IncomingMessage): URLSearchParams =>
  new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');

/** @throws LiveError UNAUTHENTICATED */
function checkToken(key: string, token: string | null | undefined, nowMs: number): UserClaim {
  const { verdict, user } = verifyUserToken(key, token, nowMs);
  if (verdict === 'ok') return user;
  const why = {
    missing: 'give a token: /v1/im?token=…',
    wrong: 'the token is not one of this server',
    expired: 'the token has expired',
  };
  throw new LiveError('UNAUTHENTICATED', `${why[verdict]}: log in for a new one`);
}

/** What a visitor is known by here: not what its browser keeps. */
const visitorName = (given: string): string =>
  createHash('sha256').update(`lianmai visitor\n${given}`).digest('base64url').slice(0, 22);

const openingOf = ({ number, identity, token, visitor, seq, lastSession, ip }: ImSocket): ImOpening => ({
  connection: number,
  identity,
  token: token && { generation: token.generation, id: token.id },
  visitor,
  seq,
  lastSession,
  ip,
});
