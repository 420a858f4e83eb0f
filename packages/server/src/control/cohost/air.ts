import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { CohostSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { memberNamed } from '../conference/rules.ts';
import type { Gathering } from '../conference/state.ts';
import type { ImDesk } from '../im/desk.ts';
import type { Shows } from '../mix/shows.ts';
import type { RoomHall } from '../room/hall.ts';
import type { RoomWithAnchor } from '../room/store.ts';
import { findUser } from '../user/store.ts';
import { type PictureOf, showOf } from './picture.ts';
import type { SeatLimits } from './state.ts';
import * as store from './store.ts';
import type { Talks } from './talk.ts';

export interface AirOptions {
  db: Db;
  im: Pick<ImDesk, 'signal' | 'isOnline'>;
  rooms: RoomHall;
  talks: Talks;
  shows: Shows;
  limits: Pick<SeatLimits, 'joinMs'>;
  /** Size of an anchor's picture, as far as it is known. */
  pictureOf: PictureOf;
  now: () => number;
}

/** An anchor without picture and without chat is gone after this; with chat open it may come back until the second. */
const ANCHOR_GONE_AFTER_MS = 15_000;
const ANCHOR_LOST_AFTER_MS = 90_000;

/**
 * What those who are let in beside an anchor share: the conference in which they talk, and the mix that viewers see of them. Both
 * follow from the sessions in the database, so doing it again does no harm. To be called in the room's turn.
 */
export class Air {
  readonly #options: AirOptions;
  /** Since when an anchor with somebody beside it has no picture, by room. */
  readonly #anchorLost = new Map<string, number>();
  /** Co-anchors on air whose stream said goodbye, by session: a page that is loaded anew brings another. */
  readonly #offAir = new Map<string, { roomId: string; userId: string; sinceMs: number }>();

  constructor(options: AirOptions) {
    this.#options = options;
  }

  /** Brings both sides into the room's conference, which begins with the first. */
  async letIn(room: RoomWithAnchor, session: CohostSessionRow): Promise<void> {
    const { db, talks } = this.#options;
    const { conferenceId } = await store.findCohostRoom(db, room.id);
    const id = await talks.begin(conferenceId, room, (begun) =>
      store.updateCohostRoom(db, room.id, { conferenceId: begun }),
    );
    const user = await findUser(db, session);
    await talks.join(id, { userId: room.anchorId, nickname: room.nickname }, 'owner');
    await talks.join(id, { userId: session.userId, nickname: user?.nickname ?? session.userId }, 'member');
  }

  /** Takes a co-anchor out of the conference. */
  async seeOff(room: Pick<RoomRow, 'id'>, { userId, endReason }: CohostSessionRow): Promise<void> {
    const { db, talks } = this.#options;
    const { conferenceId } = await store.findCohostRoom(db, room.id);
    if (conferenceId !== null) await talks.leave(conferenceId, userId, endReason === 'kicked' ? 'kick' : 'leave');
  }

  /** How this user takes part; null: it does not. */
  async admission(room: RoomWithAnchor, userId: string): Promise<ConferenceJoin | null> {
    const there = await this.conferenceOf(room.id);
    return there ? this.#options.talks.admission(there, userId, [room]) : null;
  }

  /** undefined: nobody is let in. */
  async conferenceOf(roomId: string): Promise<Gathering | undefined> {
    const { db, talks } = this.#options;
    const { conferenceId } = await store.findCohostRoom(db, roomId);
    return conferenceId === null ? undefined : talks.find(conferenceId);
  }

  /** Turns the room's program to who is on air, and back; ends the conference when nobody is let in any more. */
  async show(roomId: string): Promise<void> {
    const { db, talks, shows, rooms, pictureOf } = this.#options;
    const room = await rooms.find(roomId);
    if (!room) return;
    const row = await store.findCohostRoom(db, roomId);
    const sessions = (await store.openSessionsOf(db, roomId)).filter(({ state }) => state !== 'asking');
    const there = row.conferenceId === null ? undefined : await talks.find(row.conferenceId);
    this.#noteAnchor(roomId, sessions.length === 0 || talks.anchorStream(there, room) !== null);
    this.#noteGuests(roomId, sessions, there);
    const wish =
      room.state === 'closed'
        ? null
        : await showOf({ room, layout: row.layout, sessions, there, talks, pictureOf, db });
    const onProblem = this.#tellerOf(room);
    await shows.set(row.mixId, wish && { ...wish, onProblem }, (mixId) =>
      store.updateCohostRoom(db, roomId, { mixId }),
    );
    // An anchor who moved to the conference stays there until its own stream is back: viewers need a picture.
    if (sessions.length > 0 || wish !== null || row.conferenceId === null) return;
    await talks.end(row.conferenceId);
    await store.updateCohostRoom(db, roomId, { conferenceId: null });
  }

  /**
   * Sees to it that whoever is let in can take part, whatever was not finished or not heard of.
   * @returns the sessions that were let in (again), or had not been.
   */
  async mend(room: RoomWithAnchor): Promise<CohostSessionRow[]> {
    const { db, talks, im } = this.#options;
    const sessions = await store.openSessionsOf(db, room.id);
    const there = await this.conferenceOf(room.id);
    const anchor = { appId: room.appId, userId: room.anchorId };
    if (there?.conference.state === 'open' && (im.isOnline(anchor) || talks.isLive(room)))
      await talks.keep(there.conference.id, { userId: room.anchorId, nickname: room.nickname }, 'owner');
    if (there?.conference.state === 'ended') return [];
    for (const { appId, userId, state } of sessions)
      if (there && state !== 'asking' && im.isOnline({ appId, userId }))
        await talks.attend(there.conference.id, userId);
    const outside = sessions.filter(
      ({ state, userId }) => state === 'joining' && !(there && memberNamed(there, userId)),
    );
    for (const session of outside) await this.letIn(room, session);
    return outside;
  }

  /** Rooms whose anchor has been without a picture for too long. */
  async lostAnchors(): Promise<string[]> {
    const lost: string[] = [];
    for (const [roomId, since] of [...this.#anchorLost]) {
      const goneMs = this.#options.now() - since;
      if (goneMs < ANCHOR_GONE_AFTER_MS) continue;
      const room = await this.#options.rooms.find(roomId);
      const isOnline = room && this.#options.im.isOnline({ appId: room.appId, userId: room.anchorId });
      if (!isOnline || goneMs >= ANCHOR_LOST_AFTER_MS) lost.push(roomId);
    }
    return lost;
  }

  /** Co-anchors who have not come back for as long as who is let in may take to come. */
  lostGuests(): { id: string; roomId: string; userId: string }[] {
    const before = this.#options.now() - this.#options.limits.joinMs;
    return [...this.#offAir].flatMap(([id, { roomId, userId, sinceMs }]) =>
      sinceMs <= before ? [{ id, roomId, userId }] : [],
    );
  }

  /** Whether the co-anchor of this session is to come back. */
  isOffAir(sessionId: string): boolean {
    return this.#offAir.has(sessionId);
  }

  /** Whether the anchor has no picture now. */
  isLost(roomId: string): boolean {
    return this.#anchorLost.has(roomId);
  }

  #noteAnchor(roomId: string, isThere: boolean): void {
    if (isThere) this.#anchorLost.delete(roomId);
    else if (!this.#anchorLost.has(roomId)) this.#anchorLost.set(roomId, this.#options.now());
  }

  #noteGuests(roomId: string, sessions: readonly CohostSessionRow[], there: Gathering | undefined): void {
    const off = new Map(
      sessions
        .filter(({ state, userId }) => state === 'on-air' && there && memberNamed(there, userId)?.state === 'joining')
        .map(({ id, userId }) => [id, userId]),
    );
    for (const [id, guest] of this.#offAir) if (guest.roomId === roomId && !off.has(id)) this.#offAir.delete(id);
    for (const [id, userId] of off)
      if (!this.#offAir.has(id)) this.#offAir.set(id, { roomId, userId, sinceMs: this.#options.now() });
  }

  #tellerOf({ id, appId, anchorId }: RoomRow) {
    return (problem: { name: string; message: string } | null): void =>
      void this.#options.im.signal({ appId, userId: anchorId }, 'cohost.mix', { roomId: id, problem });
  }
}
