import { IM_CLOSE, type ImError } from '@lianmai/contract';
import type { ImEvent, ImEventName, ImMethodName, ImParams, ImResult } from '@lianmai/contract/im';
import { Backoff } from './backoff.ts';
import { ImFailure } from './im-failure.ts';
import { Seen } from './seen.ts';

/**
 * `connecting`: for the first time, or again after a break; calls wait. `online`: calls go out at once. `offline`: the
 * browser has no network. `unauthenticated`: the token is not good any more, log in again. `closed`: by {@link ImClient.close}.
 */
export type ImState = 'connecting' | 'online' | 'offline' | 'unauthenticated' | 'closed';

export interface ImClientOptions {
  /** Of the server: `https://live.example.org`. Default: the page's own. */
  server?: string;
  /**
   * A user's token, or who gives the newest one at each connection. Without: a visitor, who enters rooms, hears what is said
   * there, and may do nothing else.
   */
  token?: string | (() => string | Promise<string>);
  /** The browser's own, kept by it: a name by chance, so that it is counted as one viewer, in whatever tabs, logged in or not. */
  visitor?: string;
  /** How long a call waits for its answer, the time without a connection included; default 10 s. */
  timeoutMs?: number;
}

/** What a client says besides the server's events. */
interface OwnEvents {
  state: ImState;
  /** What was missed cannot be had any more: rooms were entered anew, what is shown of them is to be drawn anew. */
  reload: { rooms: { roomId: string; entered: ImResult<'room.enter'> }[] };
}

type EventMap = { [E in ImEventName]: ImEvent<E> } & OwnEvents;

interface Call {
  id: number;
  text: string;
  sent: boolean;
  resolve(result: unknown): void;
  reject(error: ImFailure): void;
  timer: ReturnType<typeof setTimeout>;
}

const TIMEOUT_MS = 10_000;
const ACK_AFTER_MS = 50;

/**
 * A connection to the chat WebSocket that looks after itself: it reconnects with the last `seq` and its session, enters
 * its rooms again when the server does not know them any more, drops what comes twice, and acknowledges signals.
 */
export class ImClient {
  readonly #options: ImClientOptions;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  readonly #calls = new Map<number, Call>();
  readonly #rooms = new Set<string>();
  readonly #seen = new Seen();
  readonly #backoff = new Backoff();
  #state: ImState = 'closed';
  #socket: WebSocket | null = null;
  #session: string | null = null;
  #userId: string | null = null;
  #reconnect: ReturnType<typeof setTimeout> | null = null;
  #acks: string[] = [];
  #ackTimer: ReturnType<typeof setTimeout> | null = null;
  #lastId = 0;
  /** Tells a connection's late words from those of the one after it. */
  #attempt = 0;

  constructor(options: ImClientOptions) {
    this.#options = options;
  }

  get state(): ImState {
    return this.#state;
  }

