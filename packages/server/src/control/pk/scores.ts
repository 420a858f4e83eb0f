/** Battles whose score is to be written or told: the likes given in their rooms, until they are written, and what changed. */
export class Scores {
  /** The battle each room is in. */
  readonly #battles = new Map<string, string>();
  /** Since they were written last, by room. */
  readonly #likes = new Map<string, number>();
  /** Battles whose score was written, but not told. */
  readonly #changed = new Set<string>();

  /** What counts from now on: the rooms of battles that are on, by their ids. Likes in others are forgotten. */
  follow(battles: readonly { id: string; roomId: string; targetRoomId: string }[]): void {
    this.#battles.clear();
    for (const battle of battles) this.begin(battle);
    for (const roomId of this.#likes.keys()) if (!this.#battles.has(roomId)) this.#likes.delete(roomId);
  }

  begin({ id, roomId, targetRoomId }: { id: string; roomId: string; targetRoomId: string }): void {
    this.#battles.set(roomId, id);
    this.#battles.set(targetRoomId, id);
  }

  end({ id, roomId, targetRoomId }: { id: string; roomId: string; targetRoomId: string }): void {
    for (const room of [roomId, targetRoomId]) {
      if (this.#battles.get(room) !== id) continue;
      this.#battles.delete(room);
      this.#likes.delete(room);
    }
  }

  like(roomId: string, count: number): void {
    if (this.#battles.has(roomId)) this.#likes.set(roomId, (this.#likes.get(roomId) ?? 0) + count);
  }

  /** The score of a battle was written, and is to be told. */
  changed(id: string): void {
    this.#changed.add(id);
  }

  /** Battles with something to be written or told. */
  news(): string[] {
    const liked = [...this.#likes.keys()].flatMap((roomId) => this.#battles.get(roomId) ?? []);
    return [...new Set([...liked, ...this.#changed])];
  }

  /** To be written, by room. */
  likesOf(id: string): [roomId: string, count: number][] {
    return [...this.#likes].filter(([roomId]) => this.#battles.get(roomId) === id);
  }

  /** They are on the disk; what came meanwhile stays. */
  written(roomId: string, count: number): void {
    const left = (this.#likes.get(roomId) ?? 0) - count;
    if (left > 0) this.#likes.set(roomId, left);
    else this.#likes.delete(roomId);
  }

  /** @returns whether the score was to be told. */
  tell(id: string): boolean {
    return this.#changed.delete(id);
  }
}
