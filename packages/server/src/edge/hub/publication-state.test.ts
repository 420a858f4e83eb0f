import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PublicationEvent, type PublicationState, stepPublication } from './publication-state.ts';

const limits = { silenceMs: 3000, graceMs: 7000 };

/** Steps through events at times; what was to be done, in order. */
function live(events: [number, PublicationEvent][]): { effects: string[]; state: PublicationState } {
  let state: PublicationState = { at: 'live', heardMs: 0 };
  const effects: string[] = [];
  for (const [nowMs, event] of events) {
    const step = stepPublication(state, event, nowMs, limits);
    state = step.state;
    effects.push(...step.effects.map((effect) => ('reason' in effect ? `${effect.do}: ${effect.reason}` : effect.do)));
  }
  return { effects, state };
}

test('a goodbye ends the stream before its lease is free, so that everyone learns of the end first', () => {
  assert.deepEqual(live([[10, { type: 'goodbye', reason: 'unpublished' }]]).effects, [
    'endStream: unpublished',
    'releaseLease',
  ]);
});

test('silence lets the lease go, and ends the stream after the grace', () => {
  const { effects } = live([
    [2000, { type: 'heard' }],
    [4999, { type: 'tick' }],
    [5000, { type: 'tick' }],
    [11_999, { type: 'tick' }],
    [12_000, { type: 'tick' }],
  ]);
  assert.deepEqual(effects, [
    'interrupt',
    'releaseLease',
    'tellPeer: timed-out',
    'endStream: timed-out',
    'releaseLease',
  ]);
});

test('a connection that breaks while it is silent does not begin a new grace', () => {
  const { effects } = live([
    [3000, { type: 'tick' }],
    [9000, { type: 'lost' }],
    [10_000, { type: 'tick' }],
  ]);
  assert.deepEqual(effects, ['interrupt', 'releaseLease', 'releaseLease', 'endStream: vanished']);
});

test('a lease that comes after the connection broke is given back', () => {
  const { effects, state } = live([
    [3000, { type: 'tick' }],
    [3500, { type: 'heard' }],
    [3501, { type: 'lost' }],
    [3502, { type: 'regained' }],
  ]);
  assert.deepEqual(effects.slice(2), ['askForLease', 'releaseLease', 'releaseLease']);
  assert.equal(state.at, 'vanished');
});

test('whatever happens, the peer is told once, the stream ends once, and after the end nothing is done', () => {
  const event = fc.constantFrom<PublicationEvent>(
    { type: 'heard' },
    { type: 'tick' },
    { type: 'goodbye', reason: 'unpublished' },
    { type: 'lost' },
    { type: 'regained' },
    { type: 'replaced' },
    { type: 'revoked', reason: 'disconnected' },
  );
  const timed = fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), event), { maxLength: 40 });
  fc.assert(
    fc.property(timed, (steps) => {
      let now = 0;
      const events = steps.map(([wait, e]): [number, PublicationEvent] => [(now += wait), e]);
      const { effects, state } = live(events);
      const count = (what: string) => effects.filter((effect) => effect.startsWith(what)).length;
      assert.ok(count('tellPeer') <= 1 && count('endStream') <= 1);
      assert.ok(count('interrupt') - count('resume') <= 1 && count('resume') <= count('interrupt'));
      assert.equal(state.at === 'over', count('endStream') === 1 || events.some(([, { type }]) => type === 'replaced'));
    }),
  );
});