  /** Begins to connect, and goes on until {@link close}. */
  connect(): void {
    if (this.#state !== 'closed' && this.#state !== 'unauthenticated') return;
    globalThis.addEventListener?.('online', this.#online);
    globalThis.addEventListener?.('offline', this.#offline);
    this.#backoff.reset();
    void this.#open();
  }

  /** Ends the connection and all calls. Nothing comes after it; {@link connect} begins anew. */
  close(): void {
    if (this.#state === 'closed') return;
    globalThis.removeEventListener?.('online', this.#online);
    globalThis.removeEventListener?.('offline', this.#offline);
    this.#drop(1000);
    this.#fail('OFFLINE', 'the connection was closed');
    this.#rooms.clear();
    this.#setState('closed');
  }

  /**
   * Calls a method and gives its result. Without a connection the call waits for one.
   * @throws ImFailure the server's error, OFFLINE, or TIMED_OUT: then it may have happened all the same.
   */
  async call<M extends ImMethodName>(method: M, params: ImParams<M>): Promise<ImResult<M>> {
    if (this.#state === 'closed' || this.#state === 'unauthenticated')
      throw new ImFailure('OFFLINE', 'there is no connection: connect first');
    const result = await this.#request<ImResult<M>>(method, params);
    const roomId = (params as { roomId?: string }).roomId;
    if (method === 'room.enter' && roomId !== undefined) this.#entered(roomId, result as ImResult<'room.enter'>);
    if (method === 'room.leave' && roomId !== undefined) this.#left(roomId);
    return result;
  }

  /** Listens to an event of the server, or to the client's own `state` and `reload`. @returns what stops it. */
  on<E extends keyof EventMap>(event: E, listener: (value: EventMap[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener as (value: never) => void));
    return () => void listeners.delete(listener as (value: never) => void);
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt;
    if (globalThis.navigator?.onLine === false) return this.#setState('offline');
    this.#setState('connecting');
    try {
      const { token } = this.#options;
      const value = typeof token === 'function' ? await token() : token;
      if (attempt !== this.#attempt) return;
      const address = this.#address(value);
      const socket = new WebSocket(address.replace(/^http/, 'ws'));
      this.#socket = socket;
      let opened = false;
      socket.onopen = () => {
        opened = true;
      };
      socket.onmessage = ({ data }) => {
        if (attempt === this.#attempt) this.#hear(String(data));
      };
      socket.onclose = ({ code }) => {
        if (attempt === this.#attempt) void this.#broken(code, opened ? null : address);
      };
    } catch {
      if (attempt === this.#attempt) this.#again();
    }
  }

  #address(token: string | undefined): string {
    const { server, visitor } = this.#options;
    const url = new URL('/v1/im', server ?? globalThis.location?.href);
    if (token !== undefined) url.searchParams.set('token', token);
    if (visitor !== undefined) url.searchParams.set('visitor', visitor);
    if (this.#seen.last !== null) url.searchParams.set('seq', String(this.#seen.last));
    if (this.#session !== null) url.searchParams.set('session', this.#session);
    return url.href;
  }

  /** @param refusedAt where the server did not even open a WebSocket; null: it did. */
  async #broken(code: number, refusedAt: string | null): Promise<void> {
    const attempt = this.#attempt;
    this.#socket = null;
    // A browser does not tell why: the same address, asked for plainly, does.
    const isRefused = refusedAt !== null && (await isUnauthenticated(refusedAt));
    if (attempt !== this.#attempt) return;
    if (isRefused || code === IM_CLOSE.unauthenticated) {
      this.#attempt += 1;
      this.#fail('UNAUTHENTICATED', 'log in again');
      return this.#setState('unauthenticated');
    }
    this.#again();
  }

  #again(): void {
    // What was sent may have been heard: asking again could say it twice.
    for (const call of this.#calls.values())
      if (call.sent) this.#settle(call, new ImFailure('OFFLINE', 'the connection broke before the answer came'));
    if (globalThis.navigator?.onLine === false) return this.#setState('offline');
    this.#setState('connecting');
    this.#reconnect = setTimeout(() => void this.#open(), this.#backoff.nextMs());
  }

  /** Forgets the connection, and every try for one. */
  #drop(code?: number): void {
    this.#attempt += 1;
    if (this.#reconnect !== null) clearTimeout(this.#reconnect);
    if (this.#ackTimer !== null) clearTimeout(this.#ackTimer);
    this.#reconnect = null;
    this.#ackTimer = null;
    this.#acks = [];
    this.#socket?.close(code);
    this.#socket = null;
  }

  readonly #online = (): void => {
    if (this.#state !== 'offline' && this.#state !== 'connecting') return;
    this.#drop();
    this.#backoff.reset();
    void this.#open();
  };

  readonly #offline = (): void => {
    if (this.#state === 'closed' || this.#state === 'unauthenticated') return;
    this.#drop();
    this.#again();
  };

  #request<R>(method: string, params: object): Promise<R> {
    const id = ++this.#lastId;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    return new Promise<R>((resolve, reject) => {
      const { timeoutMs = TIMEOUT_MS } = this.#options;
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new ImFailure('TIMED_OUT', `${method} was not answered in time`));
      }, timeoutMs);
      const call: Call = { id, text, sent: false, resolve: resolve as (result: unknown) => void, reject, timer };
      this.#calls.set(id, call);
      if (this.#state === 'online' || method === 'room.enter') this.#send(call);
    });
  }

  #send(call: Call): void {
    if (this.#socket?.readyState !== 1) return;
    call.sent = true;
    this.#socket.send(call.text);
  }

  #hear(text: string): void {
    const value: unknown = JSON.parse(text);
    for (const message of Array.isArray(value) ? value : [value]) this.#take(message as Message);
  }

  #take({ id, method, params = {}, result, error }: Message): void {
    if (method === undefined) {
      const call = this.#calls.get(id ?? -1);
      if (call) this.#settle(call, error ? ImFailure.of(error.data) : { result });
      return;
    }
    if (method === 'im.ready') return void this.#ready(params as ImEvent<'im.ready'>);
    const { signalId, roomId } = params as { signalId?: string; roomId?: string };
    if (signalId !== undefined) this.#acknowledge(signalId);
    if (!this.#seen.take(params)) return;
    const isOut = method === 'room.kicked' && (params as ImEvent<'room.kicked'>).userId === this.#userId;
    if (roomId !== undefined && (isOut || method === 'room.closed')) this.#rooms.delete(roomId);
    this.#emit(method, params);
  }

  async #ready(ready: ImEvent<'im.ready'>): Promise<void> {
    const attempt = this.#attempt;
    const isFirst = this.#session === null;
    this.#session = ready.session;
    this.#userId = ready.user?.userId ?? null;
    this.#seen.take({ seq: ready.seq });
    this.#backoff.reset();
    const lost = [...this.#rooms].filter((roomId) => ready.reload || !ready.rooms.includes(roomId));
    const rooms: OwnEvents['reload']['rooms'] = [];
    for (const roomId of lost) {
      try {
        const entered = await this.#request<ImResult<'room.enter'>>('room.enter', { roomId });
        this.#entered(roomId, entered);
        rooms.push({ roomId, entered });
      } catch {
        if (attempt !== this.#attempt) return;
        // Closed, or not to be entered any more: who shows it hears so by its next call.
        this.#left(roomId);
      }
    }
    if (attempt !== this.#attempt) return;
    this.#setState('online');
    this.#emit('im.ready', ready);
    if (rooms.length > 0 && !isFirst) this.#emit('reload', { rooms });
    for (const call of this.#calls.values()) if (!call.sent) this.#send(call);
  }

  #entered(roomId: string, { seq }: ImResult<'room.enter'>): void {
    this.#rooms.add(roomId);
    this.#seen.reset(roomId, seq);
  }

  #left(roomId: string): void {
    this.#rooms.delete(roomId);
    this.#seen.forget(roomId);
  }

  /** Several that come together are acknowledged together. */
  #acknowledge(signalId: string): void {
    this.#acks.push(signalId);
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = null;
      const signalIds = this.#acks.splice(0);
      if (this.#socket?.readyState === 1)
        this.#socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'im.ack', params: { signalIds } }));
    }, ACK_AFTER_MS);
  }

  #settle(call: Call, outcome: ImFailure | { result: unknown }): void {
    clearTimeout(call.timer);
    this.#calls.delete(call.id);
    if (outcome instanceof ImFailure) call.reject(outcome);
    else call.resolve(outcome.result);
  }

  #fail(name: ImFailure['name'], message: string): void {
    for (const call of [...this.#calls.values()]) this.#settle(call, new ImFailure(name, message));
  }

  #setState(state: ImState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#emit('state', state);
  }

  #emit(event: string, value: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) (listener as (value: unknown) => void)(value);
  }
}

interface Message {
  id?: number | null;
  method?: string;
  params?: object;
  result?: unknown;
  error?: ImError;
}

async function isUnauthenticated(address: string): Promise<boolean> {
  try {
    return (await fetch(address)).status === 401;
  } catch {
    return false;
  }
}
