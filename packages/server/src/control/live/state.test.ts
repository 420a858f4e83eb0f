import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamHolder } from '@lianmai/contract';
import fc from 'fast-check';
import { advance, type LiveChange, type LiveEntry, type LiveInput } from './state.ts';

const holder = (sessionId: string, startedAtMs = 1000): StreamHolder => ({
  sessionId,
  channelId: 'ch_1',
  accountId: 'acc_1',
  worker: 'w1',
  protocol: 'rtmp',
  play: { signedWith: null },
  startedAtMs,
});
const held = (sessionId: string, startedAtMs?: number): LiveInput => ({
  type: 'held',
  stream: 'show',
  holder: holder(sessionId, startedAtMs),
});
const released = (atMs = 2000): LiveInput => ({ type: 'released', atMs });
const ended = (sessionId: string): LiveInput => ({ type: 'ended', sessionId, reason: 'unpublished', atMs: 3000 });
const expired = (sessionId: string): LiveInput => ({ type: 'expired', sessionId });

function run(inputs: readonly LiveInput[]): { entry: LiveEntry | null; said: string[] } {
  let entry: LiveEntry | null = null;
  const said: string[] = [];
  for (const input of inputs) {
    const next: { entry: LiveEntry | null; changes: LiveChange[] } = advance(entry, input);
    entry = next.entry;
    for (const change of next.changes)
      said.push(
        `${change.type} ${change.entry.sessionId}${change.type === 'ended' ? ` ${change.reason} ${change.atMs}` : ''}`,
      );
  }
  return { entry, said };
}

describe('a stream', () => {
  const cases: [string, LiveInput[], string[], 'idle' | 'live' | 'interrupted'][] = [
    ['goes live', [held('a')], ['began a'], 'live'],
    ['ends with a goodbye', [held('a'), ended('a'), released()], ['began a', 'ended a unpublished 3000'], 'idle'],
    [
      'ends with a goodbye that comes after the lease',
      [held('a'), released(), ended('a')],
      ['began a', 'interrupted a', 'ended a unpublished 3000'],
      'idle',
    ],
    [
      'vanishes, and ends when it was gone, not when the grace was over',
      [held('a'), released(2000), expired('a')],
      ['began a', 'interrupted a', 'ended a vanished 2000'],
      'idle',
    ],
    [
      'comes back in the same session',
      [held('a'), released(), held('a')],
      ['began a', 'interrupted a', 'resumed a'],
      'live',
    ],
    [
      'is taken over by the next publisher',
      [held('a'), released(), held('b', 5000)],
      ['began a', 'interrupted a', 'ended a vanished 2000', 'began b'],
      'live',
    ],
    [
      'is taken over before it was seen gone',
      [held('a'), held('b', 5000)],
      ['began a', 'ended a vanished 5000', 'began b'],
      'live',
    ],
    ['does not end by the word on an older session', [held('a'), ended('z')], ['began a'], 'live'],
    [
      'does not end by an old timer',
      [held('a'), released(), held('a'), expired('a')],
      ['began a', 'interrupted a', 'resumed a'],
      'live',
    ],
    [
      'does not repeat itself',
      [held('a'), held('a'), released(), released()],
      ['began a', 'interrupted a'],
      'interrupted',
    ],
    ['is not there without a lease', [released(), ended('a'), expired('a')], [], 'idle'],
  ];
  for (const [what, inputs, said, state] of cases)
    it(what, () => {
      const end = run(inputs);
      assert.deepEqual(end.said, said);
      const is = end.entry === null ? 'idle' : end.entry.interruptedAtMs === null ? 'live' : 'interrupted';
      assert.equal(is, state);
    });

  it('goes on with its show when the next publisher takes over, and begins a new one after the end', () => {
    assert.equal(run([held('a', 1000), released(), held('b', 5000)]).entry?.sinceMs, 1000);
    assert.equal(run([held('a', 1000), ended('a'), held('b', 5000)]).entry?.sinceMs, 5000);
  });

  it('ends every session that began exactly once, whatever happens in whatever order', () => {
    const session = fc.constantFrom('a', 'b', 'c');
    const input = fc.oneof(
      session.map((id) => held(id)),
      fc.constant(released()),
      session.map(ended),
      session.map(expired),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const { entry, said } = run(inputs);
        const open = new Set<string>();
        for (const line of said) {
          const [type, id = ''] = line.split(' ');
          if (type === 'began') open.add(id);
          else assert.ok(open.has(id), `${line} of a session that is not open`);
          if (type === 'ended') open.delete(id);
        }
        assert.deepEqual([...open], entry ? [entry.sessionId] : []);
      }),
    );
  });
});
