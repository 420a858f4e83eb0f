import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Signals } from './signals.ts';

const signal = (signalId: string, seq: number, untilMs = 1000) => ({
  signalId,
  seq,
  text: `text of ${signalId}`,
  untilMs,
});

test('a signal is kept for connections to come until it is acknowledged or out of date', () => {
  const signals = new Signals();
  assert.ok(signals.add('anna', signal('a', 10)));
  assert.ok(signals.add('anna', signal('b', 20, 2000)));
  assert.ok(!signals.add('anna', signal('a', 30)), 'the same id is the same signal');
  assert.deepEqual(signals.since('anna', null, 0), ['text of a', 'text of b']);
  assert.deepEqual(signals.since('anna', 10, 0), ['text of b']);
  assert.deepEqual(signals.since('anna', null, 1000), ['text of b']);
  assert.deepEqual(signals.since('ben', null, 0), []);
  signals.acknowledge('ben', ['a']);
  signals.acknowledge('anna', ['b', 'never sent']);
  assert.deepEqual(signals.since('anna', null, 0), ['text of a']);
  signals.sweep(1000);
  assert.deepEqual(signals.since('anna', null, 0), []);
});

test('what waits for one user is bounded', () => {
  const signals = new Signals();
  for (let i = 0; i < 1000; i++) signals.add('anna', signal(`s${i}`, i));
  const kept = signals.since('anna', null, 0);
  assert.deepEqual([kept.length, kept.at(-1)], [50, 'text of s999']);
});
