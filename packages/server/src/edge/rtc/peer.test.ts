import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inChild } from './testing/in-child.ts';

test('a peer that says it is connected takes packets from the first one on', async () => {
  assert.deepEqual(await inChild('connect'), { peers: 24, refused: 0 });
});

test('a port that another program has: the client is told, and nothing is left that fails later', async () => {
  const { told, unhandled } = await inChild('findPortTaken');
  assert.match(told, /^UNAVAILABLE: the WebRTC transport refused/);
  assert.deepEqual(unhandled, []);
});

test('a peer that is closed before its answer is ready does not keep its client waiting', async () => {
  const { told, unhandled } = await inChild('closeWhileAnswering');
  assert.equal(told, 'UNAVAILABLE: the session was ended before it began');
  assert.deepEqual(unhandled, []);
});
