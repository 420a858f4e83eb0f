import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { afterGap, LIVE_EDGE, LiveEdge } from './live-edge.ts';

/** Steers four times a second with the buffer that `aheadAt` tells. */
function steerFor(edge: LiveEdge, fromS: number, seconds: number, aheadAt: (atS: number) => number) {
  const orders = [];
  for (let atS = fromS; atS <= fromS + seconds; atS += 0.25) orders.push(edge.steer(aheadAt(atS), atS));
  return orders;
}

describe('the delay is kept low', () => {
  test('a newcomer with two seconds of the past jumps forward at once', () => {
    assert.deepEqual(new LiveEdge().steer(2.2, 0), { playbackRate: 1, jumpToAheadS: LIVE_EDGE.marginS + 0.5 });
  });

  test('a newcomer with a short buffer stays', () => {
    assert.equal(new LiveEdge().steer(0.8, 0).jumpToAheadS, null);
  });

  test('buffer that is never used is played away a little faster', () => {
    const last = steerFor(new LiveEdge(), 0, 3, () => 1).at(-1);
    assert.ok(last && last.playbackRate > 1 && last.playbackRate <= LIVE_EDGE.maxRate);
    assert.equal(last.jumpToAheadS, null);
  });

  test('a buffer that is emptied by each flush is left alone, however high its peaks', () => {
    const flushes = (atS: number) => 0.9 - ((atS * 10) % 8) / 10;
    for (const order of steerFor(new LiveEdge(), 0, 10, flushes)) assert.equal(order.playbackRate, 1);
  });

  test('seconds of unused buffer are skipped', () => {
    const orders = steerFor(new LiveEdge(), 0, 1, () => 0.5).concat(
      steerFor(new LiveEdge(), 2, 4, (atS) => (atS < 2.5 ? 1 : 3)),
    );
    assert.ok(orders.some((order) => order.jumpToAheadS !== null));
  });

  test('a hidden page that fell far behind jumps without waiting', () => {
    const edge = new LiveEdge();
    edge.steer(0.5, 0);
    assert.notEqual(edge.steer(20, 60).jumpToAheadS, null);
  });
});

describe('and the picture does not stutter', () => {
  test('each stall raises the margin, up to a bound', () => {
    const edge = new LiveEdge();
    edge.stalled(1);
    const once = edge.marginS;
    assert.ok(once > LIVE_EDGE.marginS);
    for (let i = 0; i < 50; i++) edge.stalled(i);
    assert.equal(edge.marginS, LIVE_EDGE.maxMarginS);
  });

  test('a calm half minute lowers it again, never below the first one', () => {
    const edge = new LiveEdge();
    edge.stalled(0);
    const raised = edge.marginS;
    edge.steer(1, 31);
    assert.ok(edge.marginS < raised);
    for (let i = 2; i < 50; i++) edge.steer(1, i * 31);
    assert.equal(edge.marginS, LIVE_EDGE.marginS);
  });

  test('after a stall the raised margin is not played away', () => {
    const edge = new LiveEdge();
    edge.stalled(0);
    edge.stalled(0);
    for (const order of steerFor(edge, 1, 4, () => edge.marginS)) assert.equal(order.playbackRate, 1);
  });
});

describe('a hole in the buffer', () => {
  const ranges = [
    { startS: 0, endS: 10 },
    { startS: 17, endS: 18 },
  ];
  test('is jumped over from its edge', () => {
    assert.equal(afterGap(ranges, 10), 17.01);
    assert.equal(afterGap(ranges, 9.9), 17.01);
  });
  test('is no matter while there is media before it', () => {
    assert.equal(afterGap(ranges, 5), null);
  });
  test('the end of everything is no hole', () => {
    assert.equal(afterGap(ranges, 18), null);
    assert.equal(afterGap([], 3), null);
  });
  test('media that begins later than the position is gone to', () => {
    assert.equal(afterGap([{ startS: 0.5, endS: 2 }], 0), 0.51);
  });
});
