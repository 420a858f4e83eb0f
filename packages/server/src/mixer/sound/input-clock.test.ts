import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InputClock } from './input-clock.ts';

/** A small generator of the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Arrival {
  ptsMs: number;
  atMs: number;
}

interface Source {
  seconds: number;
  /** Of the source's clock against ours. */
  ppm?: number;
  jitterMs?: number;
  /** Between frames. */
  stepMs?: number;
  /** Added to the arrival at this time of the source. */
  heldUpMs?: (ms: number) => number;
  seed?: number;
}

/** Frames in order, as TCP brings them: never one before the other. */
function arrivals({ seconds, ppm = 0, jitterMs = 0, stepMs = 20, heldUpMs = () => 0, seed = 1 }: Source): Arrival[] {
  const next = random(seed);
  const out: Arrival[] = [];
  let lastMs = 0;
  for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
    lastMs = Math.max(lastMs, 5000 + ms * (1 + ppm / 1e6) + next() * jitterMs + heldUpMs(ms));
    out.push({ ptsMs: ms, atMs: lastMs });
  }
  return out;
}

interface Seen {
  backwardMs: number;
  fastest: number;
  slowest: number;
}

/** Feeds the arrivals and looks at the playhead every 10 ms. */
function follow(clock: InputClock, frames: readonly Arrival[], each: (nowMs: number) => void = () => {}): Seen {
  const seen: Seen = { backwardMs: 0, fastest: 0, slowest: 2 };
  let lastMs: number | null = null;
  let i = 0;
  const begin = frames[0]!.atMs;
  for (let nowMs = Math.floor(begin); i < frames.length; nowMs += 10) {
    const jumps = clock.reanchors;
    for (; i < frames.length && frames[i]!.atMs <= nowMs; i++) clock.arrived(frames[i]!.ptsMs, frames[i]!.atMs);
    const playheadMs = clock.playheadMs(nowMs);
    if (playheadMs !== null && lastMs !== null && clock.reanchors === jumps) {
      seen.backwardMs = Math.max(seen.backwardMs, lastMs - playheadMs);
      if (nowMs - begin > 1500) {
        seen.fastest = Math.max(seen.fastest, (playheadMs - lastMs) / 10);
        seen.slowest = Math.min(seen.slowest, (playheadMs - lastMs) / 10);
      }
    }
    lastMs = playheadMs;
    each(nowMs);
  }
  return seen;
}

