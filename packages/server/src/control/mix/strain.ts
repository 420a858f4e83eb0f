import type { MixerReport, MixStatus } from '@lianmai/contract';

type Counts = Pick<MixStatus, 'id' | 'frames' | 'lateFrames'>;

/** Of the pictures that were due, so many late or left out are too many. */
const TOO_MANY = 0.05;
/** For so long: a moment's load passes. */
const OVER_MS = 10_000;
/** A mixer reports every second, and at once when something changes: between these nothing was due. */
const LEAST_MS = 500;

interface Watch {
  atMs: number;
  counts: ReadonlyMap<string, Counts>;
  /** Whether too many came late of late, and since when that is so. */
  isLate: boolean;
  sinceMs: number;
  strained: boolean;
}

/**
 * Which mixers have more to do than they can: their pictures have come late for 10 s, and not stopped doing so for as long. What was
 * reckoned says nothing about that: mixes grow, and others work on the machine too.
 */
export class Strain {
  readonly #mixers = new Map<string, Watch>();

  /** @returns whether {@link has} is another answer now. */
  learn({ mixer, mixes }: { mixer: string; mixes: readonly Counts[] }, nowMs: number): boolean {
    const before = this.#mixers.get(mixer);
    if (before && nowMs - before.atMs < LEAST_MS) return false;
    const counts = new Map(mixes.map((mix) => [mix.id, mix]));
    const isLate = before !== undefined && lateShare(before.counts, mixes) > TOO_MANY;
    const sinceMs = before?.isLate === isLate ? before.sinceMs : nowMs;
    const was = before?.strained ?? false;
    const strained = mixes.length > 0 && (nowMs - sinceMs >= OVER_MS ? isLate : was);
    this.#mixers.set(mixer, { atMs: nowMs, counts, isLate, sinceMs, strained });
    return strained !== was;
  }

  has(mixer: string): boolean {
    return this.#mixers.get(mixer)?.strained ?? false;
  }

  /** It is gone. */
  forget(mixer: MixerReport['mixer']): void {
    this.#mixers.delete(mixer);
  }
}

/** Late pictures of all that were due since then. */
function lateShare(before: ReadonlyMap<string, Counts>, mixes: readonly Counts[]): number {
  let [due, late] = [0, 0];
  for (const { id, frames, lateFrames } of mixes) {
    const was = before.get(id);
    if (!was) continue;
    const lateNow = Math.max(0, lateFrames - was.lateFrames);
    late += lateNow;
    // Those left out were due, too, and are no frames.
    due += Math.max(frames - was.frames, lateNow);
  }
  return due > 0 ? late / due : 0;
}
