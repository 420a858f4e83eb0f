import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thumbnailSrc } from './thumbnail.ts';

test('a room’s picture is asked for anew every 25 seconds', () => {
  const at = (nowMs: number) => thumbnailSrc('/v1/rooms/r/thumbnail.jpg', nowMs);
  assert.match(String(at(0)), /\/v1\/rooms\/r\/thumbnail\.jpg\?at=0$/);
  assert.equal(at(24_999), at(0));
  assert.match(String(at(25_000)), /\?at=1$/);
});

test('a signature stays in the address; without an address there is none', () => {
  assert.match(String(thumbnailSrc('/v1/rooms/r/thumbnail.jpg?txTime=5', 0)), /\?txTime=5&at=0$/);
  assert.equal(thumbnailSrc(null, 0), null);
});
