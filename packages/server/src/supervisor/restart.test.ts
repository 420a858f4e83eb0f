import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartDelayMs } from './restart.ts';

test('a process is started again at once, and ever later when it keeps dying', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 20].map(restartDelayMs), [0, 0, 0, 100, 200, 400, 5000]);
});
