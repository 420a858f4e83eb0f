import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleClock } from './sample-clock.ts';

const clockAt = (ms: number) => {
  const clock = new SampleClock(48_000);
  assert.equal(clock.arrive(ms), 0);
  clock.add(960);
  return clock;
};

test('counts from the first stamp; jitter does not move it', () => {
  const clock = clockAt(1000);
  for (const ms of [1021, 1038, 1062]) {
    assert.equal(clock.arrive(ms), 0);
    clock.add(960);
  }
  assert.equal(clock.timeOf(0), 1000);
  assert.equal(clock.timeOf(3 * 960), 1060);
});

test("an encoder's run-up lies before the first sample", () => {
  assert.equal(clockAt(1000).timeOf(-312), 1000 - 6.5);
});

test('a hole is filled with silence, a long one jumped over, both to the exact time', () => {
  const clock = clockAt(1000);
  assert.equal(clock.arrive(1080), 60 * 48);
  clock.add(60 * 48 + 960);
  assert.equal(clock.arrive(5000), 0);
  clock.add(960);
  assert.equal(clock.timeOf(80 * 48 + 960), 5000);
  assert.equal(clock.timeOf(80 * 48), 1080, 'what came before keeps its time');
});

test('a clock that goes back is followed', () => {
  const clock = clockAt(1000);
  clock.arrive(900);
  assert.equal(clock.timeOf(960), 900);
});
