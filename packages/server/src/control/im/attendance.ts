/** Different viewers that were in a room, whenever; for as long as it is in memory, and counted on in the database. */
export class Attendance {
  /** Of them in the database. */
  #written: number;
  /** Nobody was before this control: who is not written yet is new. */
  readonly #isFresh: boolean;
  readonly #seen = new Set<string>();
  #unwritten: string[] = [];

  constructor(written: number) {
    this.#written = written;
    this.#isFresh = written === 0;
  }

  get total(): number {
    return this.#isFresh ? this.#seen.size : this.#written;
  }

  note(userId: string): void {
    if (this.#seen.has(userId)) return;
    this.#seen.add(userId);
    this.#unwritten.push(userId);
  }

  /** Who is to be written since the last time. */
  take(): string[] {
    return this.#unwritten.splice(0);
  }

  /** They could not be written: they are to be taken again. */
  putBack(userIds: readonly string[]): void {
    this.#unwritten.unshift(...userIds);
  }

  /** So many of them were not in the database before. */
  added(count: number): void {
    this.#written += count;
  }
}
