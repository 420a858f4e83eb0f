import type { RoomRow } from '../../store/schema.ts';

/** How many are in a room; told by the half that knows who is there. */
export interface RoomAudience {
  /** Users in the room now. */
  viewers(roomId: string): number;
  /** Different users that were there. */
  total(roomId: string): number;
  setViewers(roomId: string, viewers: number, total: number): void;
}

/** What a room's row says of this. */
export type RoomFigures = Pick<RoomRow, 'viewers' | 'peakViewers' | 'totalViewers' | 'likes'>;

/** What is not written yet of one room. */
export interface RoomCount {
  roomId: string;
  /** To be added. */
  likes: number;
  beatAt: number | null;
  /** null: nobody told. */
  audience: Pick<RoomFigures, 'viewers' | 'peakViewers' | 'totalViewers'> | null;
}

interface Counter {
  likes: number;
  /** As last read back. */
  likesWritten: number;
  beatAt: number | null;
  audience: RoomCount['audience'];
  dirty: boolean;
}

/** What rooms count, often and cheaply; written together about once a second. */
export class RoomCounters implements RoomAudience {
  readonly #counters = new Map<string, Counter>();

  viewers(roomId: string): number {
    return this.#counters.get(roomId)?.audience?.viewers ?? 0;
  }

  total(roomId: string): number {
    return this.#counters.get(roomId)?.audience?.totalViewers ?? 0;
  }

  likes(roomId: string): number {
    const counter = this.#counters.get(roomId);
    return counter ? counter.likesWritten + counter.likes : 0;
  }

  setViewers(roomId: string, viewers: number, total: number): void {
    const counter = this.#counter(roomId);
    const before = counter.audience ?? { viewers: 0, peakViewers: 0, totalViewers: 0 };
    counter.audience = {
      viewers,
      peakViewers: Math.max(before.peakViewers, viewers),
      totalViewers: Math.max(before.totalViewers, total),
    };
    counter.dirty = true;
  }

  addLikes(roomId: string, count: number): void {
    if (!Number.isSafeInteger(count) || count <= 0) return;
    const counter = this.#counter(roomId);
    counter.likes += count;
    counter.dirty = true;
  }

  beat(roomId: string, nowMs: number): void {
    const counter = this.#counter(roomId);
    counter.beatAt = nowMs;
    counter.dirty = true;
  }

  /** The row's figures brought up to now. */
  figures(row: RoomFigures & Pick<RoomRow, 'id'>): RoomFigures {
    const counter = this.#counters.get(row.id);
    if (!counter) return row;
    const { audience } = counter;
    return {
      viewers: audience?.viewers ?? row.viewers,
      peakViewers: Math.max(row.peakViewers, audience?.peakViewers ?? 0),
      totalViewers: Math.max(row.totalViewers, audience?.totalViewers ?? 0),
      likes: Math.max(row.likes, counter.likesWritten) + counter.likes,
    };
  }

  /** What is to be written. It counts as unwritten until {@link written} says otherwise. */
  unwritten(): RoomCount[] {
    const counts: RoomCount[] = [];
    for (const [roomId, { likes, beatAt, audience, dirty }] of this.#counters)
      if (dirty) counts.push({ roomId, likes, beatAt, audience });
    return counts;
  }

  /** @param likes of the room as they are in the database now; null: it is closed, or gone. */
  written({ roomId, likes: added, beatAt, audience }: RoomCount, likes: number | null): void {
    const counter = this.#counters.get(roomId);
    if (!counter) return;
    if (likes === null) return this.forget(roomId);
    counter.likes -= added;
    counter.likesWritten = likes;
    counter.dirty = counter.likes > 0 || counter.beatAt !== beatAt || counter.audience !== audience;
  }

  forget(roomId: string): void {
    this.#counters.delete(roomId);
  }

  /** A room whose figures will be asked for. */
  know({ id, likes }: Pick<RoomRow, 'id' | 'likes'>): void {
    const counter = this.#counter(id);
    counter.likesWritten = Math.max(counter.likesWritten, likes);
  }

  #counter(roomId: string): Counter {
    const known = this.#counters.get(roomId);
    if (known) return known;
    const counter = { likes: 0, likesWritten: 0, beatAt: null, audience: null, dirty: false };
    this.#counters.set(roomId, counter);
    return counter;
  }
}
