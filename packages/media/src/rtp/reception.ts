import { shortNtp } from './ntp-time.ts';
import type { ReportBlock } from './rtcp.ts';
import { Unwrapper } from './sequence.ts';

/** What a receiver counts of one source, for its report blocks (RFC 3550 A.3, A.8). */
export class ReceptionStatistics {
  readonly #rate: number;
  readonly #sequence = new Unwrapper(16);
  #first: number | null = null;
  #highest = 0;
  #received = 0;
  #lastExpected = 0;
  #lastReceived = 0;
  #transit: number | null = null;
  #jitter = 0;
  #lastReport: { ntp: bigint; atMs: number } | null = null;

  /** @param rate of the source's timestamps, Hz. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** A packet came; retransmissions are not counted. */
  received({ sequenceNumber, timestamp }: { sequenceNumber: number; timestamp: number }, nowMs: number): void {
    const number = this.#sequence.unwrap(sequenceNumber);
    this.#first ??= number;
    this.#highest = Math.max(this.#highest, number);
    this.#received += 1;
    const transit = (nowMs * this.#rate) / 1000 - timestamp;
    const change = this.#transit === null ? 0 : Math.abs(transit - this.#transit);
    this.#transit = transit;
    if (change < this.#rate * 10) this.#jitter += (change - this.#jitter) / 16; // a larger one is a wrap or a new clock
  }

  /** A sender report came. */
  reported(ntp: bigint, nowMs: number): void {
    this.#lastReport = { ntp, atMs: nowMs };
  }

  /** The report about the time since the last one; null before the first packet. */
  report(ssrc: number, nowMs: number): ReportBlock | null {
    if (this.#first === null) return null;
    const expected = this.#highest - this.#first + 1;
    const missed = expected - this.#lastExpected - (this.#received - this.#lastReceived);
    const fraction = expected > this.#lastExpected ? (missed * 256) / (expected - this.#lastExpected) : 0;
    this.#lastExpected = expected;
    this.#lastReceived = this.#received;
    const delayMs = this.#lastReport ? nowMs - this.#lastReport.atMs : 0;
    return {
      ssrc,
      fractionLost: Math.max(0, Math.min(255, Math.floor(fraction))),
      totalLost: Math.max(-0x800000, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastSenderReport: this.#lastReport ? shortNtp(this.#lastReport.ntp) : 0,
      delaySinceLastSenderReport: Math.round(delayMs * 65.536) >>> 0,
    };
  }
}
