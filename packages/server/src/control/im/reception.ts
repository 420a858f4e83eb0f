import { randomBytes } from 'node:crypto';
import {
  IM_CLOSE,
  type ImConnection,
  type ImIdentity,
  type ImOpening,
  LiveError,
  visitorIdentity,
} from '@lianmai/contract';
import type { Logger } from 'pino';
import { AtOnce } from '../at-once.ts';
import { Turns } from '../turns.ts';
import type { Connection, WorkerLink } from './connection.ts';
import { eventText } from './outbox.ts';
import type { ImUsers } from './ports.ts';
import type { Rooms } from './rooms.ts';
import type { SeqClock } from './seq-clock.ts';
import { type Sessions, userKey } from './sessions.ts';
import type { Signals } from './signals.ts';

export interface ReceptionOptions {
  users: ImUsers;
  rooms: Rooms;
  sessions: Sessions;
  signals: Signals;
  seq: () => SeqClock;
  now: () => number;
  log: Logger;
}

/** A user that said goodbye, or whose connection broke, stays in its rooms for so long: a page may only be loading anew. */
const LEAVES_AFTER_CLEAN_MS = 5000;
const LEAVES_AFTER_MS = 10_000;
/** And is gone altogether. */
const GONE_AFTER_MS = 15_000;
/** Tabs and devices of one user; more is not somebody who watches. */
const MOST_CONNECTIONS = 50;
/** Of connections that are looked at in the database: a crowd that comes anew must not keep others from it, nor wait in vain there. */
const ADMITTED_AT_ONCE = 5;
/** RFC 6455 7.4.2. */
const TRY_AGAIN_LATER = 1013;