describe('InputClock', () => {
  it('has no playhead before anything came', () => {
    assert.equal(new InputClock().playheadMs(5), null);
  });

  it('a quiet source waits 20 ms', () => {
    const clock = new InputClock();
    follow(clock, arrivals({ seconds: 30 }));
    assert.ok(Math.abs(clock.delayMs - 20) < 1, `${clock.delayMs}`);
    assert.equal(clock.lateFrames, 0);
  });

  it('sound that is needed ahead makes the delay longer by that', () => {
    const clock = new InputClock();
    for (const { ptsMs, atMs } of arrivals({ seconds: 30 })) clock.arrived(ptsMs, atMs, 30);
    assert.ok(Math.abs(clock.delayMs - 34) < 1, `${clock.delayMs}`);
  });

  it('follows a clock that is 200 ppm off for an hour, without a late frame', () => {
    for (const ppm of [200, -200]) {
      const clock = new InputClock();
      const seen = follow(clock, arrivals({ seconds: 3600, ppm, jitterMs: 5 }));
      assert.equal(clock.reanchors, 0);
      assert.ok(clock.lateFrames < 5, `${clock.lateFrames} late`);
      assert.ok(clock.delayMs < 30, `${clock.delayMs}`);
      assert.ok(seen.fastest < 1.0051 && seen.slowest > 0.9949, JSON.stringify(seen));
    }
  });

  it('waits for jitter of 50 ms, no longer, and is hardly ever late', () => {
    const clock = new InputClock();
    const frames = arrivals({ seconds: 600, jitterMs: 50 });
    follow(clock, frames);
    assert.ok(clock.delayMs > 45 && clock.delayMs < 75, `${clock.delayMs}`);
    assert.ok(clock.lateFrames < frames.length / 500, `${clock.lateFrames} late of ${frames.length}`);
  });

  it('a lone hold-up of 300 ms costs its own frames and no delay afterwards', () => {
    const clock = new InputClock();
    const heldUpMs = (ms: number) => (ms >= 20_000 && ms < 20_300 ? 20_300 - ms : 0);
    follow(clock, arrivals({ seconds: 40, heldUpMs }));
    assert.ok(clock.lateFrames > 0 && clock.lateFrames <= 15, `${clock.lateFrames}`);
    assert.ok(clock.delayMs < 25, `${clock.delayMs}`);
  });

  it('hold-ups of 300 ms again and again are waited for; when they are over, the delay goes down again', () => {
    const clock = new InputClock();
    const heldUpMs = (ms: number) => (ms < 60_000 && ms % 2000 < 300 ? 300 - (ms % 2000) : 0);
    let late = 0;
    let during = 0;
    follow(clock, arrivals({ seconds: 140, heldUpMs }), (nowMs) => {
      if (nowMs < 45_000) late = clock.lateFrames;
      if (nowMs < 64_000) during = clock.delayMs;
    });
    assert.ok(during > 290 && during < 330, `${during}`);
    assert.equal(clock.lateFrames, late, 'none is late once it is known');
    assert.ok(clock.delayMs < 30, `${clock.delayMs}`);
  });

  it('a gap of 10 s with time that went on is followed at once', () => {
    const clock = new InputClock();
    const frames = arrivals({ seconds: 30 }).filter(({ ptsMs }) => ptsMs < 10_000 || ptsMs >= 20_000);
    follow(clock, frames);
    assert.equal(clock.reanchors, 0);
    assert.equal(clock.lateFrames, 0);
  });

  it('timestamps that jump, forward or back, are believed within 200 ms', () => {
    for (const jumpMs of [3_600_000, 800, -800, -1e9]) {
      const clock = new InputClock();
      const frames = arrivals({ seconds: 20 }).map(({ ptsMs, atMs }) => ({
        atMs,
        ptsMs: ptsMs < 10_000 ? ptsMs : ptsMs + jumpMs,
      }));
      follow(clock, frames, (nowMs) => {
        if (nowMs < 15_240) return;
        const off = nowMs - 5000 + jumpMs - (clock.playheadMs(nowMs) ?? 0);
        assert.ok(off > 0 && off < 60, `${jumpMs}: ${off} ms at ${nowMs}`);
      });
      assert.equal(clock.reanchors, 1, `${jumpMs}`);
    }
  });

  it('one wild timestamp is ignored', () => {
    const clock = new InputClock();
    const frames = arrivals({ seconds: 20 });
    for (const at of [100, 300, 500]) frames[at]!.ptsMs = at % 200 === 100 ? 1e12 : Number.NaN;
    const seen = follow(clock, frames);
    assert.equal(clock.reanchors, 0);
    assert.ok(seen.backwardMs <= 0 && clock.delayMs < 25);
  });

  it('the group of pictures that a fresh source sends at once is no delay', () => {
    const clock = new InputClock();
    for (let ptsMs = 0; ptsMs <= 2000; ptsMs += 40) clock.arrived(ptsMs, 7000);
    assert.ok(2000 - (clock.playheadMs(7000) ?? 0) <= 40);
  });

  it('never goes back but for another timeline, and stays within its bounds, whatever comes', () => {
    const step = fc.record({ forwardMs: fc.integer({ min: -50, max: 200 }), waitMs: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 300 }), fc.nat(), (steps, seed) => {
        const next = random(seed);
        const clock = new InputClock();
        let ptsMs = 0;
        let nowMs = 0;
        let lastMs = Number.NEGATIVE_INFINITY;
        for (const { forwardMs, waitMs } of steps) {
          ptsMs += forwardMs;
          nowMs += waitMs * next();
          const jumps = clock.reanchors;
          clock.arrived(ptsMs, nowMs);
          const playheadMs = clock.playheadMs(nowMs) ?? Number.NaN;
          assert.ok(Number.isFinite(playheadMs));
          if (clock.reanchors === jumps) assert.ok(playheadMs >= lastMs - 1e-6, `${playheadMs} after ${lastMs}`);
          lastMs = playheadMs;
        }
      }),
    );
  });
});
