import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Outbox } from './outbox.ts';
import { SeqClock } from './seq-clock.ts';

const read = (text: string) => {
  const value = JSON.parse(text) as unknown;
  return (Array.isArray(value) ? value : [value]) as { method: string; params: { seq: number; n: number } }[];
};

test('one event goes out as it is, several as a batch; each has its number and the room', () => {
  const outbox = new Outbox('r', new SeqClock(() => 1000, 0));
  assert.equal(outbox.flush(0), null);
  outbox.add('room.message', { n: 1 }, 'text');
  assert.deepEqual(JSON.parse(outbox.flush(0)?.text ?? ''), {
    jsonrpc: '2.0',
    method: 'room.message',
    params: { seq: 1_000_001, roomId: 'r', n: 1 },
  });
  outbox.add('a', { n: 2 }, 'like');
  outbox.add('b', { n: 3 }, 'like');
  const batch = outbox.flush(0);
  assert.equal(batch?.droppable, true);
  assert.deepEqual(
    read(batch?.text ?? '').map(({ params }) => params.seq),
    [1_000_002, 1_000_003],
  );
});

test('a batch with something important in it is not droppable', () => {
  const outbox = new Outbox('r', new SeqClock(() => 0, 0));
  outbox.add('room.message', {}, 'text');
  outbox.add('room.message', {}, 'gift');
  assert.equal(outbox.flush(0)?.droppable, false);
});

test('whoever missed something gets exactly that, or is told that it is not known', () => {
  const step = fc.record({ afterMs: fc.nat(30_000), events: fc.nat(400), size: fc.nat(2000) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(), (steps, pick) => {
      let nowMs = 1000;
      const outbox = new Outbox('r', new SeqClock(() => nowMs, 0));
      const sent: number[] = [];
      for (const { afterMs, events, size } of steps) {
        nowMs += afterMs;
        for (let n = 0; n < events; n++)
          outbox.add('e', { n, filling: 'x'.repeat(size) }, 'text', (seq) => sent.push(seq));
        outbox.flush(nowMs);
      }
      if (sent.length === 0) return;
      const seen = pick % sent.length;
      const missed = outbox.since(sent[seen]!);
      if (missed !== null)
        assert.deepEqual(
          missed.flatMap(read).map(({ params }) => params.seq),
          sent.slice(seen + 1),
        );
      assert.deepEqual(outbox.since(sent.at(-1)!), []);
    }),
    { numRuns: 30 },
  );
});

test('what was kept is bounded in number, size and time', () => {
  let nowMs = 0;
  const outbox = new Outbox('r', new SeqClock(() => nowMs, 0));
  let first = 0;
  outbox.add('e', {}, 'text', (seq) => (first = seq));
  outbox.flush(nowMs);
  assert.deepEqual(outbox.since(first), []);
  nowMs = 61_000;
  outbox.add('e', {}, 'text');
  outbox.flush(nowMs);
  assert.equal(outbox.since(first - 1), null);
  for (let i = 0; i < 3000; i++) outbox.add('e', { filling: 'x'.repeat(1000) }, 'text');
  outbox.flush(nowMs);
  assert.equal(outbox.since(first), null);
});

test('numbers grow when the clock stands still, goes back, and after a restart', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e9), { minLength: 2 }), (times) => {
      let nowMs = 0;
      let clock = new SeqClock(() => nowMs, 0);
      let last = clock.last;
      for (const [i, time] of times.entries()) {
        nowMs = time;
        if (i % 3 === 2) clock = new SeqClock(() => nowMs, last);
        const next = clock.next();
        assert.ok(next > last && Number.isSafeInteger(next));
        last = next;
      }
    }),
  );
});
