import { type ImIdentity, LiveError, type MixTemplate } from '@lianmai/contract';
import type { CohostSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus } from '../../bus/bus.ts';
import type { CohostSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import type { ImDesk } from '../im/desk.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Shows } from '../mix/shows.ts';
import type { RoomHall } from '../room/hall.ts';
import { roomClosed, settingsOf } from '../room/rules.ts';
import { lockRoom, type RoomWithAnchor, roomMissing } from '../room/store.ts';
import { Turns } from '../turns.ts';
import { Upkeep } from '../upkeep.ts';
import { userMissing } from '../user/rules.ts';
import { Air } from './air.ts';
import { askingSide, Herald } from './herald.ts';
import type { PictureOf } from './picture.ts';
import { advance, type SeatChange, type SeatInput, type SeatLimits, type Seats, sessionMissing } from './state.ts';
import * as store from './store.ts';
import type { Talks } from './talk.ts';
import { Watch } from './watch.ts';

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
  /** Why a room cannot have co-anchors now, such as a battle; null: it can. Within a transaction that holds the room. */
  whyBusy(tx: Db, roomId: string): Promise<LiveError | null>;
  now: () => number;
  log: Logger;
}

/** How somebody who was let in takes part. */
export interface Admission {
  session: CohostSession;
  conference: ConferenceJoin | null;
}

/** Decides within the transaction whether an input may be applied. Its throw changes nothing. */
type Check = (tx: Db, room: RoomRow, seats: Seats) => Promise<void>;

/** After a start, the ends of so long before are told of again: who heard of them knows them by their signal. */
const TOLD_AGAIN_MS = 10_000;

/** Where seats beside anchors are given: applies what is asked and learnt, room by room, and tells everybody concerned. */
export class CohostHall {
  readonly #options: CohostHallOptions;
  readonly #herald: Herald;
  readonly #air: Air;
  readonly #watch: Watch;
  readonly #upkeep: Upkeep;
  readonly #turns = new Turns();

