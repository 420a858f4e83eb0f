import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adaptiveTickMs, FlushClock, nextDueMs, PHASES } from './flush-clock.ts';

test('the tick is short for few viewers and 350 ms for thousands, and never gets shorter with more', () => {
  assert.deepEqual([0, 1, 100, 1000, 5000, 50_000].map(adaptiveTickMs), [10, 10, 10, 80, 350, 350]);
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(20_000), (a, b) => {
      assert.ok(adaptiveTickMs(Math.min(a, b)) <= adaptiveTickMs(Math.max(a, b)));
    }),
  );
});

test('a phase is due once a tick, at its own place in it', () => {
  const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(fc.nat(PHASES - 1), fc.integer({ min: 1, max: 2000 }), ms, (phase, tick, begun) => {
      const due = nextDueMs(phase, tick, begun);
      assert.ok(due >= begun + tick / 2 - 1e-6 && due <= begun + 1.5 * tick + 1e-6);
      const again = nextDueMs(phase, tick, due);
      assert.ok(Math.abs(again - due - tick) < 1e-3, `${due} then ${again}`);
      const early = nextDueMs(phase, tick, due - tick / 10);
      assert.ok(Math.abs(early - due - tick) < 1e-3, 'a timer that fires a little early has fired');
    }),
  );
});

test('however slow the flushes are, every phase gets its turn', async () => {
  const flushes = new Map<number, number>();
  const all = Promise.withResolvers<void>();
  const clock = new FlushClock(1, (phase) => {
    // Longer than the whole tick.
    for (const end = performance.now() + 2; performance.now() < end; );
    flushes.set(phase, (flushes.get(phase) ?? 0) + 1);
    if (flushes.size === PHASES && Math.min(...flushes.values()) >= 3) all.resolve();
  });
  for (let i = 0; i < 7000; i++) clock.add();
  await all.promise;
  clock.close();
  const counts = [...flushes.values()];
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
});

test('few viewers share a phase, many are spread over all of them', () => {
  const clock = new FlushClock(350, () => {});
  const phases = Array.from({ length: 7000 }, () => clock.add());
  clock.close();
  assert.equal(new Set(phases.slice(0, 100)).size, 1);
  const counts = Array.from({ length: PHASES }, (_, phase) => phases.filter((p) => p === phase).length);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
});

test('it ticks while somebody watches, and sleeps otherwise', async () => {
  let flushed = () => {};
  const clock = new FlushClock(1, () => flushed());
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const phase = clock.add();
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => (flushed = resolve));
  assert.equal(timers(), before + 1);
  clock.remove(phase);
  assert.equal(timers(), before);
});
