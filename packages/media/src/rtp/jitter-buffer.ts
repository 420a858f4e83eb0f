import { Unwrapper } from './sequence.ts';

export interface JitterLimits {
  /** How long a packet is waited for after it was missed; then those behind it go on without it. */
  giveUpMs: number;
  /** A gap may be mere disorder: it is asked for after this. */
  firstRequestMs: number;
  /** Between requests for the same packet; at least the round trip. */
  retryMs: number;
  /** Packets held at most; past that the first gap is given up. */
  maxPackets: number;
}

export interface Delivered<T> {
  item: T;
  /** Packets right before this one did not come in time. */
  afterLoss: boolean;
}

/** Steps larger than this are no gap but a sender that counts anew. */
const LARGEST_GAP = 1000;
/** More requests for one packet help nobody. */
const MOST_REQUESTS = 10;

interface Missing {
  sinceMs: number;
  nextRequestMs: number;
  requests: number;
}

/**
 * Puts the packets of one source in order and knows which are missing. Pure: time comes as an argument (any ms clock that
 * does not go back), requests and packets go out when asked for.
 */
export class JitterBuffer<T> {
  readonly limits: JitterLimits;
  /** Packets given up, ever. */
  lost = 0;
  #sequence = new Unwrapper(16);
  readonly #items = new Map<number, T>();
  readonly #missing = new Map<number, Missing>();
  /** What is delivered next; null before the first packet. */
  #next: number | null = null;
  #newest = 0;
  #afterLoss = false;
  /** A packet far off the others; a second one beside it shows that the sender counts anew. */
  #stray: number | null = null;

  constructor(limits: JitterLimits) {
    this.limits = limits;
  }

  /** @param sequence 16 bits. @returns what became of it; only `kept` ones are delivered. */
  push(sequence: number, item: T, nowMs: number): 'kept' | 'duplicate' | 'late' | 'stray' {
    if (this.#next === null) return this.#begin(sequence, item);
    const number = this.#sequence.near(sequence);
    if (Math.abs(number - this.#newest) > LARGEST_GAP) {
      const confirms = this.#stray !== null && ((sequence - this.#stray) & 0xffff) === 1;
      this.#stray = sequence;
      if (!confirms) return 'stray';
      this.#afterLoss = true;
      return this.#begin(sequence, item);
    }
    this.#stray = null;
    if (number < this.#next) return 'late';
    if (this.#items.has(number)) return 'duplicate';
    this.#sequence.unwrap(sequence);
    for (let missed = this.#newest + 1; missed < number; missed++)
      this.#missing.set(missed, { sinceMs: nowMs, nextRequestMs: nowMs + this.limits.firstRequestMs, requests: 0 });
    this.#newest = Math.max(this.#newest, number);
    this.#missing.delete(number);
    this.#items.set(number, item);
    return 'kept';
  }

  /** What can be delivered now, in order. */
  take(nowMs: number): Delivered<T>[] {
    const delivered: Delivered<T>[] = [];
    while (this.#next !== null && this.#items.size > 0) {
      const item = this.#items.get(this.#next);
      if (item !== undefined) {
        this.#items.delete(this.#next);
        delivered.push({ item, afterLoss: this.#afterLoss });
        this.#afterLoss = false;
      } else {
        const missing = this.#missing.get(this.#next);
        const waits = missing && nowMs < missing.sinceMs + this.limits.giveUpMs;
        if (waits && this.#items.size <= this.limits.maxPackets) break;
        this.#missing.delete(this.#next);
        this.#afterLoss = true;
        this.lost += 1;
      }
      this.#next += 1;
    }
    return delivered;
  }

  /** Sequence numbers (16 bits) to ask for now, ascending; each is due again after {@link JitterLimits.retryMs}. */
  requests(nowMs: number): number[] {
    const due: number[] = [];
    for (const [number, missing] of this.#missing) {
      if (nowMs < missing.nextRequestMs || missing.requests >= MOST_REQUESTS) continue;
      missing.nextRequestMs = nowMs + this.limits.retryMs;
      missing.requests += 1;
      due.push(number & 0xffff);
    }
    return due;
  }

  /** Whether {@link take} or {@link requests} may give something later without another packet. */
  get waiting(): boolean {
    return this.#missing.size > 0;
  }

  #begin(sequence: number, item: T): 'kept' {
    this.#sequence = new Unwrapper(16);
    this.#items.clear();
    this.#missing.clear();
    this.#stray = null;
    this.#next = this.#newest = this.#sequence.unwrap(sequence);
    this.#items.set(this.#next, item);
    return 'kept';
  }
}
