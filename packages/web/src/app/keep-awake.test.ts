import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { keepAwake } from './keep-awake.ts';

/** Counts the locks that are held. */
function screen() {
  let held = 0;
  const page = Object.assign(new EventTarget(), { hidden: false });
  const lock = {
    async request() {
      held++;
      let released = false;
      return {
        async release() {
          if (!released) held--;
          released = true;
        },
      } as WakeLockSentinel;
    },
  };
  const look = async (hidden: boolean) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event('visibilitychange'));
    await turn();
  };
  return { page, lock, look, held: () => held };
}

test('the screen stays on until it may sleep again', async () => {
  const { page, lock, held } = screen();
  const sleep = keepAwake(lock, page);
  await turn();
  assert.equal(held(), 1);
  sleep();
  sleep();
  await turn();
  assert.equal(held(), 0);
});

test('a lock that comes after the end is given back', async () => {
  const { page, lock, held } = screen();
  keepAwake(lock, page)();
  await turn();
  assert.equal(held(), 0);
});

test('whoever comes back to the page gets one lock again', async () => {
  const { page, lock, look, held } = screen();
  page.hidden = true;
  const sleep = keepAwake(lock, page);
  await turn();
  assert.equal(held(), 0);
  await look(false);
  await look(false);
  assert.equal(held(), 1);
  sleep();
  await look(false);
  assert.equal(held(), 0);
});

test('browsers that have none, or refuse, are left as they are', async () => {
  const { page } = screen();
  keepAwake(undefined, page)();
  keepAwake({ request: async () => Promise.reject(new Error('low battery')) }, page)();
  await turn();
});
