import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planes } from './planes.ts';
import { READER_MARGIN, readAtRate } from './rate-reader.ts';
import { amplitudeOf, decibels } from './testing/listening.ts';

const COUNT = 9600;

function read(hz: number, offset: number, rate: number): Float32Array {
  const source = planes(COUNT * 1.03 + 4 * READER_MARGIN);
  for (const plane of source)
    for (let i = 0; i < plane.length; i++) plane[i] = Math.sin((2 * Math.PI * hz * (i - READER_MARGIN)) / 48_000);
  const into = planes(COUNT);
  readAtRate(source, offset, rate, COUNT, into);
  return into[0];
}

describe('reading at another rate', () => {
  it('at whole places it is a copy', () => {
    const samples = read(1000, 0, 1);
    for (let i = 0; i < COUNT; i++)
      assert.ok(Math.abs(samples[i]! - Math.sin((2 * Math.PI * 1000 * i) / 48_000)) < 1e-6);
  });

  for (const [hz, worst] of [
    [440, -80],
    [5000, -75],
    [12_000, -60],
  ] as const)
    it(`a tone of ${hz} Hz read between samples has nothing beside it above ${worst} dB`, () => {
      for (const [offset, rate] of [
        [0.37, 1],
        [0, 1.005],
        [0.5, 0.98],
      ] as const) {
        const samples = read(hz, offset, rate);
        let error = 0;
        for (let i = 0; i < COUNT; i++)
          error = Math.max(error, Math.abs(samples[i]! - Math.sin((2 * Math.PI * hz * (offset + i * rate)) / 48_000)));
        assert.ok(decibels(error) < worst, `rate ${rate}: ${decibels(error)} dB`);
        assert.ok(Math.abs(decibels(amplitudeOf(hz * rate, samples))) < 0.1);
      }
    });
});
