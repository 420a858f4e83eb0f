import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrivals } from './arrivals.ts';

test('a picture is late by as much as it is farther behind its time than the most punctual one', () => {
  const arrivals = new Arrivals();
  for (const [dtsMs, atMs] of [
    [0, 1090],
    [40, 1140],
    [80, 1180],
    [120, 1300],
    [160, 1340],
  ] as const)
    arrivals.note(dtsMs, atMs);
  assert.deepEqual(arrivals.lateness(1100, 1340), [0, 0, 80]);
  assert.deepEqual(arrivals.lateness(2000, 3000), []);
});
