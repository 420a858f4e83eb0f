import type { ConferenceEvent } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import type { CohostSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { memberNamed } from '../conference/rules.ts';
import type { ImDesk } from '../im/desk.ts';
import type { LiveBoard } from '../live/board.ts';
import type { RoomHall } from '../room/hall.ts';
import type { Upkeep } from '../upkeep.ts';
import type { Air } from './air.ts';
import type { Herald } from './herald.ts';
import type { SeatInput } from './state.ts';
import * as store from './store.ts';
import type { Talks } from './talk.ts';

export interface WatchOptions {
  db: Db;
  bus: Bus;
  im: Pick<ImDesk, 'onPresence' | 'isOnline'>;
  rooms: RoomHall;
  live: LiveBoard;
  talks: Talks;
  now: () => number;
}

/** What the hall does with what was learnt. */
export interface WatchPorts {
  air: Air;
  herald: Herald;
  upkeep: Upkeep;
  /** Applies what `decide` finds when it is the room's turn; null: nothing. */
  learn(roomId: string, decide: () => Promise<SeatInput | null>): Promise<void>;
  /** Looks at the room's picture again. */
  review(roomId: string): Promise<void>;
  /** Has everybody who is let in take part. */
  mend(roomId: string): Promise<void>;
}

const TICK_MS = 1000;
/** What an event did not reach is put right this often. */
const COMPARE_EVERY_MS = 10_000;
const ENDED_KEPT_MS = 3_600_000;

/**
 * Sees and hears what becomes of those on air: conferences, streams, chat and the clock tell. An event only says where to look:
 * what is true when it is the room's turn counts, so events that are late do no harm.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #ports: WatchPorts;

  constructor(options: WatchOptions, ports: WatchPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Begins to listen, and catches up with what happened before. */
  async start(): Promise<void> {
    const { bus, im, live } = this.#options;
    const { upkeep } = this.#ports;
    upkeep.hear(
      bus.subscribe('conference.event', (event) => void upkeep.run(() => this.#heard(event))),
      bus.subscribe('room.event', ({ roomId, type }) => {
        if (type === 'closed') void upkeep.run(() => this.#closed(roomId));
      }),
      im.onPresence((change) => {
        if (change.type === 'gone') void upkeep.run(() => this.#userGone(change));
        if (change.type === 'banned') void upkeep.run(() => this.#userBanned(change));
      }),
      live.onChange(({ entry }) => void upkeep.run(() => this.#streamChanged(entry.channelId))),
    );
    upkeep.every(TICK_MS, () => this.#tick(), 'debug');
    upkeep.every(COMPARE_EVERY_MS, () => this.#compare());
    await upkeep.run(() => this.#compare());
  }

  async #heard(event: ConferenceEvent): Promise<void> {
    const { db, talks } = this.#options;
    const { conferenceId, userId, type } = event;
    const row = await store.roomOfConference(db, conferenceId);
    if (!row) return;
    if (type === 'ended') return this.#lookAfter(row.roomId);
    if (userId === null) return;
    if (NEWS.has(type)) await this.#ports.learn(row.roomId, () => this.#newsOf(row.roomId, userId, type));
    await this.#ports.review(row.roomId);
    const there = await talks.find(conferenceId);
    if (there) this.#ports.herald.memberChanged(there, event);
  }

  /** What there is to learn of somebody who is let in; null: all is as it was. @param said by an event that makes one look. */
  async #newsOf(roomId: string, userId: string, said: ConferenceEvent['type'] | null): Promise<SeatInput | null> {
    const { db, talks, im } = this.#options;
    const session = (await store.openSessionsOf(db, roomId)).find((one) => one.userId === userId);
    if (!session || session.state === 'asking') return null;
    const there = await this.#ports.air.conferenceOf(roomId);
    const member = there && memberNamed(there, userId);
    if (member && talks.memberStream(there, userId) !== null)
      return session.state === 'joining' ? { type: 'seen', userId } : null;
    const isOnline = im.isOnline(session);
    // A picture that is gone comes back, as long as the page is there.
    if (member) return member.state === 'video-gone' && !isOnline ? { type: 'gone', userId, reason: 'lost' } : null;
    // Another event may come before the one of the kick: the conference knows.
    const wasKicked = session.state === 'on-air' && there?.members.some((one) => one.userId === userId);
    if (said === 'kicked' || wasKicked) return { type: 'gone', userId, reason: 'kicked' };
    if (said === 'left') return { type: 'gone', userId, reason: isOnline ? 'left' : 'lost' };
    // Who is not in yet is brought in.
    const isOver = there?.conference.state === 'ended';
    return session.state === 'on-air' || isOver ? { type: 'gone', userId, reason: 'lost' } : null;
  }

  async #closed(roomId: string): Promise<void> {
    await this.#ports.learn(roomId, async () => ({ type: 'over', reason: 'room-closed' }));
    await this.#ports.review(roomId);
  }

  async #userGone(user: { appId: string; userId: string }): Promise<void> {
    const { db, im } = this.#options;
    const session = await store.openSessionOfUser(db, user);
    if (!session) return;
    await this.#ports.learn(session.roomId, async () =>
      im.isOnline(user) || (await this.#isSeen(session)) ? null : { type: 'gone', userId: user.userId, reason: 'lost' },
    );
  }

  /** Who may not be in the room is not shown in it. */
  async #userBanned({ roomId, userId }: { roomId: string; userId: string }): Promise<void> {
    await this.#ports.learn(roomId, async () => ({ type: 'banned', userId }));
  }

  /** A device that publishes needs no chat: its stream says that it is there. */
  async #isSeen({ roomId, userId }: Pick<CohostSessionRow, 'roomId' | 'userId'>): Promise<boolean> {
    const there = await this.#ports.air.conferenceOf(roomId);
    const member = there && memberNamed(there, userId);
    return member?.state === 'on-air' && member.lostAt === null;
  }

  async #streamChanged(channelId: string): Promise<void> {
    const roomId = await store.activeRoomOn(this.#options.db, channelId);
    if (roomId !== null) await this.#ports.review(roomId);
  }

  async #tick(): Promise<void> {
    const { db, now } = this.#options;
    const { air, learn } = this.#ports;
    for (const roomId of await store.dueRooms(db, now())) await learn(roomId, async () => ({ type: 'tick' }));
    for (const roomId of await air.lostAnchors())
      await learn(roomId, async () => (air.isLost(roomId) ? { type: 'over', reason: 'anchor-gone' } : null));
    for (const { id, roomId, userId } of air.lostGuests())
      await learn(roomId, async () =>
        air.isOffAir(id) && !(await this.#isSeen({ roomId, userId })) ? { type: 'gone', userId, reason: 'lost' } : null,
      );
  }

  async #compare(): Promise<void> {
    const { db, now } = this.#options;
    for (const roomId of await store.activeRooms(db)) await this.#ports.upkeep.run(() => this.#lookAfter(roomId));
    await store.forgetEnded(db, now() - ENDED_KEPT_MS);
  }

  /** Sees who is there although no event said so. */
  async #lookAfter(roomId: string): Promise<void> {
    const { db, rooms } = this.#options;
    const room = await rooms.find(roomId);
    if (!room) return;
    if (room.state === 'closed') return this.#closed(roomId);
    await this.#ports.mend(roomId);
    for (const { userId } of await store.openSessionsOf(db, roomId))
      await this.#ports.learn(roomId, () => this.#newsOf(roomId, userId, null));
    await this.#ports.review(roomId);
  }
}

/** Events that may change a session. */
const NEWS: ReadonlySet<ConferenceEvent['type']> = new Set(['on-air', 'left', 'kicked', 'video-gone']);
