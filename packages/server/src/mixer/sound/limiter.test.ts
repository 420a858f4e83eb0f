import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CEILING, LIMITER_DELAY, Limiter } from './limiter.ts';
import { BLOCK, type Planes, planes } from './planes.ts';
import { amplitudeOf, decibels } from './testing/listening.ts';

/** The left channel of what comes out. */
function limited(blocks: readonly Planes[]): Float32Array {
  const limiter = new Limiter();
  const out = new Float32Array(blocks.length * BLOCK);
  for (const [i, block] of blocks.entries()) out.set(limiter.process(block)[0], i * BLOCK);
  return out;
}

function sine(blocks: number, sample: (i: number) => number): Planes[] {
  return Array.from({ length: blocks }, (_, block) => {
    const made = planes(BLOCK);
    for (const plane of made) for (let i = 0; i < BLOCK; i++) plane[i] = sample(block * BLOCK + i);
    return made;
  });
}

const hz = (frequency: number, i: number) => Math.sin((2 * Math.PI * frequency * i) / 48_000);

describe('Limiter', () => {
  it('lets pass what is not too loud, unchanged', () => {
    const blocks = sine(4, (i) => 0.8 * hz(440, i));
    const out = limited(blocks);
    for (let i = 0; i < 3 * BLOCK; i++)
      assert.equal(out[i + LIMITER_DELAY], blocks[Math.floor(i / BLOCK)]![0][i % BLOCK]);
  });

  it('no sample is over, however loud and sudden', () => {
    const amplitude = fc.double({ min: 0, max: 40, noNaN: true });
    fc.assert(
      fc.property(fc.array(amplitude, { minLength: 40, maxLength: 120 }), (loudness) => {
        const perSample = 4096 / loudness.length;
        const blocks = sine(4, (i) => loudness[Math.floor(i / perSample)]! * (i % 3 === 0 ? 1 : -1));
        const loudest = limited(blocks).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
        assert.ok(loudest <= CEILING + 1e-6, `${loudest}`);
      }),
    );
  });

  it('a steady loud tone stays a tone: it is turned down, not cut off, and does not pump', () => {
    for (const frequency of [60, 440, 3000]) {
      const out = limited(sine(100, (i) => 4 * hz(frequency, i)));
      const settled = out.subarray(50 * BLOCK);
      const own = amplitudeOf(frequency, settled);
      assert.ok(Math.abs(decibels(own / CEILING)) < 0.6, `${frequency} Hz: ${own}`);
      for (const overtone of [3, 5]) {
        const rest = decibels(amplitudeOf(frequency * overtone, settled) / own);
        assert.ok(rest < -45, `${frequency} Hz: overtone ${overtone} at ${rest} dB`);
      }
    }
  });

  it('is up again within a second after a loud moment, without a step', () => {
    const out = limited(sine(60, (i) => (i < 4800 ? 3 : 0.3) * hz(440, i)));
    assert.ok(Math.abs(amplitudeOf(440, out, 50 * BLOCK) / 0.3 - 1) < 0.05);
    for (let i = 6000; i < out.length; i++) assert.ok(Math.abs(out[i]! - out[i - 1]!) < 0.3 * 0.06);
  });
});
