import { WireError } from '../result.ts';

/**
 * Reads bits, most significant first. Past the end it gives zeros and remembers that in {@link overrun}, so a parser reads
 * straight through and asks once; loops that depend on what was read must be bounded or ask.
 */
export class BitReader {
  readonly #bytes: Buffer;
  readonly #endBit: number;
  #bit: number;
  #overrun = false;

  constructor(bytes: Buffer, startByte = 0) {
    this.#bytes = bytes;
    this.#bit = startByte * 8;
    this.#endBit = bytes.length * 8;
  }

  /** More was asked for than there was. */
  get overrun(): boolean {
    return this.#overrun;
  }

  get bitsLeft(): number {
    return Math.max(0, this.#endBit - this.#bit);
  }

  /** The byte the next bit is in. */
  get byteOffset(): number {
    return this.#bit >> 3;
  }

  /** Unsigned, up to 32 bits. */
  bits(count: number): number {
    if (this.#bit + count > this.#endBit) {
      this.#overrun = true;
      this.#bit = this.#endBit;
      return 0;
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.#bit & 7);
      const take = Math.min(left, inByte);
      const byte = this.#bytes[this.#bit >> 3] ?? 0;
      value = value * 2 ** take + ((byte >> (inByte - take)) & ((1 << take) - 1));
      this.#bit += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (this.#bit + count > this.#endBit) this.#overrun = true;
    this.#bit = Math.min(this.#bit + count, this.#endBit);
  }

  alignToByte(): void {
    this.#bit = Math.min((this.#bit + 7) & ~7, this.#endBit);
  }

  /** Unsigned exp-Golomb code (ISO 14496-10 9.1), up to 2^32 - 2; a longer one counts as an overrun. */
  unsignedGolomb(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > 31 || this.#overrun) {
        this.#overrun = true;
        return 0;
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed exp-Golomb code (ISO 14496-10 9.1.1). */
  signedGolomb(): number {
    const code = this.unsignedGolomb();
    return code % 2 === 0 ? 0 - code / 2 : (code + 1) / 2;
  }

  /** What to return when `what` turned out to be too short or nonsense. */
  error(what: string): WireError {
    return new WireError(what, this.#overrun ? 'end of data' : 'a value out of range', this.byteOffset);
  }
}
