import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rates } from './figures.ts';

test('two readings make a rate', () => {
  const rates = new Rates();
  assert.deepEqual(rates.add({ atMs: 0, receivedBytes: 0, decodedFrames: 0 }), { fps: null, bitrateKbps: null });
  assert.deepEqual(rates.add({ atMs: 1000, receivedBytes: 100_000, decodedFrames: 25 }), { fps: 25, bitrateKbps: 800 });
});

test('rates are means over the last seconds, not since the start', () => {
  const rates = new Rates();
  for (let s = 0; s <= 10; s++) rates.add({ atMs: s * 1000, receivedBytes: 0, decodedFrames: s * 10 });
  let last = { fps: null as number | null };
  for (let s = 11; s <= 14; s++)
    last = rates.add({ atMs: s * 1000, receivedBytes: 0, decodedFrames: 100 + (s - 10) * 30 });
  assert.equal(last.fps, 30);
});

test('counters that begin anew begin a new mean', () => {
  const rates = new Rates();
  rates.add({ atMs: 0, receivedBytes: 5000, decodedFrames: 900 });
  assert.deepEqual(rates.add({ atMs: 1000, receivedBytes: 10, decodedFrames: 1 }), { fps: null, bitrateKbps: null });
});

test('what cannot be counted has no rate', () => {
  const rates = new Rates();
  rates.add({ atMs: 0, receivedBytes: null, decodedFrames: 0 });
  assert.deepEqual(rates.add({ atMs: 1000, receivedBytes: null, decodedFrames: 24 }), { fps: 24, bitrateKbps: null });
});
