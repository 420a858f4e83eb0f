import { leases, type Program, type RoomEvent } from '@lianmai/contract';
import type { ChangeRoomCustom, RoomCustom, UpdateRoom } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { AppUserRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { whyRefused } from '../account/rules.ts';
import { deleteChannel } from '../channel/store.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Overseer } from '../publish/overseer.ts';
import { findUser } from '../user/store.ts';
import { RoomCounters } from './counters.ts';
import { changeCustom } from './custom.ts';
import { openRoom } from './opening.ts';
import { changeFields, type RoomFields, roomClosed, searchText } from './rules.ts';
import { advance, type RoomInput } from './state.ts';
import * as store from './store.ts';

export interface RoomHallOptions {
  db: Db;
  bus: Bus;
  live: LiveBoard;
  overseer: Overseer;
  now: () => number;
  log: Logger;
}

/** How often counts are written and deadlines looked at; deadlines are in the database, so any control may see to them. */
const TICK_MS = 1000;
/** What a change did not reach, the database being away, is put right this often. */
const COMPARE_EVERY_MS = 10_000;
/** How long an anchor's channel, and with it its addresses, outlives the room. */
const CHANNEL_KEPT_MS = 3_600_000;
const CLOSED_KEPT_MS = 90 * 86_400_000;

/** Where rooms are kept: applies what happens to them, one thing after the other, and tells everybody concerned (`room.event`). */
export class RoomHall {
  /** Viewers and likes, as they come. */
  readonly counters = new RoomCounters();
  readonly #options: RoomHallOptions;
  /** Mixes that channels' viewers see now, by the channel's stream. */
  readonly #mixes = new Map<string, Program>();
  #queue: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #ticking = false;

  constructor(options: RoomHallOptions) {
    this.#options = options;
  }

  /** Takes up the rooms of before: nobody is late because control was away. */
  async start(): Promise<void> {
    const { bus, live, db } = this.#options;
    const prefix = leases.program('');
    this.#unsubscribe = [
      live.onChange(({ entry }) => this.#look(entry.channelId)),
      await bus.watch<Program>(prefix, (key, program) => this.#programChanged(key.slice(prefix.length), program)),
      bus.subscribe('user.change', ({ appId, userId }) => void this.#later(() => this.#renameAnchor(appId, userId))),
    ];
    for (const room of await store.openRooms(db)) await this.#apply(room.id, { type: 'restarted' });
    await this.#compare();
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => void this.#later(() => this.#compare()), COMPARE_EVERY_MS),
    ];
  }

  /**
   * Opens an anchor's room, or gives back the one it is preparing with the new fields.
   * @throws LiveError USER_NOT_FOUND, ROOM_ALREADY_OPEN, ROOM_QUOTA_EXCEEDED, ACCOUNT_…
   */
  async open(
    anchor: Pick<AppUserRow, 'appId' | 'userId'>,
    fields: RoomFields,
  ): Promise<{ room: store.RoomWithAnchor; made: boolean }> {
    const { db, now } = this.#options;
    const { id, made } = await openRoom(db, anchor, fields, now());
    this.#publish(id, { type: made ? 'opened' : 'changed', reason: null });
    const room = await this.#found(id);
    await this.#compareStream(room);
    return { room: await this.#found(id), made };
  }

  /** The room, closed or not; undefined: there is none. */
  find(id: string): Promise<store.RoomWithAnchor | undefined> {
    return store.findRoom(this.#options.db, id);
  }

  /**
   * Applies what happens to a room. To a closed one nothing happens any more.
   * @throws LiveError ROOM_NOT_FOUND
   */
  async change(id: string, input: RoomInput): Promise<void> {
    const { db, now } = this.#options;
    // So that the last likes are in the summary.
    if (input.type === 'close') await this.#writeCounts();
    const { room, event } = await db.transaction().execute(async (tx) => {
      const before = await store.lockRoom(tx, id);
      if (!before) throw store.roomMissing(id);
      const step = advance(before, input, now());
      if (step.room === before) return step;
      const { id: _, ...after } = step.room;
      await store.updateRoom(tx, id, step.event?.type === 'closed' ? { ...after, viewers: 0 } : after);
      if (step.event?.type === 'closed')
        await tx
          .updateTable('roomChannel')
          .set({ expiresAt: now() + CHANNEL_KEPT_MS })
          .where('channelId', '=', before.channelId)
          .execute();
      return step;
    });
    if (!event) return;
    this.#publish(id, event);
    if (event.type !== 'closed') return;
    this.counters.forget(id);
    // A publisher on the channel of a closed room is sent away.
    await this.#options.overseer.review(({ channelId }) => channelId === room.channelId);
  }

  /** Changes what is given. @throws LiveError ROOM_NOT_FOUND, ROOM_CLOSED */
  async update(id: string, change: UpdateRoom): Promise<void> {
    const { db } = this.#options;
    await db.transaction().execute(async (tx) => {
      const room = await this.#lockOpen(tx, id);
      const fields = changeFields(room, change);
      const anchor = await findUser(tx, { appId: room.appId, userId: room.anchorId });
      await store.updateRoom(tx, id, { ...fields, search: searchText(fields.title, anchor?.nickname ?? '') });
    });
    this.#publish(id, { type: 'changed', reason: null });
  }

  /** Changes one of the room's own fields; two changes at once both count. @throws LiveError ROOM_NOT_FOUND, ROOM_CLOSED, BAD_REQUEST */
  async custom(id: string, change: ChangeRoomCustom): Promise<RoomCustom> {
    const { db } = this.#options;
    const custom = await db.transaction().execute(async (tx) => {
      const room = await this.#lockOpen(tx, id);
      const custom = changeCustom(JSON.parse(room.custom), change);
      await store.updateRoom(tx, id, { custom: JSON.stringify(custom) });
      return custom;
    });
    this.#publish(id, { type: 'changed', reason: null });
    return custom;
  }

  /** The anchor's page is there. Written with the next counts. */
  beat(id: string): void {
    this.counters.beat(id, this.#options.now());
  }

  /** Resolves when what was heard before is applied. */
  settled(): Promise<void> {
    return this.#queue;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#later(() => this.#writeCounts());
  }

  async #found(id: string): Promise<store.RoomWithAnchor> {
    const room = await this.find(id);
    if (!room) throw store.roomMissing(id);
    return room;
  }

  async #lockOpen(tx: Db, id: string): Promise<RoomRow> {
    const room = await store.lockRoom(tx, id);
    if (!room) throw store.roomMissing(id);
    if (room.state === 'closed') throw roomClosed(id);
    return room;
  }

  #publish(roomId: string, event: Pick<RoomEvent, 'type' | 'reason'>): void {
    const { bus, log, now } = this.#options;
    bus.publish('room.event', { roomId, ...event, atMs: now() });
    if (event.type !== 'changed') log.info({ roomId, reason: event.reason ?? undefined }, `room ${event.type}`);
  }

  #programChanged(stream: string, program: Program | null): void {
    const before = this.#mixes.get(stream);
    // A picture that stands in is not the anchor.
    if (program?.kind === 'mix') this.#mixes.set(stream, program);
    else this.#mixes.delete(stream);
    const channelId = program?.channelId ?? before?.channelId;
    if (channelId !== undefined) this.#look(channelId);
  }

  /** Something may have changed in what is on air on this channel. */
  #look(channelId: string): void {
    void this.#later(async () => {
      const room = await store.openRoomOn(this.#options.db, channelId);
      if (room) await this.#compareStream(room);
    });
  }

  async #compareStream({ id, channelId, stream, state }: RoomRow): Promise<void> {
    const entry = this.#options.live.get(stream);
    const direct = entry?.channelId === channelId && entry.interruptedAtMs === null;
    const live = direct || this.#mixes.get(stream)?.channelId === channelId;
    if (state !== 'closed' && live !== (state === 'live')) await this.#apply(id, { type: 'stream', live });
  }

  /** For a room that may be gone already. */
  async #apply(id: string, input: RoomInput): Promise<void> {
    if (await this.find(id)) await this.change(id, input);
  }

  /** One after the other, in the order heard. */
  #later(job: () => Promise<void>, level: 'warn' | 'debug' = 'warn'): Promise<void> {
    const failed = (error: unknown) => this.#options.log[level]({ err: error }, 'rooms are not up to date');
    this.#queue = this.#queue.then(job).catch(failed);
    return this.#queue;
  }

  /** One write after the other, or what is counted would be added twice. @throws what the database says. */
  #writeCounts(): Promise<void> {
    const writing = this.#writing.then(async () => {
      const counts = this.counters.unwritten();
      if (counts.length === 0) return;
      const likes = await this.#options.db.transaction().execute((tx) => store.addCounts(tx, counts));
      for (const count of counts) this.counters.written(count, likes.get(count.roomId) ?? null);
    });
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    // So often that a failure is no news.
    await this.#later(async () => {
      const { db, now } = this.#options;
      await this.#writeCounts();
      for (const id of await store.dueRooms(db, now())) await this.#apply(id, { type: 'tick' });
    }, 'debug');
    this.#ticking = false;
  }

  /** Compares rooms with what is live, with their accounts and channels, and forgets what is too old. */
  async #compare(): Promise<void> {
    const { db, now, overseer } = this.#options;
    for (const room of await store.openRooms(db)) {
      this.counters.know(room);
      if (room.channelThere === null) await this.#apply(room.id, { type: 'close', reason: 'operator' });
      else if (whyRefused(room.account)) await this.#apply(room.id, { type: 'close', reason: 'account' });
      else await this.#compareStream(room);
    }
    for (const id of await store.expiredChannels(db, now())) {
      await deleteChannel(db, id);
      await overseer.review(({ channelId }) => channelId === id);
    }
    await store.forgetClosed(db, now() - CLOSED_KEPT_MS);
  }

  /** Puts right at once what a change of accounts or channels means for rooms. */
  review(): Promise<void> {
    return this.#later(() => this.#compare());
  }

  async #renameAnchor(appId: string, userId: string): Promise<void> {
    const { db } = this.#options;
    const [user, room] = await Promise.all([findUser(db, { appId, userId }), store.openRoomOf(db, appId, userId)]);
    if (!user || !room) return;
    await store.updateRoom(db, room.id, { search: searchText(room.title, user.nickname) });
    this.#publish(room.id, { type: 'changed', reason: null });
  }
}
