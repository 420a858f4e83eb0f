/** What viewers give in rooms that are in a battle, until it is written down. */
export class Scores {
  /** The battle each room is in. */
  readonly #battles = new Map<string, string>();
  /** Points since they were written last, by room. */
  readonly #points = new Map<string, number>();

  /** What counts from now on: the rooms of battles that are on, by their ids. Points for others are forgotten. */
  follow(battles: readonly { id: string; roomId: string; targetRoomId: string }[]): void {
    this.#battles.clear();
    for (const battle of battles) this.begin(battle);
    for (const roomId of this.#points.keys()) if (!this.#battles.has(roomId)) this.#points.delete(roomId);
  }

  begin({ id, roomId, targetRoomId }: { id: string; roomId: string; targetRoomId: string }): void {
    this.#battles.set(roomId, id);
    this.#battles.set(targetRoomId, id);
  }

  end({ id, roomId, targetRoomId }: { id: string; roomId: string; targetRoomId: string }): void {
    for (const room of [roomId, targetRoomId]) {
      if (this.#battles.get(room) !== id) continue;
      this.#battles.delete(room);
      this.#points.delete(room);
    }
  }

  count(roomId: string, points: number): void {
    if (points > 0 && this.#battles.has(roomId)) this.#points.set(roomId, (this.#points.get(roomId) ?? 0) + points);
  }

  /** Battles with points that are not written yet. */
  unwritten(): string[] {
    return [...new Set([...this.#points.keys()].flatMap((roomId) => this.#battles.get(roomId) ?? []))];
  }

  /** Of one battle, by room. */
  of(id: string): [roomId: string, points: number][] {
    return [...this.#points].filter(([roomId]) => this.#battles.get(roomId) === id);
  }

  /** They are on the disk; what came meanwhile stays. */
  written(roomId: string, points: number): void {
    const left = (this.#points.get(roomId) ?? 0) - points;
    if (left > 0) this.#points.set(roomId, left);
    else this.#points.delete(roomId);
  }
}
