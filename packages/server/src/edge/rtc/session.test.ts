import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcSession, type RtcSessionOptions } from './session.ts';

function setUp() {
  const ends: string[] = [];
  const peer = { connected: false, closed: 0 };
  const session = new RtcSession({
    id: 'f'.repeat(32),
    kind: 'whep',
    stream: 'show',
    peer: {
      get connected() {
        return peer.connected;
      },
      close: () => void peer.closed++,
    } as RtcSessionOptions['peer'],
    iceUfrag: 'abcd',
    startedMs: 0,
    over: (reason) => void ends.push(reason),
  });
  return { session, peer, ends };
}

test('a client that never connects is given 30 seconds of our event loop', () => {
  const { session, peer, ends } = setUp();
  for (let second = 0; second < 30; second++) session.second();
  assert.deepEqual(ends, []);
  session.second();
  session.second();
  assert.deepEqual([ends, peer.closed], [['timed-out'], 1]);
});

test('one that has connected is not ended for the time that took, however late it was heard of', () => {
  const { session, peer, ends } = setUp();
  for (let second = 0; second < 30; second++) session.second();
  peer.connected = true;
  for (let second = 0; second < 60; second++) session.second();
  assert.deepEqual(ends, []);
});

test('however often it ends, it ends once, for the first reason', () => {
  const { session, peer, ends } = setUp();
  session.clientClosed();
  session.end('unpublished');
  session.end('shutdown');
  session.clientClosed();
  assert.deepEqual([ends, peer.closed], [['unpublished'], 1]);
});
