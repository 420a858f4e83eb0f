import { WireError } from '../result.ts';
import type { AmfLimits } from './value.ts';

/**
 * A reading position shared by the AMF0 and AMF3 decoders, which may follow each other within one value. The first
 * failure sticks: reads after it return zeros and nothing moves, so decoders check {@link error} where they loop.
 */
export class AmfCursor {
  readonly bytes: Buffer;
  readonly #limits: AmfLimits;
  #offset: number;
  #depth = 0;
  #elements = 0;
  #error: WireError | null = null;

  constructor(bytes: Buffer, offset: number, limits: AmfLimits) {
    this.bytes = bytes;
    this.#offset = offset;
    this.#limits = limits;
  }

  get offset(): number {
    return this.#offset;
  }

  get error(): WireError | null {
    return this.#error;
  }

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  fail(expected: string, got: string, offset = this.#offset): undefined {
    this.#error ??= new WireError(expected, got, offset);
  }

  /** Steps into a value; false when that is one too deep or one too many. Each `enter` needs a `leave`. */
  enter(): boolean {
    this.#depth += 1;
    this.#elements += 1;
    if (this.#depth > this.#limits.maxDepth) {
      this.fail(`at most ${this.#limits.maxDepth} values within values`, 'deeper nesting');
    } else if (this.#elements > this.#limits.maxElements) {
      this.fail(`at most ${this.#limits.maxElements} values`, 'more');
    }
    return this.#error === null;
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** Whether `count` things of at least `size` bytes can still follow: an announced count that cannot be true fails at once. */
  holds(count: number, size: number, what: string): boolean {
    if (count * size > this.remaining) this.fail(what, `a count of ${count} in ${this.remaining} bytes`);
    return this.#error === null;
  }

  u8(what: string): number {
    const at = this.#take(1, what);
    return at < 0 ? 0 : this.bytes.readUInt8(at);
  }

  u16(what: string): number {
    const at = this.#take(2, what);
    return at < 0 ? 0 : this.bytes.readUInt16BE(at);
  }

  s16(what: string): number {
    const at = this.#take(2, what);
    return at < 0 ? 0 : this.bytes.readInt16BE(at);
  }

  u32(what: string): number {
    const at = this.#take(4, what);
    return at < 0 ? 0 : this.bytes.readUInt32BE(at);
  }

  s32(what: string): number {
    const at = this.#take(4, what);
    return at < 0 ? 0 : this.bytes.readInt32BE(at);
  }

  double(what: string): number {
    const at = this.#take(8, what);
    return at < 0 ? 0 : this.bytes.readDoubleBE(at);
  }

  /** UTF-8; bytes that are not become U+FFFD. */
  text(length: number, what: string): string {
    const at = this.#take(length, what);
    return at < 0 ? '' : this.bytes.toString('utf8', at, at + length);
  }

  slice(length: number, what: string): Buffer {
    const at = this.#take(length, what);
    return at < 0 ? this.bytes.subarray(0, 0) : this.bytes.subarray(at, at + length);
  }

  #take(length: number, what: string): number {
    if (this.#error !== null) return -1;
    if (length > this.remaining) {
      this.fail(what, `${this.remaining} bytes`);
      return -1;
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}
