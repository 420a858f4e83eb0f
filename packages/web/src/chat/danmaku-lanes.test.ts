import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CROSSING_MS, DanmakuLanes } from './danmaku-lanes.ts';

const STAGE = 1000;

describe('danmaku', () => {
  test('take the lanes from the top, and are left out when all are taken', () => {
    const lanes = new DanmakuLanes(2);
    assert.deepEqual(
      [0, 0, 0].map((at) => lanes.take(at, 200, STAGE)),
      [0, 1, null],
    );
  });

  test('take a lane again when the one before has left', () => {
    const lanes = new DanmakuLanes(1);
    lanes.take(0, 200, STAGE);
    assert.equal(lanes.take(CROSSING_MS, 900, STAGE), 0);
  });

  test('never touch another one in their lane, whenever and however long they come', () => {
    const one = fc.record({ afterMs: fc.nat(4_000), width: fc.integer({ min: 20, max: 1_500 }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (all) => {
        const lanes = new DanmakuLanes(3);
        const flying: { lane: number; atMs: number; width: number }[] = [];
        let now = 0;
        for (const { afterMs, width } of all) {
          now += afterMs;
          const lane = lanes.take(now, width, STAGE);
          if (lane !== null) flying.push({ lane, atMs: now, width });
        }
        for (const [i, a] of flying.entries())
          for (const b of flying.slice(i + 1))
            if (a.lane === b.lane) assert.ok(!everTouch(a, b), JSON.stringify([a, b]));
      }),
    );
  });
});

/** Whether the later one's head is ever before the earlier one's tail while both are on the stage. */
function everTouch(a: { atMs: number; width: number }, b: { atMs: number; width: number }): boolean {
  const left = (one: { atMs: number; width: number }, at: number) =>
    STAGE - ((STAGE + one.width) / CROSSING_MS) * (at - one.atMs);
  const until = a.atMs + CROSSING_MS;
  if (b.atMs >= until) return false;
  return [b.atMs, until].some((at) => left(b, at) < left(a, at) + a.width - 1);
}
