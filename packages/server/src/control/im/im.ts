import { randomBytes } from 'node:crypto';
import { type ImIdentity, type ImPriority, LiveError } from '@lianmai/contract';
import { IM_METHODS } from '@lianmai/contract/im';
import type { Logger } from 'pino';
import type { TObject } from 'typebox';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Db } from '../../store/store.ts';
import { type AnsweredCall, Answers } from './answers.ts';
import type { Connection } from './connection.ts';
import type {
  Gifts,
  GiftWriter,
  ImCaller,
  ImDesk,
  ImMethod,
  ImPresence,
  ImRight,
  Likes,
  SignalOptions,
} from './desk.ts';
import { Listeners } from './listeners.ts';
import { Methods } from './methods.ts';
import { eventText } from './outbox.ts';
import type { ImRooms, ImUsers } from './ports.ts';
import { Reception } from './reception.ts';
import { roomMethods } from './room-methods.ts';
import { Rooms } from './rooms.ts';
import { SeqClock } from './seq-clock.ts';
import { Sessions, userKey } from './sessions.ts';
import { Signals } from './signals.ts';
import { forgetClosedChat, forgetOldSanctions, lastSeq } from './store.ts';
import { Workers } from './workers.ts';

export interface ImOptions {
  db: Db;
  bus: Bus;
  users: ImUsers;
  rooms: ImRooms;
  /** Who is not logged in and counts as a viewer of a room, of one address. */
  visitorsPerAddress: number;
  now: () => number;
  log: Logger;
}

const TICK_MS = 250;
/** Who was there is written down so often, and what could not be written before. */
const SAVE_MS = 3000;
const SWEEP_MS = 60_000;
const SIGNAL_MS = 10_000;
const CLOSED_CHAT_KEPT_MS = 3_600_000;

/**
 * Control's half of chat: knows every connection, who is in which room, and what may be said there; says to each media
 * worker, in one ordered stream, what it is to write to its sockets.
 */
export class Im implements ImDesk {
  readonly rooms: Rooms;
  readonly #options: ImOptions;
  readonly #sessions = new Sessions();
  readonly #signals = new Signals();
  readonly #methods = new Methods((caller, right, roomId) => this.#checkRight(caller, right, roomId));
  readonly #answers: Answers;
  readonly #reception: Reception;
  readonly #workers: Workers;
  readonly #presence: Listeners<ImPresence>;
  readonly #likes: Listeners<Likes>;
  readonly #giftWriters: GiftWriter[] = [];
  #seq: SeqClock;
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #closed = false;

