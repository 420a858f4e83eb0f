import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Due, OutputSchedule } from './output-schedule.ts';

/** A schedule on a clock that moves when told, and while work is done. */
function schedule(fps: number, startMs = 1000) {
  let nowMs = startMs;
  let workMs = 0;
  const pictures: { index: number; atMs: number; nowMs: number }[] = [];
  const blocks: number[] = [];
  const order: number[] = [];
  const due: Due = {
    picture(index, atMs) {
      pictures.push({ index, atMs, nowMs });
      order.push(atMs);
      nowMs += workMs;
    },
    block(atMs) {
      blocks.push(atMs);
      order.push(atMs + 1024 / 48);
    },
  };
  const it = new OutputSchedule({ fps, blockMs: 1024 / 48, startMs, now: () => nowMs });
  return {
    it,
    pictures,
    blocks,
    order,
    runAt(ms: number) {
      nowMs = Math.max(nowMs, ms);
      it.run(due);
    },
    /** As a timer would. */
    live(untilMs: number, jitter: () => number = () => 0) {
      while (nowMs < untilMs) {
        nowMs = Math.max(nowMs, it.nextMs) + jitter();
        it.run(due);
      }
    },
    work(ms: number) {
      workMs = ms;
    },
  };
}

test('a minute has as many pictures and samples as it should, whatever the timer does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }),
      (fps, jitters) => {
        const { it, live, pictures, blocks, order } = schedule(fps);
        let i = 0;
        live(61_000, () => jitters[i++ % jitters.length]!);
        assert.ok(Math.abs(pictures.length - 60 * fps) <= 2, `${pictures.length} pictures`);
        assert.ok(Math.abs(blocks.length - (60 * 48_000) / 1024) <= 2, `${blocks.length} blocks`);
        for (const [n, ms] of order.entries())
          assert.ok(n === 0 || ms > order[n - 1]! - 0.001, `${order[n - 1]}, ${ms}`);
        assert.equal(it.late, 0);
      },
    ),
    { numRuns: 10 },
  );
});

test('pictures are evenly spaced, and none comes early', () => {
  const { live, pictures } = schedule(25);
  live(3000, () => 7);
  for (const { index, atMs, nowMs } of pictures) {
    assert.equal(atMs, 1000 + index * 40);
    assert.ok(nowMs >= atMs);
  }
});

test('after a hold-up a few pictures are made up for, older ones left out, no sound is', () => {
  const { it, runAt, pictures, blocks } = schedule(25);
  runAt(1000);
  runAt(1400);
  assert.deepEqual(
    pictures.map(({ index }) => index),
    [0, 7, 8, 9, 10],
  );
  assert.ok(it.late >= 6);
  for (const [i, atMs] of blocks.entries()) assert.ok(Math.abs(atMs - (1000 + (i * 1024) / 48)) < 0.001);
  assert.ok(blocks.at(-1)! > 1350);
});

test('a machine that slept goes on at the present', () => {
  const { runAt, pictures, blocks } = schedule(25);
  runAt(1000);
  runAt(100_000);
  assert.ok(pictures.length <= 5 && blocks.length < 60);
  assert.ok(blocks.at(-1)! > 99_900 && pictures.at(-1)!.atMs > 99_900);
});

test('with work that takes longer than a picture, time goes on and late ones are counted', () => {
  const { it, live, work, pictures } = schedule(25);
  work(90);
  live(6000);
  assert.ok(it.late > 20);
  assert.ok(pictures.at(-1)!.atMs > 5500, 'it never falls behind for good');
});

test('made only every so many-th, pictures keep their times', () => {
  const { it, live, pictures } = schedule(30);
  it.every = 3;
  live(2000);
  assert.deepEqual(
    pictures.slice(0, 4).map(({ index }) => index),
    [0, 3, 6, 9],
  );
  assert.equal(it.late, 0);
});

test('a block of sound is made when it is over', () => {
  const { runAt, blocks } = schedule(25);
  runAt(1021);
  assert.deepEqual(blocks, []);
  runAt(1022);
  assert.deepEqual(blocks, [1000]);
});

test('another frame rate begins where the next picture was due', () => {
  const { it, live, pictures } = schedule(25);
  live(1990);
  const last = pictures.at(-1)!;
  it.setFps(50);
  live(2500);
  const next = pictures.at(pictures.indexOf(last) + 1)!;
  assert.deepEqual([next.index, next.atMs], [0, last.atMs + 40]);
  assert.equal(pictures.at(-1)!.atMs - pictures.at(-2)!.atMs, 20);
});
