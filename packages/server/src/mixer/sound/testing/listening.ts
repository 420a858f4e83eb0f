import { SAMPLE_RATE } from '../planes.ts';

/** Amplitude of one frequency (Goertzel over a Hann window). */
export function amplitudeOf(hz: number, samples: Float32Array, from = 0, to = samples.length): number {
  const count = to - from;
  const turn = (2 * Math.PI * hz) / SAMPLE_RATE;
  let sine = 0;
  let cosine = 0;
  let weights = 0;
  for (let i = 0; i < count; i++) {
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / count);
    sine += weight * samples[from + i]! * Math.sin(turn * i);
    cosine += weight * samples[from + i]! * Math.cos(turn * i);
    weights += weight;
  }
  return (2 * Math.hypot(sine, cosine)) / weights;
}

/** The same by windows of 50 ms: where the tone is a little higher for a moment, it is as loud. */
export function loudnessOf(hz: number, samples: Float32Array): number {
  const WINDOW = 2400;
  let sum = 0;
  const windows = Math.floor(samples.length / WINDOW);
  for (let i = 0; i < windows; i++) sum += amplitudeOf(hz, samples, i * WINDOW, (i + 1) * WINDOW);
  return sum / windows;
}

export const decibels = (ratio: number) => 20 * Math.log10(Math.max(ratio, 1e-12));

export interface Click {
  atMs: number;
  size: number;
}

/**
 * Places where the curve breaks: where it bends much more sharply than a tone of `highestHz` and `amplitude` can. A step
 * of size s bends by s; 440 Hz at 0.25 bends by 0.0008.
 */
export function clicks(samples: Float32Array, highestHz: number, amplitude: number): Click[] {
  const most = 8 * amplitude * (2 * Math.sin((Math.PI * highestHz) / SAMPLE_RATE)) ** 2 + 0.001;
  const found: Click[] = [];
  for (let i = 1; i < samples.length - 1; i++) {
    const bend = Math.abs(samples[i - 1]! - 2 * samples[i]! + samples[i + 1]!);
    const atMs = (i * 1000) / SAMPLE_RATE;
    const last = found.at(-1);
    if (bend <= most) continue;
    if (last && atMs - last.atMs < 5) last.size = Math.max(last.size, bend);
    else found.push({ atMs, size: bend });
  }
  return found;
}

/** The loudest 5 ms of what lies about 8, 12 and 16 kHz: low tones that are not cut have nothing there. */
export function loudestCrackle(samples: Float32Array): number {
  const WINDOW = 256;
  let loudest = 0;
  for (let from = 0; from + WINDOW <= samples.length; from += WINDOW / 2)
    for (const hz of [8000, 12_000, 16_000]) loudest = Math.max(loudest, amplitudeOf(hz, samples, from, from + WINDOW));
  return loudest;
}
