import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlowDown } from './slow-down.ts';

/** A mix of 24 pictures a second on a machine that has room for so many. */
function machine(fps = 24) {
  const slow = new SlowDown();
  let nowMs = 0;
  let [made, leftOut] = [0, 0];
  return {
    slow,
    /** @param room pictures a second that the machine can make. */
    run(seconds: number, room: number): number[] {
      const steps: number[] = [];
      for (const until = nowMs + seconds * 1000; nowMs < until; nowMs += 500) {
        const due = fps / slow.every / 2;
        const inTime = Math.min(due, room / 2);
        made += inTime;
        leftOut += due - inTime;
        if (slow.look(nowMs, fps, made, leftOut)) steps.push(slow.every);
      }
      return steps;
    },
  };
}

test('a machine that keeps up makes all pictures', () => {
  assert.deepEqual(machine().run(600, 24), []);
});

test('one that does not makes fewer, step by step, until it keeps up', () => {
  const { run, slow } = machine();
  assert.deepEqual(run(20, 8), [2, 3]);
  assert.equal(slow.every, 3);
});

test('a moment of load changes nothing', () => {
  const { run, slow } = machine();
  run(10, 24);
  run(0.5, 20);
  run(10, 24);
  assert.equal(slow.every, 1);
});

test('all pictures are made again when there is room, and tried ever more rarely when there is not', () => {
  const { run, slow } = machine();
  run(30, 13);
  assert.equal(slow.every, 2);
  const tries = run(3600, 13).filter((every) => every === 1).length;
  assert.ok(tries >= 2 && tries < 20, `${tries} tries in an hour`);
  run(700, 24);
  assert.equal(slow.every, 1);
});

test('a few pictures a second are left, however slow the machine', () => {
  const { run, slow } = machine(10);
  run(60, 0.1);
  assert.equal(slow.every, 2);
});
