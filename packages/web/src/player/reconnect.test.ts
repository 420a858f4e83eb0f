import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RECONNECT, reconnectDelayMs } from './reconnect.ts';

test('waits double up to the cap', () => {
  const longest = (attempt: number) => reconnectDelayMs(attempt, 1);
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 100].map(longest), [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});

test('each wait is drawn from the upper half of its step', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = reconnectDelayMs(attempt, random);
      const longest = reconnectDelayMs(attempt, 1);
      assert.ok(wait >= longest / 2 && wait <= longest);
      assert.ok(longest <= RECONNECT.capMs);
    }),
  );
});
