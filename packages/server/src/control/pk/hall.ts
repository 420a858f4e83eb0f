import { type ConferenceEvent, type ImIdentity, LiveError } from '@lianmai/contract';
import type { PkSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus } from '../../bus/bus.ts';
import type { PkSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import type { Talks } from '../cohost/talk.ts';
import type { GiftWriter, ImDesk } from '../im/desk.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Shows } from '../mix/shows.ts';
import type { RoomHall } from '../room/hall.ts';
import { roomClosed } from '../room/rules.ts';
import { type RoomWithAnchor, roomMissing } from '../room/store.ts';
import { Turns } from '../turns.ts';
import { Upkeep } from '../upkeep.ts';
import { Arena } from './arena.ts';
import { PkHerald } from './herald.ts';
import { Scores } from './scores.ts';
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
  /** Why a room begins no battle now, such as somebody on air beside the anchor; null: it may. Within a transaction that holds the room. */
  whyBusy(tx: Db, room: RoomRow): Promise<LiveError | null>;
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
/** After a start, the ends of so long before are told of again: who heard of them knows them by their signal. */
const TOLD_AGAIN_MS = 10_000;

/** Where battles are held: applies what is asked and learnt, battle by battle, and tells both rooms. */
export class PkHall {
  readonly #options: PkHallOptions;
  readonly #arena: Arena;
  readonly #herald: PkHerald;
  readonly #scores = new Scores();
  readonly #upkeep: Upkeep;
  /** By battle. */
  readonly #turns = new Turns();

  constructor(options: PkHallOptions) {
    this.#options = options;
    this.#arena = new Arena(options);
    this.#herald = new PkHerald({ ...options, arena: this.#arena });
    this.#upkeep = new Upkeep(options.log, 'battles are not up to date');
  }

  async start(): Promise<void> {
    const { bus, im, live } = this.#options;
    const upkeep = this.#upkeep;
    upkeep.hear(
      bus.subscribe('conference.event', (event) => void upkeep.run(() => this.#heard(event))),
      bus.subscribe('room.event', ({ roomId, type }) => {
        if (type === 'closed') void upkeep.run(() => this.#closed(roomId));
      }),
      live.onChange(({ entry }) => void upkeep.run(() => this.#streamChanged(entry.channelId))),
      im.onLikes(({ roomId, count }) => this.#scores.like(roomId, count)),
    );
    upkeep.every(TICK_MS, () => this.#tick(), 'debug');
    upkeep.every(COMPARE_EVERY_MS, () => this.#compare());
    await upkeep.run(() => this.#tellAgain());
    await upkeep.run(() => this.#compare());
  }

  /** Counts gifts in the transaction that writes them: who was told that its gift was given finds it in the score. */
  countGifts: GiftWriter = async (tx, gifts) => {
    const counted: (string | null)[] = [];
    for (const { roomId, worth } of gifts) counted.push(await store.addPoints(tx, roomId, worth));
    return () => {
      for (const id of counted) if (id !== null) this.#scores.changed(id);
    };
  };

  /** An anchor who is live invites another who is. */
  async invite(roomId: string, targetRoomId: string, reason: string | null): Promise<PkSession> {
    const { db, now, times, rooms } = this.#options;
    if (roomId === targetRoomId)
      throw new LiveError('BAD_REQUEST', 'a room cannot battle itself: name another', 'targetRoomId');
    const [room, target] = [await rooms.find(roomId), await rooms.find(targetRoomId)];
    if (!room) throw roomMissing(roomId);
    if (target?.appId !== room.appId) throw roomMissing(targetRoomId);
    const session = newBattle({ appId: room.appId, roomId, targetRoomId, reason }, now(), times);
    await db.transaction().execute(async (tx) => {
      for (const side of await store.lockRooms(tx, [roomId, targetRoomId])) {
        await this.#checkFree(tx, side);
        if ((await store.openBattles(tx, side.id)).length > 0)
          throw new LiveError('BUSY', `room "${side.id}" is in a battle, or invited to one: try later`);
      }
      await store.insertBattle(tx, session);
    });
    this.#log(session);
    await this.#herald.invited(session);
    return this.#herald.view(session);
  }

  answer(id: string, by: ImIdentity, accept: boolean, reason: string | null): Promise<PkAdmission> {
    return this.#turns.take(id, async () => {
      const session = await this.#apply(id, { type: 'answer', by: by.userId, accept }, { by, said: reason });
      return this.#admission(session, by);
    });
  }

  cancel(id: string, by: ImIdentity): Promise<void> {
    return this.#turns.take(id, async () => void (await this.#apply(id, { type: 'cancel', by: by.userId }, { by })));
  }

  quit(id: string, by: ImIdentity): Promise<void> {
    return this.#turns.take(id, async () => void (await this.#apply(id, { type: 'quit', by: by.userId }, { by })));
  }

  /** The admission once more, for a page that was loaded anew. */
  async rejoin(id: string, by: ImIdentity): Promise<PkAdmission> {
    const session = await store.findBattle(this.#options.db, id);
    const sides = session?.appId === by.appId ? await this.#arena.sidesOf(session) : null;
    if (!session || !sides?.some(({ anchorId }) => anchorId === by.userId)) throw battleMissing(id);
    return this.#admission(session, by);
  }

  /** What the room is in, from an accepted invitation on; its anchor sees an invitation too. */
  async current(roomId: string, userId: string): Promise<PkSession | null> {
    const [session] = await store.openBattles(this.#options.db, roomId);
    if (!session) return null;
    const sides = await this.#arena.sidesOf(session);
    const isSide = sides.some(({ anchorId }) => anchorId === userId);
    return session.state === 'asking' && !isSide ? null : this.#herald.view(session);
  }

  /** Why the room takes no co-anchors now; null: it may. */
  async whyBusy(db: Db, roomId: string): Promise<LiveError | null> {
    const battles = await store.openBattles(db, roomId);
    return battles.some(({ state }) => state !== 'asking')
      ? new LiveError('BUSY', 'the anchor is in a battle: ask again when it is over')
      : null;
  }

  async close(): Promise<void> {
    await this.#upkeep.close();
    await this.#turns.settled();
    for (const id of this.#scores.news()) await this.#writeLikes(id).catch(() => {});
  }

  /** @throws LiveError ROOM_CLOSED, STREAM_NOT_LIVE, BUSY */
  async #checkFree(tx: Db, room: RoomRow): Promise<void> {
    if (room.state === 'closed') throw roomClosed(room.id);
    if (room.state !== 'live')
      throw new LiveError('STREAM_NOT_LIVE', `room "${room.id}" is not live: battles are between live rooms`);
    const busy = await this.#options.whyBusy(tx, room);
    if (busy) throw busy;
  }

  /**
   * Applies an input and what follows from it. To be called in the battle's turn.
   * @param from whose wish it is, and with what words.
   * @throws LiveError of {@link advance}, SESSION_NOT_FOUND for a user of another app, BUSY.
   */
  async #apply(
    id: string,
    input: BattleInput,
    from: { by?: ImIdentity; said?: string | null } = {},
  ): Promise<PkSessionRow> {
    const { db, times, now } = this.#options;
    const { before, after } = await db.transaction().execute(async (tx) => {
      const battle = await store.lockBattle(tx, id);
      if (from.by && from.by.appId !== battle.session.appId) throw battleMissing(id);
      const after = advance(battle, input, times, now());
      if (battle.session.state === 'asking' && after.state === 'joining')
        for (const room of battle.rooms) await this.#checkFree(tx, room);
      const { id: _, ...row } = after;
      if (after !== battle.session) await store.updateBattle(tx, id, row);
      return { before: battle.session, after };
    });
    return after.state === before.state ? after : this.#follow(before, after, from.said ?? null);
  }

  /** What follows from a change of state. */
  async #follow(before: PkSessionRow, after: PkSessionRow, said: string | null): Promise<PkSessionRow> {
    this.#log(after);
    if (after.state === 'ended') {
      this.#scores.end(after);
      await this.#herald.changed(before, after, said);
      await this.#arena.finish(after);
      return after;
    }
    if (after.state !== 'joining') {
      await this.#herald.changed(before, after, said);
      return after;
    }
    await this.#arena.letIn(after, await this.#arena.sidesOf(after));
    this.#scores.begin(after);
    const session = (await store.findBattle(this.#options.db, after.id)) ?? after;
    await this.#herald.changed(before, session, said);
    void this.#upkeep.run(() => this.#turns.take(after.id, () => this.#show(after.id)));
    return session;
  }

  async #admission(session: PkSessionRow, { userId }: ImIdentity): Promise<PkAdmission> {
    const sides = await this.#arena.sidesOf(session);
    return {
      session: await this.#herald.view(session),
      conference: await this.#arena.admission(session, sides, userId),
    };
  }

  /** Begins the battle when both are there; shows who is there as long as it goes on. */
  async #show(id: string): Promise<void> {
    const session = await store.findBattle(this.#options.db, id);
    if (!session || session.state === 'asking' || session.state === 'ended') return;
    const bothThere = await this.#arena.show(session);
    if (bothThere && session.state === 'joining') await this.#apply(id, { type: 'joined' });
  }

  async #closed(roomId: string): Promise<void> {
    for (const { id } of await store.openBattles(this.#options.db, roomId))
      await this.#learn(id, { type: 'over', reason: 'room-closed', roomId });
  }

  /** Applies what is learnt of a battle; a failure at one of them is none for the others. */
  #learn(id: string, input: BattleInput): Promise<void> {
    return this.#upkeep.run(() => this.#turns.take(id, () => this.#apply(id, input)));
  }

  async #heard({ conferenceId }: ConferenceEvent): Promise<void> {
    const session = await store.battleOfConference(this.#options.db, conferenceId);
    if (session) await this.#turns.take(session.id, () => this.#lookAfter(session.id));
  }

  async #streamChanged(channelId: string): Promise<void> {
    for (const id of await store.battlesOnChannel(this.#options.db, channelId))
      await this.#turns.take(id, () => this.#show(id));
  }

  async #tick(): Promise<void> {
    const { db, now } = this.#options;
    for (const id of this.#scores.news())
      await this.#upkeep.run(() => this.#turns.take(id, () => this.#score(id)), 'debug');
    for (const id of await store.dueBattles(db, now())) await this.#learn(id, { type: 'tick' });
    for (const { id, roomId } of this.#arena.lostFor(ANCHOR_GONE_AFTER_MS))
      await this.#learn(id, { type: 'over', reason: 'anchor-gone', roomId });
  }

  /** Writes the likes of a battle, and tells its score when it is another one. */
  async #score(id: string): Promise<void> {
    await this.#writeLikes(id);
    if (!this.#scores.tell(id)) return;
    const session = await store.findBattle(this.#options.db, id);
    if (session?.state === 'battle') this.#herald.scored(session);
  }

  async #writeLikes(id: string): Promise<void> {
    for (const [roomId, count] of this.#scores.likesOf(id)) {
      const counted = await store.addPoints(this.#options.db, roomId, count);
      this.#scores.written(roomId, count);
      if (counted !== null) this.#scores.changed(counted);
    }
  }

  /** Puts right what no event told of. */
  async #compare(): Promise<void> {
    const { db, now } = this.#options;
    const open = (await store.openBattles(db)).filter(({ state }) => state !== 'asking');
    this.#scores.follow(open);
    for (const { id } of open) await this.#upkeep.run(() => this.#turns.take(id, () => this.#lookAfter(id)));
    for (const session of await store.unfinishedBattles(db))
      await this.#upkeep.run(() => this.#turns.take(session.id, () => this.#arena.finish(session)));
    await store.forgetEnded(db, now() - ENDED_KEPT_MS);
  }

  async #lookAfter(id: string): Promise<void> {
    let session = await store.findBattle(this.#options.db, id);
    if (!session || session.state === 'asking' || session.state === 'ended') return;
    const sides = await this.#arena.sidesOf(session);
    const closed = sides.find(({ state }) => state === 'closed');
    if (closed) return void (await this.#apply(id, { type: 'over', reason: 'room-closed', roomId: closed.id }));
    if (await this.#arena.isOver(session))
      return void (await this.#apply(id, { type: 'over', reason: 'anchor-gone', roomId: null }));
    if (session.state === 'joining') session = await this.#letInAgain(session, sides);
    await this.#arena.attend(session, sides);
    await this.#show(id);
  }

  /** Who was let in by a control that did not come to the end of it. */
  async #letInAgain(session: PkSessionRow, sides: readonly [RoomWithAnchor, RoomWithAnchor]): Promise<PkSessionRow> {
    if (await this.#arena.admission(session, sides, sides[1].anchorId)) return session;
    await this.#arena.letIn(session, sides);
    const again = (await store.findBattle(this.#options.db, session.id)) ?? session;
    await this.#herald.answered(again, null);
    return again;
  }

  /** A control that ended may not have told of what it did last. */
  async #tellAgain(): Promise<void> {
    const { db, now } = this.#options;
    for (const session of await store.recentBattles(db, now() - TOLD_AGAIN_MS)) {
      if (session.state === 'asking') await this.#herald.invited(session);
      if (session.state === 'joining') await this.#herald.answered(session, null);
      if (session.state === 'battle') this.#scores.changed(session.id);
      if (session.state === 'ended') await this.#herald.endedAgain(session);
    }
  }

  #log({ id, roomId, targetRoomId, state, endReason }: PkSessionRow): void {
    const { log } = this.#options;
    log.info({ session: id, roomId, targetRoomId, reason: endReason ?? undefined }, `battle ${state}`);
  }
}

function newBattle(
  asked: Pick<PkSessionRow, 'appId' | 'roomId' | 'targetRoomId' | 'reason'>,
  nowMs: number,
  { answerMs }: BattleTimes,
): PkSessionRow {
  return {
    ...asked,
    id: newId('pk'),
    state: 'asking',
    createdAt: nowMs,
    dueAt: nowMs + answerMs,
    score: 0,
    targetScore: 0,
    winnerRoomId: null,
    conferenceId: null,
    mixId: null,
    endedAt: null,
    endReason: null,
  };
}
