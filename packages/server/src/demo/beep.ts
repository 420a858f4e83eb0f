const BEEP_MS = 90;
const RAMP_MS = 6;
const LEVEL = 0.16;

/**
 * The sound of a moment: a short beep at each whole second of the wall clock, an octave higher every tenth; silence between.
 * @param samples filled with one channel, -1 to 1.
 * @param atMs wall clock of the first sample.
 */
export function fillBeep(samples: Float32Array, atMs: number, sampleRate: number): void {
  for (let i = 0; i < samples.length; i++) {
    const at = atMs + (i * 1000) / sampleRate;
    const second = Math.floor(at / 1000);
    const ms = at - second * 1000;
    const pitch = second % 10 === 0 ? 1760 : 880;
    const edge = Math.min(1, ms / RAMP_MS, (BEEP_MS - ms) / RAMP_MS);
    samples[i] = edge <= 0 ? 0 : LEVEL * edge * Math.sin((2 * Math.PI * pitch * ms) / 1000);
  }
}
