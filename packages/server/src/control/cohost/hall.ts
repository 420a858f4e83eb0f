import { type ConferenceEvent, LiveError, type MixTemplate } from '@lianmai/contract';
import type { CohostSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { CohostSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import { memberNamed } from '../conference/rules.ts';
import type { ImDesk } from '../im/desk.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Shows } from '../mix/shows.ts';
import type { RoomHall } from '../room/hall.ts';
import { roomClosed, settingsOf } from '../room/rules.ts';
import { lockRoom, type RoomWithAnchor, roomMissing } from '../room/store.ts';
import { userMissing } from '../user/rules.ts';
import { findUser } from '../user/store.ts';
import { askingSide, Herald } from './herald.ts';
import { type PictureOf, showOf } from './picture.ts';
import { advance, type SeatChange, type SeatInput, type SeatLimits, sessionMissing } from './state.ts';
import * as store from './store.ts';
import type { Talks } from './talk.ts';

export interface CohostHallOptions {
  db: Db;
  bus: Bus;
  im: ImDesk;
  rooms: RoomHall;
  live: LiveBoard;
  talks: Talks;
  shows: Shows;
  limits: SeatLimits;
  /** Size of an anchor's picture, as far as it is known. */
  pictureOf: PictureOf;
  /** Why a room cannot have co-anchors now, such as a battle; null: it can. */
  whyBusy(roomId: string): Promise<LiveError | null>;
  now: () => number;
  log: Logger;
}

/** How somebody who was let in takes part. */
export interface Admission {
  session: CohostSession;
  conference: ConferenceJoin | null;
}

const TICK_MS = 1000;
/** What an event did not reach is put right this often. */
const COMPARE_EVERY_MS = 10_000;
/** An anchor without picture and without chat is gone after this; with chat open it may come back until the second. */
const ANCHOR_GONE_AFTER_MS = 15_000;
const ANCHOR_LOST_AFTER_MS = 90_000;
const ENDED_KEPT_MS = 3_600_000;

/** Where seats beside anchors are given: applies what is asked and learnt, room by room, and tells everybody concerned. */
export class CohostHall {
  readonly #options: CohostHallOptions;
  readonly #herald: Herald;
  /** Since when an anchor has no picture, by room. */
  readonly #anchorLost = new Map<string, number>();
  readonly #queues = new Map<string, Promise<unknown>>();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #closed = false;

  constructor(options: CohostHallOptions) {
    this.#options = options;
    this.#herald = new Herald({ ...options, answerMs: options.limits.answerMs });
  }

  async start(): Promise<void> {
    const { bus, im, live } = this.#options;
    this.#unsubscribe = [
      bus.subscribe('conference.event', (event) => void this.#heard(event)),
      bus.subscribe('room.event', ({ roomId, type }) => {
        if (type === 'closed') void this.#learn(roomId, { type: 'over', reason: 'room-closed' });
      }),
      im.onPresence((change) => {
        if (change.type === 'gone') void this.#userGone(change);
      }),
      live.onChange(({ entry }) => void this.#streamChanged(entry.channelId)),
    ];
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => void this.#compare(), COMPARE_EVERY_MS),
    ];
    await this.#compare();
  }

  /** A viewer asks for a seat, or the anchor offers one. */
  async ask(
    roomId: string,
    askedBy: 'user' | 'anchor',
    user: { appId: string; userId: string },
    reason: string | null,
  ): Promise<CohostSession> {
    const { db } = this.#options;
    const room = await this.#room(roomId);
    if (room.state !== 'live')
      throw new LiveError('STREAM_NOT_LIVE', `room "${roomId}" is not live: wait until the anchor is on air`);
    if (askedBy === 'user' && !settingsOf(room).coHosting)
      throw new LiveError('COHOST_OFF', 'the anchor does not take anybody on air now');
    const busy = (await this.#options.whyBusy(roomId)) ?? (await this.#whyUserBusy(roomId, user));
    if (busy) throw busy;
    if (!(await findUser(db, user))) throw userMissing(user.userId);
    const { changes } = await this.#apply(roomId, {
      type: 'ask',
      id: newId('co'),
      askedBy,
      userId: user.userId,
      appId: user.appId,
      reason,
    });
    return this.#herald.view(changes[0]!.session);
  }

  /** The asked side answers. @returns its admission, when it said yes. */
  async answer(id: string, by: string, accept: boolean, reason: string | null): Promise<Admission> {
    const roomId = await this.#roomOf(id);
    if (accept) {
      const busy = await this.#options.whyBusy(roomId);
      if (busy) throw busy;
    }
    const { changes } = await this.#apply(roomId, { type: 'answer', id, by, accept, reason });
    const session = changes[0]!.session;
    return {
      session: await this.#herald.view(session),
      conference: accept ? await this.#admissionOf(session, by) : null,
    };
  }

  async cancel(id: string, by: string): Promise<void> {
    await this.#applyTo(id, { type: 'cancel', id, by });
  }

  async leave(id: string, by: string): Promise<void> {
    await this.#applyTo(id, { type: 'leave', id, by });
  }

  async kick(id: string, by: string, reason: string | null): Promise<void> {
    await this.#applyTo(id, { type: 'kick', id, by, reason });
  }

  /** The admission once more, for a page that was loaded anew. */
  async rejoin(id: string, by: string): Promise<Admission> {
    const session = await store.findSession(this.#options.db, id);
    const room = session && (await this.#options.rooms.find(session.roomId));
    if (!session || !room || (by !== session.userId && by !== room.anchorId)) throw sessionMissing(id);
    const isIn = session.state === 'joining' || session.state === 'on-air';
    return {
      session: await this.#herald.view(session),
      conference: isIn ? await this.#admissionOf(session, by) : null,
    };
  }

  /** What goes on in the room, as this user may see it. */
  async list(
    roomId: string,
    userId: string,
  ): Promise<{ items: CohostSession[]; layout: MixTemplate; conference: ConferenceJoin | null }> {
    const { db, talks } = this.#options;
    const room = await this.#room(roomId);
    const { layout, conferenceId } = await store.findCohostRoom(db, roomId);
    const sessions = await store.openSessionsOf(db, roomId);
    const seen = sessions.filter(
      (session) => userId === room.anchorId || userId === session.userId || session.state === 'on-air',
    );
    const there = conferenceId === null ? undefined : await talks.find(conferenceId);
    return {
      items: await Promise.all(seen.map((session) => this.#herald.view(session))),
      layout,
      conference: there ? talks.admission(there, userId, [room]) : null,
    };
  }

  async setLayout(roomId: string, layout: MixTemplate): Promise<void> {
    const { db, im } = this.#options;
    await this.#inTurn(roomId, async () => {
      await store.updateCohostRoom(db, roomId, { layout });
      await this.#showWhatIsOn(roomId);
    });
    im.broadcast(roomId, 'cohost.layout', { layout }, 'signal');
  }

  /** Whether somebody is let in, or asks: a room in which that is so begins no battle. */
  async isBusy(roomId: string): Promise<boolean> {
    const sessions = await store.openSessionsOf(this.#options.db, roomId);
    return sessions.some(({ state }) => state !== 'asking');
  }

  /** Resolves when what was heard before is applied. */
  async settled(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.settled();
  }

  async #room(roomId: string): Promise<RoomWithAnchor> {
    const room = await this.#options.rooms.find(roomId);
    if (!room) throw roomMissing(roomId);
    if (room.state === 'closed') throw roomClosed(roomId);
    return room;
  }

  async #roomOf(sessionId: string): Promise<string> {
    const session = await store.findSession(this.#options.db, sessionId);
    if (!session) throw sessionMissing(sessionId);
    return session.roomId;
  }

  /** A user sits, asks or is asked in one room at a time; an anchor who is live has a room to be in. */
  async #whyUserBusy(roomId: string, user: { appId: string; userId: string }): Promise<LiveError | null> {
    const { db } = this.#options;
    const elsewhere = await store.openSessionOfUser(db, user);
    if (elsewhere && elsewhere.roomId !== roomId)
      return new LiveError('BUSY', `"${user.userId}" is busy with another room: end that first`);
    const own = await db
      .selectFrom('room')
      .select('id')
      .where('appId', '=', user.appId)
      .where('anchorId', '=', user.userId)
      .where('state', '=', 'live')
      .where('id', '<>', roomId)
      .executeTakeFirst();
    return own
      ? new LiveError('BUSY', `"${user.userId}" is live in a room of its own: ask for a battle instead`)
      : null;
  }

  async #applyTo(id: string, input: SeatInput): Promise<void> {
    await this.#apply(await this.#roomOf(id), input);
  }

  /** Applies what somebody asks for, and what follows from it. @throws LiveError of {@link advance}. */
  #apply(roomId: string, input: SeatInput): Promise<{ changes: readonly SeatChange[] }> {
    return this.#inTurn(roomId, async () => {
      const { db, limits, now } = this.#options;
      const { changes, room } = await db.transaction().execute(async (tx) => {
        const row = await lockRoom(tx, roomId);
        if (!row) throw roomMissing(roomId);
        const step = advance(await store.loadSeats(tx, row), input, limits, now());
        await store.saveChanges(tx, step.changes);
        return { changes: step.changes, room: row };
      });
      for (const change of changes) await this.#follow(room, change);
      if (changes.length > 0) await this.#showWhatIsOn(roomId);
      return { changes };
    });
  }

  /** Applies what is learnt; a failure is put right by the next comparison. */
  async #learn(roomId: string, input: SeatInput): Promise<void> {
    const { log } = this.#options;
    await this.#apply(roomId, input).catch((error: unknown) => {
      if (!this.#closed) log.warn({ err: error, roomId }, 'co-hosting is not up to date');
    });
  }

  /** What follows from one session's step. */
  async #follow(room: RoomRow, { session, before, said }: SeatChange): Promise<void> {
    const { id, userId, state, endReason } = session;
    this.#options.log.info(
      { roomId: room.id, session: id, userId, reason: endReason ?? undefined },
      `co-host ${state}`,
    );
    if (state === 'asking') await this.#herald.asked(room, session);
    else if (state === 'joining') await this.#letIn(room, session, said);
    else if (state === 'on-air') await this.#herald.started(room, session);
    else await this.#seeOff(room, session, before, said);
  }

  /** Both sides get what they need to take part: who answers by the answer, who asked by a signal. */
  async #letIn(room: RoomRow, session: CohostSessionRow, said: string | null): Promise<void> {
    const { db, talks } = this.#options;
    const { conferenceId } = await store.findCohostRoom(db, room.id);
    const there = conferenceId === null ? undefined : await talks.find(conferenceId);
    const id = there?.conference.state === 'open' ? there.conference.id : await talks.open(room);
    if (id !== conferenceId) await store.updateCohostRoom(db, room.id, { conferenceId: id });
    const { nickname } = await this.#room(room.id);
    const user = await findUser(db, session);
    await talks.join(id, { userId: room.anchorId, nickname }, 'owner');
    await talks.join(id, { userId: session.userId, nickname: user?.nickname ?? session.userId }, 'member');
    await this.#herald.answered(room, session, said, await this.#admissionOf(session, askingSide(room, session)));
  }

  /** Takes the co-anchor out of the conference and tells everybody concerned. */
  async #seeOff(
    room: RoomRow,
    session: CohostSessionRow,
    before: CohostSessionRow['state'] | null,
    said: string | null,
  ): Promise<void> {
    const { db, talks } = this.#options;
    if (before !== 'asking') {
      const { conferenceId } = await store.findCohostRoom(db, room.id);
      const how = session.endReason === 'kicked' ? 'kick' : 'leave';
      if (conferenceId !== null) await talks.leave(conferenceId, session.userId, how);
    }
    if (session.endReason === 'rejected') await this.#herald.answered(room, session, said, null);
    await this.#herald.ended(room, session, before === 'on-air', said);
  }

  async #admissionOf(session: CohostSessionRow, userId: string): Promise<ConferenceJoin | null> {
    const { db, talks } = this.#options;
    const { conferenceId } = await store.findCohostRoom(db, session.roomId);
    const there = conferenceId === null ? undefined : await talks.find(conferenceId);
    return there ? talks.admission(there, userId, [await this.#room(session.roomId)]) : null;
  }

  /** Turns the room's program to who is on air, and back; ends the conference when nobody is let in any more. */
  async #showWhatIsOn(roomId: string): Promise<void> {
    const { db, talks, shows, rooms, pictureOf } = this.#options;
    const room = await rooms.find(roomId);
    if (!room) return;
    const row = await store.findCohostRoom(db, roomId);
    const sessions = (await store.openSessionsOf(db, roomId)).filter(({ state }) => state !== 'asking');
    const there = row.conferenceId === null ? undefined : await talks.find(row.conferenceId);
    const wish =
      room.state === 'closed'
        ? null
        : await showOf({ room, layout: row.layout, sessions, there, talks, pictureOf, db });
    const mixId = await shows.set(row.mixId, wish);
    if (mixId !== row.mixId) await store.updateCohostRoom(db, roomId, { mixId });
    // An anchor who moved to the conference stays there until its own stream is back: viewers need a picture.
    if (sessions.length > 0 || wish !== null || row.conferenceId === null) return;
    await talks.end(row.conferenceId);
    await store.updateCohostRoom(db, roomId, { conferenceId: null });
  }

  async #heard(event: ConferenceEvent): Promise<void> {
    const { db, talks } = this.#options;
    const { conferenceId, userId, type } = event;
    if (userId === null || this.#closed) return;
    const row = await store.roomOfConference(db, conferenceId).catch(() => undefined);
    if (!row) return;
    if (type === 'on-air') await this.#learn(row.roomId, { type: 'seen', userId });
    if (type === 'left' || type === 'kicked') await this.#learn(row.roomId, { type: 'gone', userId, reason: 'left' });
    await this.#review(row.roomId);
    const there = await talks.find(conferenceId);
    if (there) this.#herald.memberChanged(there, event);
  }

  async #userGone({ appId, userId }: { appId: string; userId: string }): Promise<void> {
    const { db, talks } = this.#options;
    const session = await store.openSessionOfUser(db, { appId, userId }).catch(() => undefined);
    if (!session) return;
    const { conferenceId } = await store.findCohostRoom(db, session.roomId);
    const there = conferenceId === null ? undefined : await talks.find(conferenceId);
    // A device that publishes needs no chat: its stream says that it is there.
    const member = there && memberNamed(there, userId);
    if (member?.state === 'on-air' && member.lostAt === null) return;
    await this.#learn(session.roomId, { type: 'gone', userId, reason: 'lost' });
  }

  async #streamChanged(channelId: string): Promise<void> {
    const rows = await this.#active();
    for (const { roomId } of rows) {
      const room = await this.#options.rooms.find(roomId);
      if (room?.channelId === channelId) await this.#review(roomId);
    }
  }

  async #tick(): Promise<void> {
    const { db, now } = this.#options;
    const due = await store.dueRooms(db, now()).catch(() => []);
    for (const roomId of due) await this.#learn(roomId, { type: 'tick' });
  }

  async #compare(): Promise<void> {
    const { db, now } = this.#options;
    await store.forgetEnded(db, now() - ENDED_KEPT_MS).catch(() => {});
    for (const { roomId } of await this.#active()) {
      await this.#lookAfter(roomId).catch((error: unknown) =>
        this.#options.log.warn({ err: error, roomId }, 'co-hosting is not up to date'),
      );
      await this.#review(roomId);
    }
  }

  /** Sees who is there although no event said so. */
  async #lookAfter(roomId: string): Promise<void> {
    const { db, talks, im, rooms, now } = this.#options;
    const room = await rooms.find(roomId);
    const row = await store.findCohostRoom(db, roomId);
    if (!room || room.state === 'closed') return this.#learn(roomId, { type: 'over', reason: 'room-closed' });
    const there = row.conferenceId === null ? undefined : await talks.find(row.conferenceId);
    const anchor = { appId: room.appId, userId: room.anchorId };
    if (there?.conference.state === 'open' && (im.isOnline(anchor) || talks.isLive(room))) {
      await talks.join(there.conference.id, { userId: room.anchorId, nickname: room.nickname }, 'owner');
      await talks.attend(there.conference.id, room.anchorId);
    }
    for (const { userId, state } of await store.openSessionsOf(db, roomId)) {
      if (state === 'joining' && talks.memberStream(there, userId)) await this.#learn(roomId, { type: 'seen', userId });
      if (state === 'on-air' && (!there || !memberNamed(there, userId)))
        await this.#learn(roomId, { type: 'gone', userId, reason: 'lost' });
    }
    if (talks.anchorStream(there, room) !== null) this.#anchorLost.delete(roomId);
    else {
      const since = this.#anchorLost.get(roomId) ?? now();
      this.#anchorLost.set(roomId, since);
      const patience = im.isOnline(anchor) ? ANCHOR_LOST_AFTER_MS : ANCHOR_GONE_AFTER_MS;
      if (now() - since >= patience) {
        this.#anchorLost.delete(roomId);
        await this.#learn(roomId, { type: 'over', reason: 'anchor-gone' });
      }
    }
  }

  async #review(roomId: string): Promise<void> {
    await this.#inTurn(roomId, () => this.#showWhatIsOn(roomId)).catch((error: unknown) => {
      if (!this.#closed) this.#options.log.warn({ err: error, roomId }, 'the picture of a room is not up to date');
    });
  }

  #active() {
    return store.activeRooms(this.#options.db).catch(() => []);
  }

  /** What is done for one room is done one after the other. */
  #inTurn<T>(roomId: string, job: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(roomId) ?? Promise.resolve();
    const done = before.then(job, job);
    const tail = done.then(
      () => {},
      () => {},
    );
    this.#queues.set(roomId, tail);
    void tail.then(() => {
      if (this.#queues.get(roomId) === tail) this.#queues.delete(roomId);
    });
    return done;
  }
}
