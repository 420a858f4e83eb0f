import type { Frame } from '@lianmai/media';
import { StartRule } from './start-rule.ts';

/** The frames since the newest place to begin, for those who join; within a bound of bytes. */
export class GopCache {
  readonly #maxBytes: number;
  readonly #rule = new StartRule();
  #frames: Frame[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Oldest first, without configurations; empty while there is nothing to begin with. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** A GOP that grows too long is let go: newcomers wait for the next one. */
  push(frame: Frame, videoExpected: boolean): void {
    if (this.#rule.isStart(frame, videoExpected)) this.clear();
    else if (this.#frames.length === 0) return;
    this.#bytes += frame.data.length;
    if (this.#bytes > this.#maxBytes) this.clear();
    else this.#frames.push(frame);
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  /** Another source follows. */
  restart(): void {
    this.clear();
    this.#rule.restart();
  }
}
