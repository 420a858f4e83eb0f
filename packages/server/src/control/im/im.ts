import { randomBytes } from 'node:crypto';
import {
  IM_CLOSE,
  type ImAnnouncement,
  type ImConnection,
  type ImIdentity,
  type ImOpening,
  type ImPriority,
  type ImReport,
  type ImUp,
  LiveError,
  leases,
  visitorIdentity,
} from '@lianmai/contract';
import { IM_METHODS } from '@lianmai/contract/im';
import type { Logger } from 'pino';
import type { TObject } from 'typebox';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Db } from '../../store/store.ts';
import { type AnsweredCall, Answers } from './answers.ts';
import { type Connection, WorkerLink } from './connection.ts';
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
import { roomMethods } from './room-methods.ts';
import { Rooms } from './rooms.ts';
import { SeqClock } from './seq-clock.ts';
import { Sessions, userKey } from './sessions.ts';
import { Signals } from './signals.ts';
import { forgetClosedChat, lastSeq } from './store.ts';

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
/** A user that said goodbye, or whose connection broke, stays in its rooms for so long: a page may only be loading anew. */
const LEAVES_AFTER_CLEAN_MS = 5000;
const LEAVES_AFTER_MS = 10_000;
/** And is gone altogether. */
const GONE_AFTER_MS = 15_000;
const SIGNAL_MS = 10_000;
const CLOSED_CHAT_KEPT_MS = 3_600_000;
/** Tabs and devices of one user; more is not somebody who watches. */
const MOST_CONNECTIONS = 50;
/** Calls of one connection that wait for the one before. */
const MOST_WAITING = 100;

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
  readonly #connections = new Map<string, Connection>();
  /** What is still to be done for a connection, one thing after the other. */
  readonly #queues = new Map<Connection, { tail: Promise<void>; length: number }>();
  readonly #gone = new Map<string, { identity: ImIdentity; atMs: number }>();
  readonly #answers: Answers;
  readonly #presence: Listeners<ImPresence>;
  readonly #likes: Listeners<Likes>;
  readonly #giftWriters: GiftWriter[] = [];
  #seq: SeqClock;
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #closed = false;

  constructor(options: ImOptions) {
    this.#options = options;
    this.#answers = new Answers(options.log);
    this.#presence = new Listeners(options.log);
    this.#likes = new Listeners(options.log);
    this.#seq = new SeqClock(options.now, 0);
    this.rooms = new Rooms({
      ...options,
      seq: () => this.#seq,
      presence: (change) => this.#presence.tell(change),
      likes: (likes) => this.#likes.tell(likes),
      writeGifts: (tx, gifts) => this.#writeGifts(tx, gifts),
    });
    for (const method of roomMethods({ rooms: this.rooms, now: options.now, connection: (id) => this.#find(id) }))
      this.#methods.define(method);
    this.#defineOwn();
  }

  /** Learns who is connected: workers kept their sockets while control was away. */
  async start(): Promise<void> {
    const { bus, db, now } = this.#options;
    this.#seq = new SeqClock(now, await lastSeq(db));
    const prefix = leases.worker('');
    const silent = new Set<string>();
    this.#unsubscribe = [
      await bus.watch(prefix, (key, worker) => {
        const name = key.slice(prefix.length);
        if (worker !== null) return void silent.add(name);
        silent.delete(name);
        this.#dropWorker(name);
      }),
      bus.subscribe('room.event', (event) => void this.rooms.heard(event)),
      bus.subscribe('user.change', (user) => void this.#renew(user)),
    ];
    const announcements = await bus.gather('worker.im-sockets', null);
    for (const announcement of announcements) {
      silent.delete(announcement.worker);
      this.#reconcile(announcement);
    }
    await Promise.all([...this.#queues.values()].map(({ tail }) => tail));
    this.#unsubscribe.push(
      bus.serve('control.im', (report) => this.#hear(report)),
      bus.serve('control.im-sockets', (announcement) => this.#reconcile(announcement)),
    );
    // Those that were too busy to answer in time.
    for (const name of silent) bus.publish(`worker.im/${name}`, { items: [{ type: 'announce' }] });
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

  async #writeGifts(tx: Db, gifts: readonly Gifts[]): Promise<() => void> {
    const written: (() => void)[] = [];
    for (const write of this.#giftWriters) written.push(await write(tx, gifts));
    return () => {
      for (const done of written) done();
    };
  }

  /** Writes what is not written yet. Sockets stay: the next control finds them. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await Promise.all([...this.#queues.values()].map(({ tail }) => tail));
    await this.rooms.close();
    await this.#answers.settled();
    for (const worker of this.#sessions.workers) worker.close();
  }

  /** Taken in order; answered later. */
  #hear({ worker, incarnation, items }: ImReport): { ok: true } {
    const link = this.#link(worker, incarnation);
    for (const item of items) this.#take(link, item);
    return { ok: true };
  }

  #take(link: WorkerLink, item: ImUp): void {
    switch (item.type) {
      case 'open':
        return void (link.connections.has(item.connection) || this.#open(link, item));
      case 'close': {
        const connection = link.connections.get(item.connection);
        if (connection) this.#drop(connection, item.clean ? LEAVES_AFTER_CLEAN_MS : LEAVES_AFTER_MS);
        return;
      }
      case 'likes':
        return this.rooms.like(item.roomId, item.byUser);
      case 'call':
        return this.#takeCall(link, item);
    }
  }

  #takeCall(link: WorkerLink, { connection: number, call, method, params }: ImUp & { type: 'call' }): void {
    const to: AnsweredCall = { link, connection: number, call };
    const connection = link.connections.get(number);
    if (!connection) {
      // Opened before this control began, and not heard of since.
      link.push({ type: 'announce' });
      return this.#answers.refuse(to, new LiveError('UNAVAILABLE', 'the server restarted: try again in a second'));
    }
    if ((this.#queues.get(connection)?.length ?? 0) >= MOST_WAITING)
      return this.#answers.refuse(to, new LiveError('RATE_LIMITED', 'too many calls wait for an answer'));
    this.#enqueue(connection, async () => {
      try {
        const { identity, isVisitor } = connection;
        const caller = { ...identity, connectionId: connection.id, isVisitor };
        this.#answers.give(to, await this.#methods.call(caller, method, params));
      } catch (error) {
        this.#answers.refuse(to, error, method);
      }
    });
  }

  /** The link to a worker; one that restarted has lost what it had. */
  #link(name: string, incarnation: string): WorkerLink {
    const known = this.#sessions.worker(name);
    if (known?.incarnation === incarnation) return known;
    this.#dropWorker(name);
    const { bus } = this.#options;
    const link = new WorkerLink(name, incarnation, (items) => bus.publish(`worker.im/${name}`, { items }));
    this.#sessions.setWorker(link);
    return link;
  }

  #dropWorker(name: string): void {
    const link = this.#sessions.worker(name);
    if (!link) return;
    this.#sessions.removeWorker(name);
    for (const connection of [...link.connections.values()]) this.#drop(connection, LEAVES_AFTER_MS);
  }

  /** Compares what a worker has with what is known of it. */
  #reconcile({ worker, incarnation, connections }: ImAnnouncement): { ok: true } {
    const link = this.#link(worker, incarnation);
    const there = new Set(connections.map(({ connection }) => connection));
    for (const [number, connection] of link.connections)
      if (!there.has(number)) this.#drop(connection, LEAVES_AFTER_MS);
    for (const connection of connections) {
      if (link.connections.has(connection.connection)) continue;
      if (connection.session === null) this.#open(link, connection);
      else this.#restore(link, connection, connection.session);
    }
    return { ok: true };
  }

  /** A connection that a control of before knew. */
  #restore(link: WorkerLink, opening: ImConnection, session: string): void {
    const connection = this.#make(link, opening, session);
    this.#enqueue(connection, async () => {
      if (!(await this.#admit(connection, opening))) return;
      for (const roomId of opening.rooms) {
        const room = await this.rooms.find(roomId);
        if (room && this.#isThere(connection)) this.rooms.enter(room, connection, null, true);
        else link.push({ type: 'leave', roomId, connections: [connection.number] });
      }
    });
  }

  #open(link: WorkerLink, opening: ImOpening): void {
    const connection = this.#make(link, opening, randomBytes(12).toString('base64url'));
    this.#enqueue(connection, async () => {
      if (await this.#admit(connection, opening)) await this.#welcome(connection, opening);
    });
  }

  #make(worker: WorkerLink, opening: ImOpening, session: string): Connection {
    const { connection: number, identity, token, visitor, ip } = opening;
    const { userId } = identity;
    const connection: Connection = {
      id: `${worker.name}.${worker.incarnation}.${number}`,
      worker,
      number,
      identity,
      session,
      profile: { userId, nickname: userId, avatar: null },
      isVisitor: token === null,
      visitorId: visitor === null ? null : visitorIdentity(visitor).userId,
      address: ip,
      rooms: new Set(),
    };
    worker.connections.set(number, connection);
    this.#connections.set(connection.id, connection);
    return connection;
  }

  /** @returns false: it is not to be let in, or is gone already. */
  async #admit(connection: Connection, { token }: ImOpening): Promise<boolean> {
    const { worker, number, identity } = connection;
    const refused = (code: number, reason: string) => {
      worker.push({ type: 'close', connections: [number], code, reason });
      this.#forget(connection);
      return false;
    };
    try {
      const profile = token === null ? connection.profile : await this.#options.users.admit(identity, token);
      if (!this.#isThere(connection)) return false;
      if (!profile) return refused(IM_CLOSE.unauthenticated, 'the token is not good any more: log in again');
      if (this.#sessions.connectionsOf(identity).size >= MOST_CONNECTIONS)
        return refused(IM_CLOSE.flood, `a user may have ${MOST_CONNECTIONS} connections: close some`);
      connection.profile = profile;
      this.#sessions.add(connection);
      this.#gone.delete(userKey(identity));
      return true;
    } catch (error) {
      this.#options.log.debug({ err: error }, 'a chat connection was not admitted');
      return refused(TRY_AGAIN_LATER, 'the server cannot tell who you are at the moment: try again in a few seconds');
    }
  }

  /** A user has a new name or picture: what it says from now on carries it. */
  async #renew({ appId, userId }: ImIdentity): Promise<void> {
    const identity = { appId, userId };
    if (!this.isOnline(identity)) return;
    try {
      const profile = await this.#options.users.profile(identity);
      if (profile) for (const connection of this.#sessions.connectionsOf(identity)) connection.profile = profile;
    } catch (error) {
      this.#options.log.debug({ err: error }, 'chat shows an old profile until the user connects again');
    }
  }

  /** The first words to a connection: where it is, and what it missed. */
  async #welcome(connection: Connection, { seq, lastSession }: ImOpening): Promise<void> {
    const { now } = this.#options;
    const { worker, number, identity, session, profile, isVisitor } = connection;
    const before = seq === null ? null : this.#sessions.resume(identity, lastSession, now());
    const rooms = await this.rooms.reenterable(before?.rooms ?? [], connection);
    if (!this.#isThere(connection)) return;
    const isKnown = seq !== null && before !== null && rooms.every((room) => room.knowsSince(seq));
    const ready = {
      seq: isKnown ? seq : this.#seq.last,
      session,
      user: isVisitor ? null : profile,
      rooms: rooms.map(({ id }) => id),
      reload: seq !== null && !isKnown,
    };
    worker.push({ type: 'ready', connection: number, session, text: eventText('im.ready', ready) });
    for (const room of rooms)
      this.rooms.enter(room, connection, seq !== null && room.knowsSince(seq) ? seq : null, false);
    for (const text of this.#signals.since(userKey(identity), seq, now()))
      worker.push({ type: 'send', connections: [number], text });
    if (before?.connection) this.#replace(before.connection);
  }

  /** The same tab came back before its broken connection was missed. */
  #replace(old: Connection): void {
    old.worker.push({ type: 'close', connections: [old.number], code: IM_CLOSE.replaced, reason: 'connected anew' });
    this.#drop(old, 0);
  }

  #drop(connection: Connection, leaveAfterMs: number): void {
    const nowMs = this.#options.now();
    const isLast = this.#sessions.remove(connection, nowMs);
    this.#forget(connection);
    for (const roomId of [...connection.rooms]) this.rooms.drop(roomId, connection, nowMs + leaveAfterMs);
    const { identity } = connection;
    if (isLast && !connection.isVisitor) this.#gone.set(userKey(identity), { identity, atMs: nowMs + GONE_AFTER_MS });
  }

  #forget(connection: Connection): void {
    connection.worker.connections.delete(connection.number);
    this.#connections.delete(connection.id);
  }

  #isThere(connection: Connection): boolean {
    return this.#connections.has(connection.id);
  }

  #find(id: string): Connection {
    const connection = this.#connections.get(id);
    if (!connection) throw new LiveError('UNAVAILABLE', 'the connection is closed');
    return connection;
  }

  #enqueue(connection: Connection, job: () => Promise<void>): void {
    const queue = this.#queues.get(connection) ?? { tail: Promise.resolve(), length: 0 };
    this.#queues.set(connection, queue);
    queue.length += 1;
    queue.tail = queue.tail.then(job).then(
      () => this.#done(connection, queue),
      (error: unknown) => {
        this.#options.log.error({ err: error }, 'chat failed at a connection');
        this.#done(connection, queue);
      },
    );
  }

  #done(connection: Connection, queue: { length: number }): void {
    queue.length -= 1;
    if (queue.length === 0) this.#queues.delete(connection);
  }

  async #checkRight({ appId, userId, connectionId }: ImCaller, right: ImRight, roomId: string): Promise<void> {
    const room = await this.rooms.open(roomId, appId);
    if (right === 'member') {
      if (!this.#find(connectionId).rooms.has(roomId))
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

  #tick(): void {
    const nowMs = this.#options.now();
    this.rooms.tick(nowMs);
    for (const [key, { identity, atMs }] of this.#gone) {
      if (atMs > nowMs) continue;
      this.#gone.delete(key);
      this.#presence.tell({ type: 'gone', appId: identity.appId, userId: identity.userId });
    }
  }

  async #sweep(): Promise<void> {
    const { now, db, log } = this.#options;
    const nowMs = now();
    this.#signals.sweep(nowMs);
    this.#sessions.sweep(nowMs);
    this.rooms.sweep(nowMs);
    await this.rooms.checkVisitors();
    await forgetClosedChat(db, nowMs - CLOSED_CHAT_KEPT_MS).catch((error: unknown) =>
      log.warn({ err: error }, 'old chat is still there'),
    );
  }
}

/** RFC 6455 7.4.2. */
const TRY_AGAIN_LATER = 1013;
