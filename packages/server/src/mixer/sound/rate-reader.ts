import type { Planes } from './planes.ts';

/** Samples of the source that one sample of the result is made of. */
const TAPS = 16;
const PHASES = 256;
/** A Kaiser window that leaves images 80 dB down. */
const KAISER_BETA = 8;

/** So many samples before, and behind, the place that is read must be there. */
export const READER_MARGIN = TAPS / 2;

const KERNEL = windowedSinc();

/**
 * Reads stereo at a rate a little above or below the source's, between its samples: clocks that differ are followed without
 * a sample left out or put in. At whole places and rate 1 it is a copy, exactly.
 *
 * @param source begins {@link READER_MARGIN} samples before the sample that `offset` counts from.
 * @param offset place of the first sample, from 0 to below 1.
 * @param rate samples of the source per sample of the result.
 */
export function readAtRate(source: Planes, offset: number, rate: number, count: number, into: Planes): void {
  const [left, right] = source;
  const [outLeft, outRight] = into;
  for (let i = 0; i < count; i++) {
    const place = offset + i * rate;
    const whole = Math.floor(place);
    const phase = (place - whole) * PHASES;
    const step = Math.floor(phase);
    const between = phase - step;
    const row = step * TAPS;
    let sumLeft = 0;
    let sumRight = 0;
    // The kernel's middle, at phase 0, is the sample itself.
    for (let tap = 0, at = whole + 1; tap < TAPS; tap++, at++) {
      const lower = KERNEL[row + tap]!;
      const weight = lower + between * (KERNEL[row + TAPS + tap]! - lower);
      sumLeft += weight * left[at]!;
      sumRight += weight * right[at]!;
    }
    outLeft[i] = sumLeft;
    outRight[i] = sumRight;
  }
}

/** One row of weights for each phase, and one more to go toward. */
function windowedSinc(): Float32Array {
  const kernel = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - (TAPS / 2 - 1) - phase / PHASES;
      const weight = sinc(x) * kaiser(x / (TAPS / 2));
      kernel[phase * TAPS + tap] = weight;
      sum += weight;
    }
    // The same loudness at each phase.
    for (let tap = 0; tap < TAPS; tap++) kernel[phase * TAPS + tap]! /= sum;
  }
  return kernel;
}

function sinc(x: number): number {
  return Math.abs(x) < 1e-9 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let sum = 1;
  for (let k = 1, term = 1; k < 40; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
