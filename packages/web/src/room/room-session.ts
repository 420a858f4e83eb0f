import type { ImMethodName, ImParams, ImResult } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import { ImClient, ImFailure, type ImState } from '@lianmai/sdk/im';
import { advance, emptyRoom, isBattling, type RoomAction, type RoomEvent, type RoomState } from './room-state.ts';

export interface RoomSessionOptions {
  roomId: string;
  /** null: nobody is logged in; one hears, and may not speak. */
  user: { userId: string; token: string } | null;
  /** Of this browser, so that it counts once, logged in or not. */
  visitor: string;
  /** The token is worth nothing any more; a visitor is not let in. */
  unauthenticated(): void;
}

const EVENTS = [
  'room.message',
  'room.joined',
  'room.left',
  'room.stats',
  'room.changed',
  'room.muted',
  'room.role',
  'room.kicked',
  'room.closed',
  'stream.state',
  'cohost.requested',
  'cohost.invited',
  'cohost.answered',
  'cohost.started',
  'cohost.ended',
  'cohost.layout',
  'cohost.mix',
  'pk.invited',
  'pk.answered',
  'pk.started',
  'pk.score',
  'pk.punishment',
  'pk.ended',
] as const satisfies readonly RoomEvent['name'][];

const RETRY_MS = 3_000;

/** One's presence in one room, over the chat WebSocket: what is known of it, and what one does there. */
export class RoomSession {
  readonly #options: RoomSessionOptions;
  readonly #client: ImClient;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: RoomEvent) => void>();
  #state: RoomState;
  #link: ImState = 'connecting';
  #retry: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(options: RoomSessionOptions) {
    this.#options = options;
    const { user, visitor } = options;
    this.#state = emptyRoom(user?.userId ?? '');
    this.#client = new ImClient({ visitor, ...(user && { token: user.token }) });
    for (const name of EVENTS) this.#client.on(name, (params) => this.#heard({ name, params } as RoomEvent));
    this.#client.on('conference.member', () => void this.#refreshJoin());
    this.#client.on('im.ready', () => void this.#refresh());
    this.#client.on('reload', ({ rooms }) => {
      for (const { entered } of rooms) this.#do({ type: 'entered', entered });
    });
    this.#client.on('state', (link) => this.#linkIs(link));
    this.#client.connect();
    void this.#enter();
  }

  get state(): RoomState {
    return this.#state;
  }

  get link(): ImState {
    return this.#link;
  }

  /** Nobody is logged in. */
  get isVisitor(): boolean {
    return this.#options.user === null;
  }

  get roomId(): string {
    return this.#options.roomId;
  }

  /** Tells of every change of {@link state} and {@link link}. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of each event as it comes, after the state has it. */
  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** @throws ImFailure */
  call<M extends ImMethodName>(method: M, params: ImParams<M>): Promise<ImResult<M>> {
    return this.#client.call(method, params);
  }

  /** @returns null when it went well, else why it did not. */
  async try<M extends ImMethodName>(method: M, params: ImParams<M>): Promise<ImFailure | null> {
    try {
      await this.call(method, params);
      return null;
    } catch (error) {
      return error instanceof ImFailure ? error : new ImFailure('INTERNAL', String(error));
    }
  }

  /** What one did oneself, and no event tells. */
  do(action: Exclude<RoomAction, { type: 'event' }>): void {
    this.#do(action);
  }

  /** How to take part in what is on air, as it is now; null: one does not, or that cannot be asked. */
  async freshJoin(): Promise<ConferenceJoin | null> {
    await this.#refreshJoin();
    return this.#state.join;
  }

  /** Shows likes at once, and sends them. */
  like(count: number): void {
    void this.try('room.send', { roomId: this.roomId, kind: 'like', body: { count } });
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#listeners.clear();
    this.#eventListeners.clear();
    this.#client.close();
  }

  async #enter(): Promise<void> {
    const { roomId } = this.#options;
    try {
      this.#do({ type: 'entered', entered: await this.#client.call('room.enter', { roomId }) });
      await this.#refresh();
    } catch (error) {
      if (this.#closed) return;
      const name = error instanceof ImFailure ? error.name : 'INTERNAL';
      if (name === 'BANNED') return this.#do({ type: 'out' });
      // A room for those who are logged in.
      if (name === 'UNAUTHENTICATED' && this.isVisitor) return this.#options.unauthenticated();
      if (name === 'ROOM_NOT_FOUND' || name === 'ROOM_CLOSED') return this.#do({ type: 'closed' });
      this.#retry = setTimeout(() => void this.#enter(), RETRY_MS);
    }
  }

  /** What is going on beside the chat: events may have been missed. */
  async #refresh(): Promise<void> {
    if (this.#state.room === null || this.#state.isOut || this.#state.closed) return;
    const { roomId } = this.#options;
    try {
      const { session } = await this.#client.call('pk.current', { roomId });
      this.#do({ type: 'battle', session });
      this.#do({ type: 'talks', list: await this.#client.call('cohost.list', { roomId }) });
      if (isBattling(session) && this.#state.role === 'anchor') await this.#refreshJoin();
    } catch {
      // Asked again when the connection is back.
    }
  }

  /** Who is on air, and where they are played. */
  async #refreshJoin(): Promise<void> {
    const { pk } = this.#state;
    try {
      if (isBattling(pk)) {
        const { conference } = await this.#client.call('pk.join', { sessionId: pk.id });
        return this.#do({ type: 'admitted', join: conference });
      }
      this.#do({ type: 'talks', list: await this.#client.call('cohost.list', { roomId: this.roomId }) });
    } catch {
      // The next event, or the next connection, brings it up again.
    }
  }

  #heard(event: RoomEvent): void {
    if ('roomId' in event.params && event.params.roomId !== this.roomId) return;
    this.#do({ type: 'event', ...event });
    for (const listener of [...this.#eventListeners]) listener(event);
  }

  #linkIs(link: ImState): void {
    this.#link = link;
    if (link === 'unauthenticated') this.#options.unauthenticated();
    this.#publish();
  }

  #do(action: RoomAction): void {
    if (this.#closed) return;
    const next = advance(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    this.#publish();
  }

  #publish(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