  constructor(options: CohostHallOptions) {
    this.#options = options;
    this.#herald = new Herald(options);
    this.#air = new Air(options);
    this.#upkeep = new Upkeep(options.log, 'co-hosting is not up to date');
    this.#watch = new Watch(options, {
      air: this.#air,
      herald: this.#herald,
      upkeep: this.#upkeep,
      learn: (roomId, decide) => this.#learn(roomId, decide),
      review: (roomId) => this.#turns.take(roomId, () => this.#air.show(roomId)),
      mend: (roomId) => this.#mend(roomId),
    });
  }

  async start(): Promise<void> {
    await this.#upkeep.run(() => this.#tellAgain());
    await this.#watch.start();
  }

  /** A viewer asks for a seat, or the anchor offers one. */
  async ask(
    roomId: string,
    askedBy: 'user' | 'anchor',
    user: ImIdentity,
    reason: string | null,
  ): Promise<CohostSession> {
    const room = await this.#room(roomId);
    if (room.appId !== user.appId) throw roomMissing(roomId);
    const { appId, userId } = user;
    const input: SeatInput = { type: 'ask', id: newId('co'), askedBy, userId, appId, reason };
    const changes = await this.#apply(roomId, input, async (tx, now) => {
      checkOpen(now);
      if (now.state !== 'live')
        throw new LiveError('STREAM_NOT_LIVE', `room "${roomId}" is not live: wait until the anchor is on air`);
      if (askedBy === 'user' && !settingsOf(now).coHosting)
        throw new LiveError('COHOST_OFF', 'the anchor does not take anybody on air now');
      if (!(await store.lockUser(tx, user))) throw userMissing(userId);
      await this.#checkFree(tx, roomId, user);
    });
    return this.#herald.view(changes[0]!.session);
  }

  /** The asked side answers. @returns its admission, when it said yes. */
  async answer(id: string, by: ImIdentity, accept: boolean, reason: string | null): Promise<Admission> {
    const { roomId } = await this.#sessionOf(id, by);
    const changes = await this.#apply(
      roomId,
      { type: 'answer', id, by: by.userId, accept, reason },
      async (tx, room, { sessions }) => {
        const session = sessions.find((one) => one.id === id);
        if (!accept || !session) return;
        checkOpen(room);
        await store.lockUser(tx, session);
        await this.#checkFree(tx, roomId, session);
      },
    );
    const { session } = changes[0]!;
    const conference = accept ? await this.#air.admission(await this.#room(roomId), by.userId) : null;
    return { session: await this.#herald.view(session), conference };
  }

  async cancel(id: string, by: ImIdentity): Promise<void> {
    await this.#applyTo(id, by, { type: 'cancel', id, by: by.userId });
  }

  async leave(id: string, by: ImIdentity): Promise<void> {
    await this.#applyTo(id, by, { type: 'leave', id, by: by.userId });
  }

  async kick(id: string, by: ImIdentity, reason: string | null): Promise<void> {
    await this.#applyTo(id, by, { type: 'kick', id, by: by.userId, reason });
  }

  /** The admission once more, for a page that was loaded anew. */
  async rejoin(id: string, by: ImIdentity): Promise<Admission> {
    const session = await this.#sessionOf(id, by);
    const room = await this.#options.rooms.find(session.roomId);
    if (!room || (by.userId !== session.userId && by.userId !== room.anchorId)) throw sessionMissing(id);
    const isIn = session.state === 'joining' || session.state === 'on-air';
    if (isIn) await this.#mend(room.id);
    const conference = isIn ? await this.#air.admission(room, by.userId) : null;
    return { session: await this.#herald.view(session), conference };
  }

  /** The session that this user is in, in whatever room, and how to take part again: all that a page needs that knows nothing. */
  async current(user: ImIdentity): Promise<{ session: CohostSession | null; conference: ConferenceJoin | null }> {
    const session = await store.openSessionOfUser(this.#options.db, user);
    return session ? this.rejoin(session.id, user) : { session: null, conference: null };
  }

  /** What goes on in the room, as this user may see it. */
  async list(
    roomId: string,
    userId: string,
  ): Promise<{ items: CohostSession[]; layout: MixTemplate; conference: ConferenceJoin | null }> {
    const { db } = this.#options;
    const room = await this.#room(roomId);
    const { layout } = await store.findCohostRoom(db, roomId);
    const seen = (await store.openSessionsOf(db, roomId)).filter(
      (session) => userId === room.anchorId || userId === session.userId || session.state === 'on-air',
    );
    const isSide = userId === room.anchorId || seen.some((session) => session.userId === userId);
    // Every viewer who comes asks this: most of them take no part.
    const conference = isSide ? await this.#air.admission(room, userId) : null;
    return { items: await this.#herald.views(seen), layout, conference };
  }

  async setLayout(roomId: string, layout: MixTemplate): Promise<void> {
    const { db, im } = this.#options;
    await this.#turns.take(roomId, async () => {
      await store.updateCohostRoom(db, roomId, { layout });
      await this.#air.show(roomId);
    });
    im.broadcast(roomId, 'cohost.layout', { layout }, 'signal');
  }

  /** Why a room begins no battle now; null: it may. Within a transaction that holds the room. */
  async whyBusy(tx: Db, { id, appId, anchorId }: RoomRow): Promise<LiveError | null> {
    const sessions = await store.openSessionsOf(tx, id);
    if (sessions.some(isIn))
      return new LiveError(
        'BUSY',
        `somebody is on air beside the anchor of room "${id}": a battle is for two anchors alone`,
      );
    if ((await store.findCohostRoom(tx, id)).conferenceId !== null)
      return new LiveError(
        'BUSY',
        `the anchor of room "${id}" is still shown from co-hosting: its own stream has to be back`,
      );
    const elsewhere = await store.openSessionOfUser(tx, { appId, userId: anchorId });
    return elsewhere && isIn(elsewhere)
      ? new LiveError('BUSY', `the anchor of room "${id}" is on air in another room`)
      : null;
  }

  async close(): Promise<void> {
    await this.#upkeep.close();
    await this.#turns.settled();
  }

  async #room(roomId: string): Promise<RoomWithAnchor> {
    const room = await this.#options.rooms.find(roomId);
    if (!room) throw roomMissing(roomId);
    checkOpen(room);
    return room;
  }

  /** @throws LiveError SESSION_NOT_FOUND, also for a user of another app, whatever it is called. */
  async #sessionOf(id: string, { appId }: ImIdentity): Promise<CohostSessionRow> {
    const session = await store.findSession(this.#options.db, id);
    if (session?.appId !== appId) throw sessionMissing(id);
    return session;
  }

  /** A user sits, asks or is asked in one room at a time; an anchor who is live has a room to be in. @throws LiveError BUSY */
  async #checkFree(tx: Db, roomId: string, { appId, userId }: ImIdentity): Promise<void> {
    const busy = await this.#options.whyBusy(tx, roomId);
    if (busy) throw busy;
    const elsewhere = await store.openSessionOfUser(tx, { appId, userId });
    if (elsewhere && elsewhere.roomId !== roomId)
      throw new LiveError('BUSY', `"${userId}" is busy with another room: end that first`);
    if (await store.isLiveElsewhere(tx, { appId, userId }, roomId))
      throw new LiveError('BUSY', `"${userId}" is live in a room of its own: ask for a battle instead`);
  }

  async #applyTo(id: string, by: ImIdentity, input: SeatInput): Promise<void> {
    await this.#apply((await this.#sessionOf(id, by)).roomId, input);
  }

  /** Applies what somebody asks for, and what follows from it. @throws LiveError of {@link advance} and of the check. */
  #apply(roomId: string, input: SeatInput, check?: Check): Promise<readonly SeatChange[]> {
    return this.#turns.take(roomId, () => this.#applyNow(roomId, input, check));
  }

  #learn(roomId: string, decide: () => Promise<SeatInput | null>): Promise<void> {
    return this.#turns.take(roomId, async () => {
      const input = await decide();
      if (input) await this.#applyNow(roomId, input);
    });
  }

  async #applyNow(roomId: string, input: SeatInput, check?: Check): Promise<readonly SeatChange[]> {
    const { db, limits, now } = this.#options;
    const changes = await db.transaction().execute(async (tx) => {
      const room = await lockRoom(tx, roomId);
      if (!room) throw roomMissing(roomId);
      const seats = await store.loadSeats(tx, room);
      // First whether it is theirs to ask for: others are not told more.
      const step = advance(seats, input, limits, now());
      await check?.(tx, room, seats);
      await store.saveChanges(tx, step.changes);
      return step.changes;
    });
    await this.#followAll(roomId, changes);
    return changes;
  }

  /** What follows from the steps, all of it: a failure at one of them leaves nobody else without word. */
  async #followAll(roomId: string, changes: readonly SeatChange[]): Promise<void> {
    if (changes.length === 0) return;
    const room = await this.#options.rooms.find(roomId);
    if (!room) return;
    const failures: unknown[] = [];
    for (const change of changes)
      await this.#follow(room, change).catch((error: unknown) => {
        failures.push(error);
      });
    await this.#air.show(roomId);
    if (failures.length > 0) throw failures[0];
  }

  /** What follows from one session's step. */
  async #follow(room: RoomWithAnchor, { session, before, said }: SeatChange): Promise<void> {
    const { id, userId, state, endReason } = session;
    this.#options.log.info(
      { roomId: room.id, session: id, userId, reason: endReason ?? undefined },
      `co-host ${state}`,
    );
    if (state === 'asking') return this.#herald.asked(room, session);
    if (state === 'on-air') return this.#herald.started(room, session);
    if (state === 'joining') {
      await this.#air.letIn(room, session);
      return this.#tellAnswer(room, session, said);
    }
    if (before !== 'asking') await this.#air.seeOff(room, session);
    if (endReason === 'rejected') await this.#herald.answered(room, session, said, null);
    await this.#herald.ended(room, session, said);
  }

  /** Both sides get what they need to take part: who answers by the answer, who asked by a signal. */
  async #tellAnswer(room: RoomWithAnchor, session: CohostSessionRow, said: string | null): Promise<void> {
    const conference = await this.#air.admission(room, askingSide(room, session));
    await this.#herald.answered(room, session, said, conference);
  }

  async #mend(roomId: string): Promise<void> {
    await this.#turns.take(roomId, async () => {
      const room = await this.#options.rooms.find(roomId);
      if (!room || room.state === 'closed') return;
      for (const session of await this.#air.mend(room)) await this.#tellAnswer(room, session, null);
    });
  }

  /** A control that ended may not have told of what it did last. */
  async #tellAgain(): Promise<void> {
    const { db, now, rooms } = this.#options;
    for (const session of await store.recentSessions(db, now() - TOLD_AGAIN_MS)) {
      const room = await rooms.find(session.roomId);
      if (!room) continue;
      if (session.state === 'asking') await this.#herald.asked(room, session);
      if (session.state === 'joining') await this.#tellAnswer(room, session, null);
      if (session.state === 'ended') await this.#herald.endedAgain(room, session);
    }
  }
}

const isIn = ({ state }: CohostSessionRow): boolean => state === 'joining' || state === 'on-air';

/** @throws LiveError ROOM_CLOSED */
function checkOpen({ id, state }: RoomRow): void {
  if (state === 'closed') throw roomClosed(id);
}
