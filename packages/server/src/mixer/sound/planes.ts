/** Everything is mixed at this rate, in stereo. */
export const SAMPLE_RATE = 48_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
/** Samples per channel of one step of the mix: an AAC frame. */
export const BLOCK = 1024;
export const BLOCK_MS = BLOCK / SAMPLES_PER_MS;

/** Left and right; samples from -1 to 1. */
export type Planes = readonly [left: Float32Array, right: Float32Array];

export const planes = (samples: number): Planes => [new Float32Array(samples), new Float32Array(samples)];
