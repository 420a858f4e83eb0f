import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tileState, videoBitrate } from './tile-state.ts';

const SEEN = { audio: false, video: false };
const CONNECTED = { state: 'connected', wasConnected: true } as const;

test('a member that does not send yet is joining, whatever our side does', () => {
  assert.equal(tileState({ state: 'joining', muted: SEEN }, null), 'joining');
  assert.equal(tileState({ state: 'joining', muted: SEEN }, CONNECTED), 'joining');
});

test('what is not received yet is connecting, and reconnecting when it was', () => {
  const member = { state: 'on-air', muted: SEEN } as const;
  assert.equal(tileState(member, null), 'connecting');
  assert.equal(tileState(member, { state: 'connecting', wasConnected: false }), 'connecting');
  assert.equal(tileState(member, { state: 'connecting', wasConnected: true }), 'reconnecting');
});

test('a member whose packets stopped is gone', () => {
  assert.equal(tileState({ state: 'video-gone', muted: SEEN }, CONNECTED), 'gone');
});

test('a camera that is off is no picture', () => {
  assert.equal(tileState({ state: 'on-air', muted: SEEN }, CONNECTED), 'picture');
  assert.equal(tileState({ state: 'on-air', muted: { audio: false, video: true } }, CONNECTED), 'camera-off');
});

test('the more there are, the less each one sends, but a screen stays readable', () => {
  const bitrates = [1, 2, 3, 4, 5, 9].map((members) => videoBitrate(members, false));
  assert.deepEqual(
    bitrates,
    [...bitrates].sort((a, b) => b - a),
  );
  assert.equal(videoBitrate(9, true), videoBitrate(1, true));
});
