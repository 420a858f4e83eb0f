import type { PlayProtocol, StreamFigures } from '@lianmai/contract';

/** Who watches a stream on one worker, and what they were sent, whichever way its frames come. */
export class AudienceMeter {
  /** Viewers here now, by protocol; protocols without any are absent. */
  readonly viewers = new Map<PlayProtocol, number>();
  #bytesOut = 0;
  #framesDropped = 0;
  #reported = { bytesOut: 0, framesDropped: 0 };

  /** Nobody watches, and there is nothing to report. */
  get empty(): boolean {
    const { bytesOut, framesDropped } = this.#reported;
    return this.viewers.size === 0 && this.#bytesOut + this.#framesDropped + bytesOut + framesDropped === 0;
  }

  countViewers(protocol: PlayProtocol, change: number): void {
    const count = (this.viewers.get(protocol) ?? 0) + change;
    if (count > 0) this.viewers.set(protocol, count);
    else this.viewers.delete(protocol);
  }

  countSent(bytes: number): void {
    this.#bytesOut += bytes;
  }

  countDropped(frames: number): void {
    this.#framesDropped += frames;
  }

  /** Ends a report interval. */
  closeInterval(): void {
    this.#reported = { bytesOut: this.#bytesOut, framesDropped: this.#framesDropped };
    this.#bytesOut = 0;
    this.#framesDropped = 0;
  }

  /** Bytes and dropped frames of the last closed interval; the viewers are those of this moment. */
  figures(): Pick<StreamFigures, 'viewers' | 'bytesOut' | 'framesDropped'> {
    return { viewers: Object.fromEntries(this.viewers), ...this.#reported };
  }
}
