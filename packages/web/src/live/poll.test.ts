import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Answer } from './api.ts';
import { Poll } from './poll.ts';

/** A poll every second whose answers, page and time are in the test's hands. */
function start(t: TestContext, { visible = true } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const page = { visible };
  let answer: Answer<number> = { ok: true, value: 1 };
  const ask = mock.fn(async () => answer);
  const poll = new Poll<number>({ ask, everyMs: () => 1_000, visible: () => page.visible, random: () => 0.5 });
  t.after(() => poll.close());
  const wait = async (ms: number) => {
    t.mock.timers.tick(ms);
    await turn();
  };
  return { poll, page, wait, asked: () => ask.mock.callCount(), answerWith: (next: Answer<number>) => (answer = next) };
}

test('asks at once, then again and again', async (t) => {
  const { poll, wait, asked } = start(t);
  await wait(0);
  assert.deepEqual(poll.snapshot, { value: 1, failure: null });
  await wait(1_000);
  await wait(1_000);
  assert.equal(asked(), 3);
});

test('keeps what it knows while asking fails', async (t) => {
  const { poll, wait, answerWith } = start(t);
  await wait(0);
  answerWith({ ok: false, failure: { kind: 'unreachable' } });
  await wait(1_000);
  assert.deepEqual(poll.snapshot, { value: 1, failure: { kind: 'unreachable' } });
  answerWith({ ok: true, value: 2 });
  await wait(1_000);
  assert.deepEqual(poll.snapshot, { value: 2, failure: null });
});

test('does not ask while nobody looks, and does at once when somebody does', async (t) => {
  const { poll, page, wait, asked } = start(t);
  await wait(0);
  page.visible = false;
  poll.visibilityChanged();
  await wait(60_000);
  assert.equal(asked(), 1);
  page.visible = true;
  poll.visibilityChanged();
  await wait(500);
  assert.equal(asked(), 2);
});

test('opened where nobody looks, it waits', async (t) => {
  const { wait, asked } = start(t, { visible: false });
  await wait(60_000);
  assert.equal(asked(), 0);
});

test('asks once on demand even while nobody looks', async (t) => {
  const { poll, wait, asked } = start(t, { visible: false });
  poll.askNow();
  await wait(500);
  await wait(60_000);
  assert.equal(asked(), 1);
});

test('never asks twice within half a second, however often it is told to', async (t) => {
  const { poll, wait, asked } = start(t);
  await wait(0);
  for (let i = 0; i < 20; i++) poll.askNow();
  await wait(500);
  assert.equal(asked(), 2);
});

test('listeners hear of each answer until it is closed', async (t) => {
  const { poll, wait } = start(t);
  const heard = mock.fn();
  poll.subscribe(heard);
  await wait(0);
  assert.equal(heard.mock.callCount(), 1);
  poll.close();
  poll.close();
  await wait(10_000);
  assert.equal(heard.mock.callCount(), 1);
});
