import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AtOnce } from './at-once.ts';

test('so many run at a time, the others in the order they came, whatever becomes of those before', async () => {
  const jobs = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const atOnce = new AtOnce(2);
  const done = jobs.map(({ promise }, i) =>
    atOnce.run(() => {
      begun.push(i);
      return promise;
    }),
  );
  assert.deepEqual([begun, atOnce.waiting], [[0, 1], 3]);
  jobs[1]?.reject(new Error('no'));
  await assert.rejects(done[1]!, /no/);
  assert.deepEqual([begun, atOnce.waiting], [[0, 1, 2], 2]);
  for (const { resolve } of jobs) resolve();
  await Promise.allSettled(done);
  assert.deepEqual([begun, atOnce.waiting], [[0, 1, 2, 3, 4], 0]);
  await atOnce.run(async () => {});
});
