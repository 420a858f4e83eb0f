import type { FragmentSample } from '@lianmai/media/cmaf';

/** The little a queue must know of a track's configuration. */
interface Clocked {
  readonly timescale: number;
}

/** A frame on its way into a part. */
export interface Sample<C extends Clocked> {
  readonly config: C;
  /** Decode time in ticks of the configuration's timescale. */
  readonly ticks: number;
  /** The same in ms; all cutting goes by it. */
  readonly timeMs: number;
  readonly keyFrame: boolean;
  readonly cts: number;
  readonly data: Buffer;
  /** Ticks it lasts unless the next sample says otherwise. */
  readonly usualTicks: number;
}

/** Roughly what a sample takes besides its data. */
const SAMPLE_OVERHEAD = 200;
/** Timestamps off by less are jitter: the sample stays where the one before ends. Sync errors below it go unnoticed. */
export const JITTER_MS = 80;

/** One track's frames that are not in a part yet, each with its final decode time: without gaps, and never back. */
export class TrackQueue<C extends Clocked> {
  readonly samples: Sample<C>[] = [];
  #bytes = 0;
  #last: Sample<C> | null = null;
  /** Where the samples taken end. */
  #takenUntilMs = 0;
  readonly #exact: boolean;

  /** @param options.exact frames last exactly as long as they say (audio), and are laid end to end while timestamps only jitter. */
  constructor(options: { exact: boolean }) {
    this.#exact = options.exact;
  }

  /** What waits, with an allowance for each sample. */
  get bytes(): number {
    return this.#bytes + this.samples.length * SAMPLE_OVERHEAD;
  }

  /** Time of the newest sample, taken or not; -Infinity before the first. */
  get reachMs(): number {
    return this.#last?.timeMs ?? -Infinity;
  }

  /** Where the newest sample ends, and its configuration; null before the first. */
  get end(): { ms: number; config: C } | null {
    return this.#last && { ms: this.#endMs(this.#last), config: this.#last.config };
  }

  /** How far apart samples come. */
  get intervalMs(): number {
    return this.#last === null ? 0 : (this.#last.usualTicks * 1000) / this.#last.config.timescale;
  }

  /**
   * @param frameTicks how long the frame lasts, as far as it says; null: as the one before.
   * @param frame.cts ms
   */
  push(
    config: C,
    frame: { dts: number; cts: number; keyFrame: boolean; data: Buffer },
    frameTicks: number | null,
  ): Sample<C> {
    const { timescale } = config;
    let ticks = Math.round((frame.dts * timescale) / 1000);
    let usualTicks = frameTicks ?? Math.round(timescale / 30);
    const last = this.#last;
    if (last !== null) {
      const sameClock = last.config.timescale === timescale;
      const expected = sameClock ? last.ticks + last.usualTicks : Math.round((this.#endMs(last) * timescale) / 1000);
      if (this.#exact && Math.abs(frame.dts - this.#endMs(last)) <= JITTER_MS) ticks = expected;
      const lastTicks = sameClock ? last.ticks : Math.floor((last.timeMs * timescale) / 1000);
      ticks = Math.max(ticks, lastTicks + 1);
      usualTicks = frameTicks ?? ticks - lastTicks;
    }
    ticks = Math.max(ticks, Math.round((this.#takenUntilMs * timescale) / 1000));
    const sample: Sample<C> = {
      config,
      ticks,
      timeMs: (ticks * 1000) / timescale,
      keyFrame: frame.keyFrame,
      cts: Math.round((frame.cts * timescale) / 1000),
      data: frame.data,
      usualTicks,
    };
    this.samples.push(sample);
    this.#bytes += sample.data.length;
    this.#last = sample;
    return sample;
  }

  /**
   * Takes the samples of one configuration before `untilMs`, each lasting until the next begins, the newest of all as long
   * as usual. When samples of another configuration wait behind them, it takes all: later there is no place for them.
   */
  take(untilMs: number, config: C): { baseMediaDecodeTime: number; samples: FragmentSample[] } | null {
    const limitMs = this.samples.at(-1)?.config === config ? untilMs : Infinity;
    let count = this.samples.findIndex((sample) => sample.timeMs >= limitMs || sample.config !== config);
    if (count < 0) count = this.samples.length;
    const first = this.samples[0];
    if (count === 0 || first === undefined) return null;
    const samples: FragmentSample[] = [];
    let end = 0;
    for (let i = 0; i < count; i++) {
      const sample = this.samples[i]!;
      end = this.#endTicks(sample, this.samples[i + 1]);
      samples.push({ data: sample.data, duration: end - sample.ticks, keyFrame: sample.keyFrame, cts: sample.cts });
    }
    this.#takenUntilMs = (end * 1000) / config.timescale;
    for (const { data } of this.samples.splice(0, count)) this.#bytes -= data.length;
    return { baseMediaDecodeTime: first.ticks, samples };
  }

  /** Leaves out waiting samples. */
  drop(unwanted: (sample: Sample<C>) => boolean): void {
    if (!this.samples.some(unwanted)) return;
    this.samples.splice(0, this.samples.length, ...this.samples.filter((sample) => !unwanted(sample)));
    this.#bytes = this.samples.reduce((sum, { data }) => sum + data.length, 0);
  }

  /** What comes next does not continue what was taken; yet it never begins before the end of that. */
  breakOff(): void {
    if (this.samples.length === 0) this.#last = null;
  }

  #endMs(sample: Sample<C>): number {
    return ((sample.ticks + sample.usualTicks) * 1000) / sample.config.timescale;
  }

  #endTicks(sample: Sample<C>, next: Sample<C> | undefined): number {
    if (next === undefined) return sample.ticks + sample.usualTicks;
    if (next.config.timescale === sample.config.timescale) return next.ticks;
    return Math.max(sample.ticks + 1, Math.round((next.timeMs * sample.config.timescale) / 1000));
  }
}
