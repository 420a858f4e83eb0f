import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { PkSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Talks } from '../cohost/talk.ts';
import type { ImDesk } from '../im/desk.ts';
import type { Shows, ShowWish } from '../mix/shows.ts';
import type { RoomHall } from '../room/hall.ts';
import { type RoomWithAnchor, roomMissing } from '../room/store.ts';
import * as store from './store.ts';

export interface ArenaOptions {
  db: Db;
  im: Pick<ImDesk, 'signal' | 'isOnline'>;
  rooms: RoomHall;
  talks: Talks;
  shows: Shows;
  now: () => number;
}

export type Sides = readonly [RoomWithAnchor, RoomWithAnchor];

/** Two halves of 360x640, as the classic system's clients make it. */
const CANVAS = { width: 720, height: 640 } as const;

/**
 * What a battle needs: the conference in which both anchors talk, and the mix that the viewers of both rooms see. Both follow
 * from the session in the database, so doing it again does no harm. To be called in the battle's turn.
 */
export class Arena {
  readonly #options: ArenaOptions;
  /** Since when an anchor in a battle has no picture, by room. */
  readonly #lost = new Map<string, { id: string; sinceMs: number }>();

  constructor(options: ArenaOptions) {
    this.#options = options;
  }

  /** @throws LiveError ROOM_NOT_FOUND */
  async sidesOf({ roomId, targetRoomId }: Pick<PkSessionRow, 'roomId' | 'targetRoomId'>): Promise<Sides> {
    const { rooms } = this.#options;
    const [first, second] = [await rooms.find(roomId), await rooms.find(targetRoomId)];
    if (!first) throw roomMissing(roomId);
    if (!second) throw roomMissing(targetRoomId);
    return [first, second];
  }

  /** Brings both anchors into the battle's conference, which the one who invited owns. */
  async letIn(session: PkSessionRow, [first, second]: Sides): Promise<void> {
    const { db, talks } = this.#options;
    const id = await talks.begin(session.conferenceId, first, (conferenceId) =>
      store.updateBattle(db, session.id, { conferenceId }),
    );
    await talks.join(id, { userId: first.anchorId, nickname: first.nickname }, 'owner');
    await talks.join(id, { userId: second.anchorId, nickname: second.nickname }, 'member');
  }

  /** Whether the conference was ended by somebody else. */
  async isOver({ conferenceId }: PkSessionRow): Promise<boolean> {
    const there = conferenceId === null ? undefined : await this.#options.talks.find(conferenceId);
    return there?.conference.state === 'ended';
  }

  /** Keeps anchors in their conference who are there by their pages or their own streams. */
  async attend({ conferenceId }: PkSessionRow, sides: Sides): Promise<void> {
    const { im, talks } = this.#options;
    if (conferenceId === null) return;
    for (const [no, side] of sides.entries()) {
      const { appId, anchorId: userId, nickname } = side;
      if (!im.isOnline({ appId, userId }) && !talks.isLive(side)) continue;
      await talks.keep(conferenceId, { userId, nickname }, no === 0 ? 'owner' : 'member');
    }
  }

  /** How an anchor takes part; null: the battle has not begun, or is over. */
  async admission({ conferenceId }: PkSessionRow, sides: Sides, userId: string): Promise<ConferenceJoin | null> {
    const { talks } = this.#options;
    const there = conferenceId === null ? undefined : await talks.find(conferenceId);
    return there ? talks.admission(there, userId, sides) : null;
  }

  /** Shows both anchors side by side, as soon as both are there. @returns whether they are, or have been. */
  async show(session: PkSessionRow): Promise<boolean> {
    const { db, talks, shows } = this.#options;
    const sides = await this.sidesOf(session);
    const there = session.conferenceId === null ? undefined : await talks.find(session.conferenceId);
    const streams = sides.map((side) => talks.anchorStream(there, side));
    for (const [i, side] of sides.entries()) this.#noteAnchor(session.id, side.id, streams[i] !== null);
    if (session.state === 'joining' && streams.includes(null)) return false;
    await shows.set(session.mixId, this.#wish(session, sides, streams), (mixId) =>
      store.updateBattle(db, session.id, { mixId }),
    );
    return true;
  }

  /** Both channels go back to their own streams; what was made for the battle ends. */
  async finish({ id, roomId, targetRoomId, mixId, conferenceId }: PkSessionRow): Promise<void> {
    const { db, shows, talks } = this.#options;
    for (const room of [roomId, targetRoomId]) if (this.#lost.get(room)?.id === id) this.#lost.delete(room);
    await shows.set(mixId, null, (none) => store.updateBattle(db, id, { mixId: none }));
    if (conferenceId === null) return;
    await talks.end(conferenceId);
    await store.updateBattle(db, id, { conferenceId: null });
  }

  /** Anchors without a picture for so long. */
  lostFor(ms: number): { id: string; roomId: string }[] {
    const before = this.#options.now() - ms;
    return [...this.#lost].flatMap(([roomId, { id, sinceMs }]) => (sinceMs <= before ? [{ id, roomId }] : []));
  }

  #noteAnchor(id: string, roomId: string, isThere: boolean): void {
    if (isThere) this.#lost.delete(roomId);
    else if (this.#lost.get(roomId)?.id !== id) this.#lost.set(roomId, { id, sinceMs: this.#options.now() });
  }

  /** null: neither room is mixed by the server. */
  #wish({ appId }: PkSessionRow, sides: Sides, streams: readonly (string | null)[]): ShowWish | null {
    const shown = sides.filter(({ mode }) => mode !== 'client-mix');
    if (shown.length === 0) return null;
    const { im } = this.#options;
    return {
      appId,
      inputs: sides.map((side, i) => ({ id: side.id, stream: streams[i] ?? side.stream, label: side.nickname })),
      layout: 'pk',
      output: { channels: shown.map(({ channelId }) => channelId), ...CANVAS },
      onProblem: (problem) => {
        for (const { id: roomId, anchorId: userId } of shown)
          im.signal({ appId, userId }, 'cohost.mix', { roomId, problem });
      },
    };
  }
}
