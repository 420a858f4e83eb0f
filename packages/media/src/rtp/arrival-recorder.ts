import { Unwrapper } from './sequence.ts';
import type { TransportFeedback } from './transport-feedback.ts';

const TICKS_PER_MS = 4;
/** More packets go into the next feedback, so that each fits a datagram. */
const MOST_PACKETS = 256;
/** A larger step in sequence numbers is another counting. */
const LARGEST_GAP = 4096;
/** A sender that is told nothing, as none of its sources is known, is not remembered without end. */
const MOST_UNTOLD = 4096;
const LARGEST_STEP_TICKS = 0x7fff;

/** Notes when the packets of a connection arrive and tells it as transport-wide feedback. */
export class ArrivalRecorder {
  #sequence = new Unwrapper(16);
  readonly #arrivals = new Map<number, number>();
  #newest: number | null = null;
  /** First number that was not told yet. */
  #next: number | null = null;
  #count = 0;

  /** @param sequence the packet's transport-wide sequence number, 16 bits. */
  arrived(sequence: number, nowMs: number): void {
    let number = this.#sequence.unwrap(sequence);
    const countsAnew = this.#newest !== null && Math.abs(number - this.#newest) > LARGEST_GAP;
    if (countsAnew || this.#arrivals.size >= MOST_UNTOLD) {
      this.#sequence = new Unwrapper(16);
      this.#arrivals.clear();
      this.#next = null;
      this.#newest = null;
      number = this.#sequence.unwrap(sequence);
    }
    if (this.#next !== null && number < this.#next) return;
    this.#newest = Math.max(this.#newest ?? number, number);
    if (!this.#arrivals.has(number)) this.#arrivals.set(number, Math.round(nowMs * TICKS_PER_MS));
  }

  /** Feedback about everything since the last time; usually none or one. */
  take(senderSsrc: number, mediaSsrc: number): TransportFeedback[] {
    const told: TransportFeedback[] = [];
    while (this.#arrivals.size > 0) {
      // From where the last one ended: what got lost between the two is told as lost, too.
      const base = this.#next ?? Math.min(...this.#arrivals.keys());
      const arrivals = this.#run(base);
      this.#next = base + arrivals.length;
      // Without any arrival it would have no time to count from.
      if (arrivals.every((ticks) => ticks === null)) continue;
      told.push({
        kind: 'transportFeedback',
        senderSsrc,
        mediaSsrc,
        baseSequence: base & 0xffff,
        count: this.#count,
        arrivals,
      });
      this.#count = (this.#count + 1) & 0xff;
    }
    return told;
  }

  #run(base: number): (number | null)[] {
    const arrivals: (number | null)[] = [];
    let last: number | null = null;
    for (let number = base; number <= (this.#newest ?? base) && arrivals.length < MOST_PACKETS; number++) {
      const ticks = this.#arrivals.get(number) ?? null;
      if (ticks !== null) {
        if (last !== null && Math.abs(ticks - last) > LARGEST_STEP_TICKS) break;
        last = ticks;
        this.#arrivals.delete(number);
      }
      arrivals.push(ticks);
    }
    return arrivals;
  }
}