/** Where connections come in and go: looks at who they are, shows them where they were, and takes leave of users. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #connections = new Map<string, Connection>();
  /** What is still to be done for a connection, by its id. */
  readonly #turns = new Turns();
  readonly #admitting = new AtOnce(ADMITTED_AT_ONCE);
  /** Users without a connection, until nobody waits for them any more. */
  readonly #away = new Map<string, { identity: ImIdentity; untilMs: number }>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** A new connection. */
  open(link: WorkerLink, opening: ImOpening): void {
    const connection = this.#make(link, opening, randomBytes(12).toString('base64url'));
    this.inTurn(connection, async () => {
      if (await this.#admit(connection, opening)) await this.#welcome(connection, opening);
    });
  }

  /** A connection that a control of before knew. */
  restore(link: WorkerLink, opening: ImConnection, session: string): void {
    const connection = this.#make(link, opening, session);
    this.inTurn(connection, async () => {
      if (!(await this.#admit(connection, opening))) return;
      const { rooms } = this.#options;
      for (const roomId of opening.rooms) {
        const room = await rooms.find(roomId);
        if (room && this.#isThere(connection)) rooms.enter(room, connection, null, true);
        else link.push({ type: 'leave', roomId, connections: [connection.number] });
      }
    });
  }

  /** A connection is over. @param clean it said goodbye. */
  drop(connection: Connection, clean = false): void {
    this.#drop(connection, clean ? LEAVES_AFTER_CLEAN_MS : LEAVES_AFTER_MS);
  }

  /** Does one thing after the other for a connection. */
  inTurn(connection: Connection, job: () => Promise<void>): void {
    this.#turns.take(connection.id, job).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'chat failed at a connection');
    });
  }

  /** Things that are still to be done for a connection. */
  waiting({ id }: Connection): number {
    return this.#turns.waiting(id);
  }

  /** Resolves when everything is done that was to be done for connections. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  /** @throws LiveError UNAVAILABLE */
  find(id: string): Connection {
    const connection = this.#connections.get(id);
    if (!connection) throw new LiveError('UNAVAILABLE', 'the connection is closed');
    return connection;
  }

  /** A user has a new name or picture: what it says from now on carries it. */
  async renew({ appId, userId }: ImIdentity): Promise<void> {
    const { users, sessions, log } = this.#options;
    const identity = { appId, userId };
    if (sessions.connectionsOf(identity).size === 0) return;
    try {
      const profile = await users.profile(identity);
      if (profile) for (const connection of sessions.connectionsOf(identity)) connection.profile = profile;
    } catch (error) {
      log.debug({ err: error }, 'chat shows an old profile until the user connects again');
    }
  }

  /** Users who have been away for so long that they are not coming back by themselves; each is named once. */
  takeGone(nowMs: number): ImIdentity[] {
    const gone: ImIdentity[] = [];
    for (const [key, { identity, untilMs }] of this.#away) {
      if (untilMs > nowMs) continue;
      this.#away.delete(key);
      gone.push(identity);
    }
    return gone;
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
    const { users, sessions, log } = this.#options;
    const { worker, number, identity } = connection;
    const refused = (code: number, reason: string) => {
      worker.push({ type: 'close', connections: [number], code, reason });
      this.#forget(connection);
      return false;
    };
    try {
      const profile =
        token === null ? connection.profile : await this.#admitting.run(() => users.admit(identity, token));
      if (!this.#isThere(connection)) return false;
      if (!profile) return refused(IM_CLOSE.unauthenticated, 'the token is not good any more: log in again');
      if (sessions.connectionsOf(identity).size >= MOST_CONNECTIONS)
        return refused(IM_CLOSE.flood, `a user may have ${MOST_CONNECTIONS} connections: close some`);
      connection.profile = profile;
      sessions.add(connection);
      this.#away.delete(userKey(identity));
      return true;
    } catch (error) {
      log.debug({ err: error }, 'a chat connection was not admitted');
      return refused(TRY_AGAIN_LATER, 'the server cannot tell who you are at the moment: try again in a few seconds');
    }
  }

  /** The first words to a connection: where it is, and what it missed. */
  async #welcome(connection: Connection, { seq, lastSession }: ImOpening): Promise<void> {
    const { rooms, sessions, signals, now } = this.#options;
    const { worker, number, identity, session, profile, isVisitor } = connection;
    const before = seq === null ? null : sessions.resume(identity, lastSession, now());
    const places = await rooms.reenterable(before?.rooms ?? [], connection);
    if (!this.#isThere(connection)) return;
    const isKnown = seq !== null && before !== null && places.every((room) => room.knowsSince(seq));
    const ready = {
      seq: isKnown ? seq : this.#options.seq().last,
      session,
      user: isVisitor ? null : profile,
      rooms: places.map(({ id }) => id),
      reload: seq !== null && !isKnown,
    };
    worker.push({ type: 'ready', connection: number, session, text: eventText('im.ready', ready) });
    for (const room of places) rooms.enter(room, connection, seq !== null && room.knowsSince(seq) ? seq : null, false);
    for (const text of signals.since(userKey(identity), seq, now()))
      worker.push({ type: 'send', connections: [number], text });
    if (before?.connection) this.#replace(before.connection);
  }

  /** The same tab came back before its broken connection was missed. */
  #replace(old: Connection): void {
    old.worker.push({ type: 'close', connections: [old.number], code: IM_CLOSE.replaced, reason: 'connected anew' });
    this.#drop(old, 0);
  }

  #drop(connection: Connection, leaveAfterMs: number): void {
    const { rooms, sessions, now } = this.#options;
    const nowMs = now();
    const isLast = sessions.remove(connection, nowMs);
    this.#forget(connection);
    for (const roomId of [...connection.rooms]) rooms.drop(roomId, connection, nowMs + leaveAfterMs);
    const { identity, isVisitor } = connection;
    if (isLast && !isVisitor) this.#away.set(userKey(identity), { identity, untilMs: nowMs + GONE_AFTER_MS });
  }

  #forget(connection: Connection): void {
    connection.worker.connections.delete(connection.number);
    this.#connections.delete(connection.id);
  }

  #isThere({ id }: Connection): boolean {
    return this.#connections.has(id);
  }
}
