import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { SilenceWatch } from './silence-watch.ts';
import { settled } from './testing.ts';

let alive: boolean;
let answer: boolean | null;
let asked: number[];
let gone: number;
let nowMs: number;
let watch: SilenceWatch;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  alive = true;
  answer = true;
  asked = [];
  gone = 0;
  nowMs = 0;
  watch = new SilenceWatch({
    alive: async () => alive,
    ask: async () => {
      asked.push(nowMs);
      return answer;
    },
    gone: () => gone++,
    random: () => 0.5,
  });
});
afterEach(() => {
  watch.close();
  mock.timers.reset();
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    mock.timers.tick(100);
    nowMs += 100;
    await settled();
  }
}

test('while something comes, nobody is asked', async () => {
  await pass(60_000);
  assert.deepEqual(asked, []);
});

describe('when nothing comes', () => {
  test('the server is asked after a moment, and what it has lost is gone, once', async () => {
    await pass(2_000);
    alive = false;
    answer = false;
    await pass(1_500);
    assert.deepEqual([asked.length, gone], [1, 1]);
    await pass(60_000);
    assert.deepEqual([asked.length, gone], [1, 1]);
  });

  test('but for a report a second, it is not asked', async () => {
    for (let i = 0; i < 10; i++) {
      alive = false;
      await pass(1_200);
      alive = true;
      await pass(300);
    }
    assert.deepEqual(asked, []);
  });

  test('and the session is there, it is asked ever more rarely', async () => {
    alive = false;
    await pass(120_000);
    const pauses = asked.slice(1).map((atMs, i) => atMs - (asked[i] ?? 0));
    assert.deepEqual(pauses, [3_000, 6_000, 12_000, 24_000, 30_000, 30_000].slice(0, pauses.length));
    assert.ok(asked.length <= 7, `asked ${asked.length} times in two minutes`);
    assert.equal(gone, 0);
  });

  test('and nobody answers, it is asked again soon: a server that starts knows at once', async () => {
    alive = false;
    answer = null;
    await pass(1_800);
    assert.equal(asked.length, 2);
    answer = false;
    await pass(600);
    assert.deepEqual([asked.length, gone], [3, 1]);
  });

  test('and nobody answers for long, it is asked less often', async () => {
    alive = false;
    answer = null;
    await pass(60_000);
    assert.ok(asked.length < 20, `asked ${asked.length} times in a minute`);
  });
});

test('after something came the next silence is a new one', async () => {
  alive = false;
  await pass(30_000);
  const before = asked.length;
  alive = true;
  await pass(300);
  alive = false;
  await pass(1_500);
  assert.equal(asked.length, before + 1);
});

test('a watch that is closed meanwhile tells nothing', async () => {
  alive = false;
  answer = false;
  for (let look = 0; look < 5; look++) {
    mock.timers.tick(300);
    if (look < 4) await settled();
  }
  watch.close();
  await pass(10_000);
  assert.equal(gone, 0);
});
