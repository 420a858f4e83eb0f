import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JitterBuffer, type JitterLimits } from './index.ts';

const LIMITS: JitterLimits = { giveUpMs: 200, firstRequestMs: 10, retryMs: 50, maxPackets: 500 };

const items = (buffer: JitterBuffer<number>, nowMs: number) => buffer.take(nowMs).map(({ item }) => item);

test('packets in order go straight through', () => {
  const buffer = new JitterBuffer<number>(LIMITS);
  for (let i = 0; i < 70_000; i++) {
    assert.equal(buffer.push((65_000 + i) & 0xffff, i, i), 'kept');
    assert.deepEqual(buffer.take(i), [{ item: i, afterLoss: false }]);
  }
  assert.equal(buffer.waiting, false);
});

test('a gap is waited for, asked for, and filled by the retransmission', () => {
  const buffer = new JitterBuffer<number>(LIMITS);
  for (const number of [1, 2, 5]) buffer.push(number, number, 0);
  assert.deepEqual(items(buffer, 0), [1, 2]);
  assert.deepEqual(buffer.requests(9), []);
  assert.deepEqual(buffer.requests(10), [3, 4]);
  assert.deepEqual(buffer.requests(59), []);
  buffer.push(4, 4, 59);
  assert.deepEqual(buffer.requests(60), [3]);
  assert.deepEqual(items(buffer, 60), []);
  buffer.push(3, 3, 61);
  assert.deepEqual(items(buffer, 61), [3, 4, 5]);
  assert.equal(buffer.push(3, 3, 62), 'late');
  assert.equal(buffer.lost, 0);
});

test('what does not come in time is given up, and what follows says so', () => {
  const buffer = new JitterBuffer<number>(LIMITS);
  for (const number of [1, 3, 4]) buffer.push(number, number, 0);
  buffer.take(0);
  assert.deepEqual(buffer.take(199), []);
  assert.deepEqual(buffer.take(200), [
    { item: 3, afterLoss: true },
    { item: 4, afterLoss: false },
  ]);
  assert.equal(buffer.lost, 1);
  assert.equal(buffer.push(2, 2, 201), 'late');
  assert.deepEqual(buffer.requests(1000), []);
});

test('a full buffer gives the oldest gap up early', () => {
  const buffer = new JitterBuffer<number>({ ...LIMITS, maxPackets: 3 });
  for (const number of [1, 3, 4, 5]) buffer.push(number, number, 0);
  assert.deepEqual(items(buffer, 0), [1]);
  buffer.push(6, 6, 1);
  assert.deepEqual(items(buffer, 1), [3, 4, 5, 6]);
});

test('one packet from far off is ignored; two in a row are a sender that counts anew', () => {
  const buffer = new JitterBuffer<number>(LIMITS);
  buffer.push(10, 10, 0);
  buffer.take(0);
  assert.equal(buffer.push(40_000, 0, 1), 'stray');
  assert.equal(buffer.push(11, 11, 2), 'kept');
  assert.deepEqual(items(buffer, 2), [11]);
  assert.equal(buffer.push(40_000, 0, 3), 'stray');
  assert.equal(buffer.push(40_001, 1, 4), 'kept');
  assert.deepEqual(buffer.take(4), [{ item: 1, afterLoss: true }]);
});

test('whatever is lost, repeated or overtaken: order holds, nothing comes twice, nothing kept is forgotten', () => {
  const network = fc.array(
    fc.record({ number: fc.integer({ min: 0, max: 300 }), afterMs: fc.integer({ min: 0, max: 30 }) }),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(network, fc.integer({ min: 0, max: 0xffff }), (arrivals, base) => {
      const buffer = new JitterBuffer<number>(LIMITS);
      const kept: number[] = [];
      const out: { item: number; afterLoss: boolean }[] = [];
      let nowMs = 0;
      for (const { number, afterMs } of arrivals) {
        nowMs += afterMs;
        if (buffer.push((base + number) & 0xffff, number, nowMs) === 'kept') kept.push(number);
        buffer.requests(nowMs);
        out.push(...buffer.take(nowMs));
      }
      out.push(...buffer.take(nowMs + LIMITS.giveUpMs));
      const numbers = out.map(({ item }) => item);
      assert.deepEqual(
        numbers,
        kept.toSorted((a, b) => a - b),
      );
      for (const [i, { item, afterLoss }] of out.entries())
        if (i > 0) assert.equal(afterLoss, item !== numbers[i - 1]! + 1, `${item}`);
      assert.equal(buffer.waiting, false);
    }),
  );
});