  constructor(options: ImOptions) {
    const { now, log, bus } = options;
    this.#options = options;
    this.#answers = new Answers(log);
    this.#presence = new Listeners(log);
    this.#likes = new Listeners(log);
    this.#seq = new SeqClock(now, 0);
    const seq = () => this.#seq;
    this.rooms = new Rooms({
      ...options,
      seq,
      presence: (change) => this.#presence.tell(change),
      likes: (likes) => this.#likes.tell(likes),
      writeGifts: (tx, gifts) => this.#writeGifts(tx, gifts),
    });
    const own = { rooms: this.rooms, sessions: this.#sessions, signals: this.#signals, answers: this.#answers };
    this.#reception = new Reception({ ...own, users: options.users, seq, now, log });
    this.#workers = new Workers({
      ...own,
      bus,
      reception: this.#reception,
      call: (connection, to, method, params) => this.#call(connection, to, method, params),
    });
    const connection = (id: string) => this.#reception.find(id);
    for (const method of roomMethods({ rooms: this.rooms, now, connection })) this.#methods.define(method);
    this.#defineOwn();
  }

  async start(): Promise<void> {
    const { bus, db, now } = this.#options;
    this.#seq = new SeqClock(now, await lastSeq(db));
    this.#unsubscribe = [
      bus.subscribe('room.event', (event) => void this.rooms.heard(event)),
      bus.subscribe('user.change', (user) => void this.#reception.renew(user)),
    ];
    await this.#workers.start();
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => void this.rooms.save(), SAVE_MS),
      setInterval(() => void this.#sweep(), SWEEP_MS),
    ];
  }

  define<P extends TObject>(method: ImMethod<P>): void {
    this.#methods.define(method);
  }

  signal(user: ImIdentity, event: string, params: object, options: SignalOptions = {}): string {
    const { ttlMs = SIGNAL_MS, signalId = randomBytes(9).toString('base64url') } = options;
    const seq = this.#seq.next();
    const text = eventText(event, { seq, signalId, ...params });
    if (!this.#signals.add(userKey(user), { signalId, seq, text, untilMs: this.#options.now() + ttlMs }))
      return signalId;
    for (const { worker, number } of this.#sessions.connectionsOf(user))
      worker.push({ type: 'send', connections: [number], text });
    return signalId;
  }

  broadcast(roomId: string, event: string, params: object, priority: ImPriority): void {
    this.rooms.here(roomId)?.tell(event, params, priority, this.#options.now());
  }

  isOnline(user: ImIdentity): boolean {
    return this.#sessions.connectionsOf(user).size > 0;
  }

  isInRoom(roomId: string, userId: string): boolean {
    return this.rooms.here(roomId)?.crowd.get(userId) !== undefined;
  }

  onPresence(listener: (change: ImPresence) => void): Unsubscribe {
    return this.#presence.add(listener);
  }

  onLikes(listener: (likes: Likes) => void): Unsubscribe {
    return this.#likes.add(listener);
  }

  withGifts(write: GiftWriter): void {
    this.#giftWriters.push(write);
  }

  /** Writes what is not written yet. Sockets stay: the next control finds them. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#workers.deafen();
    await this.#reception.settled();
    await this.rooms.close();
    await this.#answers.settled();
    this.#workers.close();
  }

  async #call(connection: Connection, to: AnsweredCall, method: string, params: unknown): Promise<void> {
    try {
      const { identity, isVisitor, id: connectionId } = connection;
      this.#answers.give(to, await this.#methods.call({ ...identity, connectionId, isVisitor }, method, params));
    } catch (error) {
      this.#answers.refuse(to, error, method);
    }
  }

  async #checkRight({ appId, userId, connectionId }: ImCaller, right: ImRight, roomId: string): Promise<void> {
    const room = await this.rooms.open(roomId, appId);
    if (right === 'member') {
      if (!this.#reception.find(connectionId).rooms.has(roomId))
        throw new LiveError('NOT_IN_ROOM', 'you are not in this room: enter it first');
      return;
    }
    const role = room.floor.roleOf(userId);
    if (role === 'anchor' || (right === 'moderator' && role === 'moderator')) return;
    throw new LiveError('FORBIDDEN', `this takes the room's anchor${right === 'moderator' ? ' or a moderator' : ''}`);
  }

  #defineOwn(): void {
    const { now } = this.#options;
    this.#methods.define({
      name: 'im.ack',
      params: IM_METHODS['im.ack'].params,
      who: 'user',
      handler: (caller, { signalIds }) => this.#signals.acknowledge(userKey(caller), signalIds),
    });
    this.#methods.define({
      name: 'im.ping',
      params: IM_METHODS['im.ping'].params,
      who: 'user',
      visitors: true,
      handler: () => ({ at: new Date(now()).toISOString() }),
    });
  }

  async #writeGifts(tx: Db, gifts: readonly Gifts[]): Promise<() => void> {
    const written: (() => void)[] = [];
    for (const write of this.#giftWriters) written.push(await write(tx, gifts));
    return () => {
      for (const done of written) done();
    };
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.rooms.tick(nowMs);
    for (const { appId, userId } of this.#reception.takeGone(nowMs))
      this.#presence.tell({ type: 'gone', appId, userId });
  }

  async #sweep(): Promise<void> {
    const { now, db, log } = this.#options;
    const nowMs = now();
    this.#signals.sweep(nowMs);
    this.#sessions.sweep(nowMs);
    this.rooms.sweep(nowMs);
    await this.rooms.checkVisitors();
    try {
      await forgetOldSanctions(db, nowMs);
      await forgetClosedChat(db, nowMs - CLOSED_CHAT_KEPT_MS);
    } catch (error) {
      log.warn({ err: error }, 'old chat is still there');
    }
  }
}
