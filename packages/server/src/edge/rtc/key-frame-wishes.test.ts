import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyFrameWishes } from './key-frame-wishes.ts';

test('many viewers who miss a key frame are one request, each picture of each stream by itself', () => {
  const asked: string[] = [];
  const wishes = new KeyFrameWishes((stream, picture) => void asked.push(`${stream} ${picture}`));
  for (let i = 0; i < 500; i++) wishes.wish('show', 0, 1000 + (i % 200));
  wishes.wish('show', 1, 1100);
  wishes.wish('other', 0, 1100);
  assert.deepEqual(asked, ['show 0', 'show 1', 'other 0']);
  wishes.wish('show', 0, 1200);
  assert.deepEqual(asked.slice(3), ['show 0'], 'who still misses it is heard again');
});

test('what was asked for is forgotten', () => {
  const wishes = new KeyFrameWishes(() => {});
  for (let i = 0; i < 100; i++) wishes.wish(`show-${i}`, 0, i * 10);
  wishes.tick(1000);
  assert.equal(wishes.size, 19);
  wishes.tick(2000);
  assert.equal(wishes.size, 0);
});
