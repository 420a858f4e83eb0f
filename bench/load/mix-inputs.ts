import { readFileSync } from 'node:fs';
import { FlvReader, parseTagBody } from '../../packages/media/src/flv/index.ts';
import { type AudioFrame, type VideoFrame, WireError } from '../../packages/media/src/index.ts';

const READ_BYTES = 65_536;

/** The frames of an FLV file, given as their time comes. */
export class MixInputFile {
  readonly #bytes: Buffer;
  readonly #reader = new FlvReader();
  #read = 0;
  #waiting: (VideoFrame | AudioFrame)[] = [];
  #next = 0;

  constructor(file: string) {
    this.#bytes = readFileSync(file);
  }

  /** When the next frame comes; infinite at the end. */
  get nextMs(): number {
    return this.#peek()?.dts ?? Number.POSITIVE_INFINITY;
  }

  /** The next frame when it is stamped no later than this; null: not yet, or never. */
  take(untilMs: number): VideoFrame | AudioFrame | null {
    const frame = this.#peek();
    if (!frame || frame.dts > untilMs) return null;
    this.#next++;
    return frame;
  }

  #peek(): VideoFrame | AudioFrame | null {
    while (this.#next >= this.#waiting.length) if (!this.#readOn()) return null;
    return this.#waiting[this.#next] ?? null;
  }

  #readOn(): boolean {
    if (this.#read >= this.#bytes.length) return false;
    const tags = this.#reader.push(this.#bytes.subarray(this.#read, this.#read + READ_BYTES));
    this.#read += READ_BYTES;
    if (tags instanceof WireError) throw new Error(`This is no FLV file: ${tags.message}`);
    this.#waiting = [];
    this.#next = 0;
    for (const tag of tags) {
      const frame = parseTagBody(tag.track, tag.body, tag.dts);
      if (frame && !(frame instanceof WireError) && frame.track !== 'data') this.#waiting.push(frame);
    }
    return true;
  }
}
