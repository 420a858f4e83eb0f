import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Strain } from './strain.ts';

/** A mixer that reports every second, a share of its pictures late. */
function mixer() {
  const strain = new Strain();
  const mix = { id: 'm', frames: 0, lateFrames: 0 };
  let nowMs = 1_000_000;
  const seconds = (count: number, late: number) => {
    for (let i = 0; i < count; i++) {
      nowMs += 1000;
      mix.frames += 25;
      mix.lateFrames += late;
      strain.learn({ mixer: 'x', mixes: [{ ...mix }] }, nowMs);
    }
    return strain.has('x');
  };
  return { strain, seconds, now: () => nowMs };
}

describe('a mixer', () => {
  it('has too much to do when its pictures have come late for 10 s', () => {
    const { seconds } = mixer();
    assert.equal(seconds(60, 1), false, 'one of 25 is not too many');
    assert.equal(seconds(10, 5), false);
    assert.equal(seconds(1, 5), true);
  });

  it('has not when they came late for a moment, however often', () => {
    const { seconds } = mixer();
    for (let i = 0; i < 10; i++) assert.equal(seconds(9, 25) || seconds(1, 0), false);
  });

  it('has it until they have been on time for 10 s, or it has no mixes', () => {
    const { strain, seconds, now } = mixer();
    seconds(12, 5);
    assert.equal(seconds(10, 0), true);
    assert.equal(seconds(1, 0), false);
    assert.equal(seconds(12, 5), true);
    assert.equal(strain.learn({ mixer: 'x', mixes: [] }, now() + 1000), true);
    assert.equal(strain.has('x'), false);
  });

  it('is not judged by reports that follow each other at once, nor by pictures that are not due', () => {
    const { strain, seconds, now } = mixer();
    assert.equal(seconds(11, 5), false);
    strain.learn({ mixer: 'x', mixes: [{ id: 'm', frames: 0, lateFrames: 0 }] }, now() + 10);
    assert.equal(seconds(1, 5), true);
    for (let i = 1; i <= 12; i++)
      strain.learn({ mixer: 'x', mixes: [{ id: 'm', frames: 0, lateFrames: 0 }] }, now() + i * 1000);
    assert.equal(strain.has('x'), false, 'a mix that sleeps is not late');
  });
});
