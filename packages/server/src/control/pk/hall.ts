import { LiveError } from '@lianmai/contract';
import type { PkSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { PkSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import type { Talks } from '../cohost/talk.ts';
import type { ImDesk } from '../im/desk.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Shows, ShowWish } from '../mix/shows.ts';
import { rfc3339 } from '../rest/time.ts';
import type { RoomHall } from '../room/hall.ts';
import { type RoomWithAnchor, roomMissing } from '../room/store.ts';
import { profileOf } from '../user/rules.ts';
import { advance, type BattleInput, type BattleTimes, battleMissing } from './state.ts';
import * as store from './store.ts';

export interface PkHallOptions {
  db: Db;
  bus: Bus;
  im: ImDesk;
  rooms: RoomHall;
  live: LiveBoard;
  talks: Talks;
  shows: Shows;
  times: BattleTimes;
  /** Whether somebody is on air beside the anchor, or being let in: that and a battle exclude each other. */
  hasCohosts(roomId: string): Promise<boolean>;
  now: () => number;
  log: Logger;
}

/** How an anchor takes part. */
export interface PkAdmission {
  session: PkSession;
  conference: ConferenceJoin | null;
}

const TICK_MS = 1000;
const COMPARE_EVERY_MS = 10_000;
/** An anchor without picture is gone after this. */
const ANCHOR_GONE_AFTER_MS = 15_000;
const ENDED_KEPT_MS = 86_400_000;
/** Two halves of 360x640, as the classic system's clients make it. */
const CANVAS = { width: 720, height: 640 } as const;

/** Where battles are held: applies what is asked and learnt, battle by battle, and tells both rooms. */
export class PkHall {
  readonly #options: PkHallOptions;
  /** Points since they were written last, by room. */
  readonly #points = new Map<string, number>();
  /** Battle of each room that is in one, and when the anchor was lost. */
  readonly #fighting = new Map<string, { id: string; lostAtMs: number | null }>();
  #queue: Promise<unknown> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #closed = false;

  constructor(options: PkHallOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus, im, live } = this.#options;
    this.#unsubscribe = [
      bus.subscribe('conference.event', ({ type }) => {
        if (type === 'on-air' || type === 'left' || type === 'off-air') this.#lookAgain();
      }),
      bus.subscribe('room.event', ({ roomId, type }) => {
        if (type === 'closed') void this.#learn(() => this.#overIn(roomId, 'room-closed'));
      }),
      live.onChange(() => this.#lookAgain()),
      im.onApplause(({ roomId, likes, gift }) => {
        const points = likes + (gift ? gift.count * gift.price : 0);
        if (points > 0 && this.#fighting.has(roomId))
          this.#points.set(roomId, (this.#points.get(roomId) ?? 0) + points);
      }),
    ];
    this.#timers = [
      setInterval(() => void this.#learn(() => this.#tick()), TICK_MS),
      setInterval(() => void this.#learn(() => this.#compare()), COMPARE_EVERY_MS),
    ];
    await this.#learn(() => this.#compare());
  }

  /** An anchor who is live invites another who is. */
  invite(roomId: string, targetRoomId: string, reason: string | null): Promise<PkSession> {
    return this.#inTurn(async () => {
      const { db, im, now, times } = this.#options;
      if (roomId === targetRoomId)
        throw new LiveError('BAD_REQUEST', 'a room cannot battle itself: name another', 'targetRoomId');
      const [room, target] = [await this.#liveRoom(roomId), await this.#liveRoom(targetRoomId)];
      if (room.appId !== target.appId) throw roomMissing(targetRoomId);
      await this.#checkAlone(roomId);
      await this.#checkAlone(targetRoomId);
      const session: PkSessionRow = {
        id: newId('pk'),
        appId: room.appId,
        roomId,
        targetRoomId,
        reason,
        state: 'asking',
        createdAt: now(),
        dueAt: now() + times.answerMs,
        score: 0,
        targetScore: 0,
        winnerRoomId: null,
        conferenceId: null,
        mixId: null,
        endedAt: null,
        endReason: null,
      };
      await db.transaction().execute(async (tx) => {
        await store.lockRooms(tx, [roomId, targetRoomId]);
        await this.#checkFree(tx, roomId);
        await this.#checkFree(tx, targetRoomId);
        await store.insertBattle(tx, session);
      });
      const view = await this.view(session);
      const params = { roomId: targetRoomId, session: view, reason };
      const to = { appId: target.appId, userId: target.anchorId };
      im.signal(to, 'pk.invited', params, { ttlMs: times.answerMs, signalId: `${session.id}-ask` });
      this.#log(session);
      return view;
    });
  }

  async answer(id: string, by: string, accept: boolean, reason: string | null): Promise<PkAdmission> {
    return this.#inTurn(async () => {
      const before = await store.findBattle(this.#options.db, id);
      if (accept && before?.state === 'asking')
        for (const roomId of [before.roomId, before.targetRoomId]) await this.#checkAlone(roomId);
      const session = await this.#apply(id, { type: 'answer', by, accept }, reason);
      return this.#admission(session, by);
    });
  }

  cancel(id: string, by: string): Promise<void> {
    return this.#inTurn(async () => void (await this.#apply(id, { type: 'cancel', by })));
  }

  quit(id: string, by: string): Promise<void> {
    return this.#inTurn(async () => void (await this.#apply(id, { type: 'quit', by })));
  }

  /** The admission once more, for a page that was loaded anew. */
  async rejoin(id: string, by: string): Promise<PkAdmission> {
    const session = await store.findBattle(this.#options.db, id);
    const sides = session ? await this.#sidesOf(session) : null;
    if (!session || !sides?.some(({ anchorId }) => anchorId === by)) throw battleMissing(id);
    return this.#admission(session, by);
  }

  /** What the room is in, from an accepted invitation on; its anchor sees an invitation too. */
  async current(roomId: string, userId: string): Promise<PkSession | null> {
    const [session] = await store.openBattles(this.#options.db, roomId);
    if (!session) return null;
    if (session.state === 'asking' && !(await this.#sidesOf(session)).some(({ anchorId }) => anchorId === userId))
      return null;
    return this.view(session);
  }

  /** Why the room takes no co-anchors now; null: it may. */
  async whyBusy(roomId: string): Promise<LiveError | null> {
    const battles = await store.openBattles(this.#options.db, roomId);
    return battles.some(({ state }) => state !== 'asking')
      ? new LiveError('BUSY', 'the anchor is in a battle: ask again when it is over')
      : null;
  }

  async view(session: PkSessionRow): Promise<PkSession> {
    const { id, state, createdAt, dueAt, score, targetScore, winnerRoomId, endReason } = session;
    const [first, second] = await this.#sidesOf(session);
    return {
      id,
      sides: [
        { roomId: first.id, anchor: profileOf({ ...first, userId: first.anchorId }), score },
        { roomId: second.id, anchor: profileOf({ ...second, userId: second.anchorId }), score: targetScore },
      ],
      state,
      createdAt: rfc3339(createdAt),
      expiresAt: dueAt === null ? null : rfc3339(dueAt),
      winner: winnerRoomId,
      endReason,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#queue;
  }

  async #liveRoom(id: string): Promise<RoomWithAnchor> {
    const room = await this.#options.rooms.find(id);
    if (!room || room.state === 'closed') throw roomMissing(id);
    if (room.state !== 'live')
      throw new LiveError('STREAM_NOT_LIVE', `room "${id}" is not live: battles are between live rooms`);
    return room;
  }

  async #sidesOf({ roomId, targetRoomId }: PkSessionRow): Promise<[RoomWithAnchor, RoomWithAnchor]> {
    const { rooms } = this.#options;
    const [first, second] = [await rooms.find(roomId), await rooms.find(targetRoomId)];
    if (!first) throw roomMissing(roomId);
    if (!second) throw roomMissing(targetRoomId);
    return [first, second];
  }

  /** @throws LiveError BUSY */
  async #checkFree(tx: Db, roomId: string): Promise<void> {
    const battles = await store.openBattles(tx, roomId);
    if (battles.length > 0)
      throw new LiveError('BUSY', `room "${roomId}" is in a battle, or invited to one: try later`);
  }

  /** @throws LiveError BUSY */
  async #checkAlone(roomId: string): Promise<void> {
    if (await this.#options.hasCohosts(roomId)) throw cohosting(roomId);
  }

  /** Applies an input and what follows from it. @throws LiveError of {@link advance}. */
  async #apply(id: string, input: BattleInput, said: string | null = null): Promise<PkSessionRow> {
    const { db, times, now } = this.#options;
    const { before, after } = await db.transaction().execute(async (tx) => {
      const battle = await store.lockBattle(tx, id);
      const after = advance(battle, input, times, now());
      const { id: _, ...row } = after;
      if (after !== battle.session) await store.updateBattle(tx, id, row);
      return { before: battle.session, after };
    });
    if (after.state === before.state) return after;
    this.#log(after);
    const current = await this.#follow(before, after, said);
    return current;
  }

  /** What follows from a change of state. */
  async #follow(before: PkSessionRow, after: PkSessionRow, said: string | null): Promise<PkSessionRow> {
    const { im } = this.#options;
    const [first, second] = await this.#sidesOf(after);
    let session = after;
    if (after.state === 'joining') session = await this.#letIn(after, first, second);
    if (after.state === 'ended') await this.#finish(after);
    const view = await this.view(session);
    const inviter = { appId: first.appId, userId: first.anchorId };
    if (before.state === 'asking' && (after.state === 'joining' || after.endReason === 'rejected')) {
      const accepted = after.state === 'joining';
      const { conference } = accepted ? await this.#admission(session, first.anchorId) : { conference: null };
      im.signal(inviter, 'pk.answered', { roomId: first.id, session: view, accepted, reason: said, conference });
    }
    const event = EVENTS[after.state];
    for (const room of [first, second]) {
      if (event && before.state !== 'asking') im.broadcast(room.id, event, { session: view }, 'signal');
      if (after.state === 'ended')
        im.signal({ appId: room.appId, userId: room.anchorId }, 'pk.ended', { roomId: room.id, session: view });
    }
    return session;
  }

  async #letIn(session: PkSessionRow, first: RoomWithAnchor, second: RoomWithAnchor): Promise<PkSessionRow> {
    const { db, talks } = this.#options;
    const conferenceId = await talks.open(first);
    await store.updateBattle(db, session.id, { conferenceId });
    for (const { anchorId, nickname } of [first, second])
      await talks.join(conferenceId, { userId: anchorId, nickname }, anchorId === first.anchorId ? 'owner' : 'member');
    for (const { id } of [first, second]) this.#fighting.set(id, { id: session.id, lostAtMs: null });
    this.#lookAgain();
    return { ...session, conferenceId };
  }

  /** Both channels go back to their own streams; what was made for the battle ends. */
  async #finish({ id, roomId, targetRoomId, mixId, conferenceId }: PkSessionRow): Promise<void> {
    const { db, shows, talks } = this.#options;
    for (const room of [roomId, targetRoomId]) {
      this.#fighting.delete(room);
      this.#points.delete(room);
    }
    await shows.set(mixId, null);
    if (conferenceId !== null) await talks.end(conferenceId);
    await store.updateBattle(db, id, { mixId: null, conferenceId: null });
  }

  async #admission(session: PkSessionRow, userId: string): Promise<PkAdmission> {
    const { talks } = this.#options;
    const there = session.conferenceId === null ? undefined : await talks.find(session.conferenceId);
    const sides = await this.#sidesOf(session);
    return { session: await this.view(session), conference: there ? talks.admission(there, userId, sides) : null };
  }

  /** Shows both anchors side by side as soon as both are there, and as long as the battle goes on. */
  async #show(session: PkSessionRow): Promise<void> {
    const { db, talks, shows } = this.#options;
    const sides = await this.#sidesOf(session);
    const there = session.conferenceId === null ? undefined : await talks.find(session.conferenceId);
    const streams = sides.map((side) => talks.anchorStream(there, side));
    this.#noteLost(session, streams);
    const bothThere = streams.every((stream) => stream !== null);
    if (session.state === 'joining' && !bothThere) return;
    const wish: ShowWish = {
      appId: session.appId,
      inputs: sides.map((side, i) => ({ id: side.id, stream: streams[i] ?? side.stream, label: side.nickname })),
      layout: 'pk',
      output: { channels: sides.map(({ channelId }) => channelId), ...CANVAS },
    };
    const mixId = await shows.set(session.mixId, wish);
    if (mixId !== session.mixId) await store.updateBattle(db, session.id, { mixId });
    if (session.state === 'joining') await this.#apply(session.id, { type: 'joined' });
  }

  #noteLost({ roomId, targetRoomId }: PkSessionRow, streams: readonly (string | null)[]): void {
    for (const [i, room] of [roomId, targetRoomId].entries()) {
      const fighting = this.#fighting.get(room);
      if (fighting) fighting.lostAtMs = streams[i] === null ? (fighting.lostAtMs ?? this.#options.now()) : null;
    }
  }

  async #overIn(roomId: string, reason: 'anchor-gone' | 'room-closed'): Promise<void> {
    for (const { id } of await store.openBattles(this.#options.db, roomId))
      await this.#apply(id, { type: 'over', reason });
  }

  async #tick(): Promise<void> {
    const { db, now } = this.#options;
    await this.#countPoints();
    for (const id of await store.dueBattles(db, now())) await this.#apply(id, { type: 'tick' });
    for (const [roomId, { lostAtMs }] of [...this.#fighting])
      if (lostAtMs !== null && now() - lostAtMs >= ANCHOR_GONE_AFTER_MS) await this.#overIn(roomId, 'anchor-gone');
  }

  async #countPoints(): Promise<void> {
    const { im } = this.#options;
    const changed = new Map<string, PkSessionRow>();
    for (const [roomId, points] of [...this.#points]) {
      this.#points.delete(roomId);
      const id = this.#fighting.get(roomId)?.id;
      if (id === undefined) continue;
      const session = await this.#apply(id, { type: 'points', roomId, points });
      if (session.state === 'battle') changed.set(id, session);
    }
    for (const { id, roomId, targetRoomId, score, targetScore } of changed.values())
      for (const room of [roomId, targetRoomId])
        im.broadcast(room, 'pk.score', { sessionId: id, scores: [score, targetScore] }, 'signal');
  }

  /** Puts right what no event told of, and keeps anchors in their conference who are there by their own streams. */
  async #compare(): Promise<void> {
    const { db, talks, im, now } = this.#options;
    for (const session of await store.openBattles(db)) {
      if (session.state === 'asking') continue;
      const sides = await this.#sidesOf(session);
      for (const side of sides) {
        if (side.state === 'closed') await this.#overIn(side.id, 'room-closed');
        if (!this.#fighting.has(side.id)) this.#fighting.set(side.id, { id: session.id, lostAtMs: null });
        const isThere = im.isOnline({ appId: side.appId, userId: side.anchorId }) || talks.isLive(side);
        if (session.conferenceId !== null && isThere) await talks.attend(session.conferenceId, side.anchorId);
      }
    }
    for (const session of await store.unfinishedBattles(db)) await this.#finish(session);
    await this.#showAll();
    await store.forgetEnded(db, now() - ENDED_KEPT_MS);
  }

  async #showAll(): Promise<void> {
    for (const session of await store.openBattles(this.#options.db))
      if (session.state !== 'asking') await this.#show(session);
  }

  /** Streams came or went. */
  #lookAgain(): void {
    if (this.#fighting.size > 0) void this.#learn(() => this.#showAll());
  }

  #log({ id, roomId, targetRoomId, state, endReason }: PkSessionRow): void {
    const { log } = this.#options;
    log.info({ session: id, roomId, targetRoomId, reason: endReason ?? undefined }, `battle ${state}`);
  }

  async #learn(job: () => Promise<void>): Promise<void> {
    await this.#inTurn(job).catch((error: unknown) => {
      if (!this.#closed) this.#options.log.warn({ err: error }, 'battles are not up to date');
    });
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(job, job);
    this.#queue = done.catch(() => {});
    return done;
  }
}

/** What both rooms are told of a new state. */
const EVENTS: Partial<Record<PkSessionRow['state'], string>> = {
  battle: 'pk.started',
  punishment: 'pk.punishment',
  ended: 'pk.ended',
};

const cohosting = (roomId: string): LiveError =>
  new LiveError('BUSY', `somebody is on air beside the anchor of room "${roomId}": a battle is for two anchors alone`);
