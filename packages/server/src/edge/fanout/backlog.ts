/** Where a newcomer or a viewer that fell behind may begin: a frame that can be decoded alone. */
type StartIndex = number;

/**
 * A stream's frames as one format writes them: as far back as somebody still needs them, and no further than the GOP in
 * which the slowest lane stands. Frames are numbered from the first one pushed.
 */
export class Backlog {
  #entries: Buffer[] = [];
  #first = 0;
  #starts: StartIndex[] = [];

  /** The number the next frame will get. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  push(bytes: Buffer, isStart: boolean): void {
    if (isStart) this.#starts.push(this.end);
    this.#entries.push(bytes);
  }

  /** Frames `from` up to, not including, `to`. */
  slice(from: number, to: number): Buffer[] {
    return this.#entries.slice(from - this.#first, to - this.#first);
  }

  /** The newest start at or before `index`; null when a newcomer has to wait for the next one. */
  startBefore(index: number): StartIndex | null {
    return this.#starts.findLast((start) => start <= index) ?? null;
  }

  /** The newest start of the frames from `from` on. */
  newestStart(from: number): StartIndex | null {
    const newest = this.#starts.at(-1);
    return newest !== undefined && newest >= from ? newest : null;
  }

  /** Frames before `index` are no place to begin any more. */
  forgetStarts(index: number): void {
    this.#starts = this.#starts.filter((start) => start >= index);
  }

  /** Forgets frames before `index`. */
  trim(index: number): void {
    if (index <= this.#first) return;
    this.#entries.splice(0, index - this.#first);
    this.#first = index;
    const kept = this.#starts.findIndex((start) => start >= index);
    this.#starts = kept < 0 ? [] : this.#starts.slice(kept);
  }
}
