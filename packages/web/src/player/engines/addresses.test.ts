import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOver, playPath, playQuery, webSocketAddress } from './addresses.ts';

test('streams are played on the page’s own origin', () => {
  assert.equal(playPath('show-1', 'flv', ''), '/live/show-1.flv');
  assert.equal(playPath('show-1', 'm3u8', '?txTime=5C'), '/live/show-1.m3u8?txTime=5C');
});

test('a name that is none cannot leave the folder', () => {
  assert.equal(playPath('../v1', 'flv', ''), '/live/..%2Fv1.flv');
});

test('the WebSocket is encrypted when the page is', () => {
  assert.equal(webSocketAddress('/live/a.flv?x=1', 'http://host:8080'), 'ws://host:8080/live/a.flv?x=1');
  assert.equal(webSocketAddress('/live/a.flv', 'https://host'), 'wss://host/live/a.flv');
});

test('only the signature of a page’s query goes to the play address', () => {
  assert.equal(playQuery('?player=hls&txSecret=ab%2Bc&txTime=5C271099'), '?txSecret=ab%2Bc&txTime=5C271099');
  assert.equal(playQuery('?player=hls'), '');
  assert.equal(playQuery(''), '');
});

test('a signature says itself when its time is up', () => {
  const atMs = 0x5c271099 * 1000;
  assert.equal(isOver('?txSecret=a&txTime=5C271099', atMs - 1), false);
  assert.equal(isOver('?txSecret=a&txTime=5C271099', atMs), true);
  for (const query of ['', '?txTime=', '?txTime=soon', '?txTime=5C27109955C27109955C271099'])
    assert.equal(isOver(query, atMs), false);
});
