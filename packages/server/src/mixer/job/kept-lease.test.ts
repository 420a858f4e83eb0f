import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MemoryBus } from '../../bus/memory-bus.ts';
import { KeptLease } from './kept-lease.ts';

const settle = async () => {
  for (let i = 0; i < 4; i++) await setImmediate();
};

async function watched() {
  const system = new MemoryBus();
  const { bus } = system.member();
  const seen: (string | null)[] = [];
  await bus.watch<string>('program/', (_, value) => {
    seen.push(value);
    if (value === null) for (const lease of kept) lease.ended();
  });
  const kept: KeptLease<string>[] = [];
  let taken = 0;
  return {
    system,
    seen,
    taken: () => taken,
    keep(value: string) {
      const { bus: own } = system.member();
      const lease = new KeptLease({ bus: own, key: 'program/show', value, taken: () => taken++ });
      kept.push(lease);
      return lease;
    },
  };
}

test('a lease is taken, and released for good', async () => {
  const { system, seen, keep, taken } = await watched();
  const lease = keep('one');
  await settle();
  assert.deepEqual([lease.held, taken()], [true, 1]);
  await lease.release();
  await lease.release();
  await settle();
  assert.deepEqual([seen, lease.held], [['one', null], false]);
  system.close();
});

test('one that another has is taken when it ends, at once', async () => {
  const { system, seen, keep } = await watched();
  const first = keep('one');
  await settle();
  const second = keep('two');
  await settle();
  assert.equal(second.held, false);
  await first.release();
  await settle();
  assert.equal(second.held, true);
  assert.deepEqual(seen, ['one', null, 'two']);
  await second.release();
  system.close();
});

test('others see what it is replaced by', async () => {
  const { system, seen, keep } = await watched();
  const lease = keep('one');
  await settle();
  await lease.replace('two');
  await settle();
  assert.deepEqual([seen.at(-1), lease.held], ['two', true]);
  await lease.release();
  system.close();
});

test('released while it is asked for, it is not kept', async () => {
  const { system, seen, keep } = await watched();
  const lease = keep('one');
  await lease.release();
  await settle();
  assert.equal(lease.held, false);
  assert.equal(seen.at(-1) ?? null, null);
  system.close();
});
