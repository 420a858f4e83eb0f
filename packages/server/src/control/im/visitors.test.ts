import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Connection, WorkerLink } from './connection.ts';
import { Visitors } from './visitors.ts';

const worker = new WorkerLink('edge-0', 'i', () => {});
let numbers = 0;
const connection = (visitor: string, address = 'a'): Connection => ({
  id: `${++numbers}`,
  worker,
  number: numbers,
  identity: { appId: '', userId: visitor },
  session: '',
  profile: { userId: visitor, nickname: visitor, avatar: null },
  isVisitor: true,
  visitorId: visitor,
  address,
  rooms: new Set(),
});

test('of one address no more count than are allowed, though all are there', () => {
  const visitors = new Visitors(2);
  for (const name of ['v1', 'v2', 'v3', 'v4']) visitors.enter(connection(name));
  visitors.enter(connection('v5', 'b'));
  assert.deepEqual([visitors.size, visitors.count], [5, 3]);
});

test('who comes and goes under new names takes the place of nobody for a while', () => {
  const visitors = new Visitors(2);
  for (const name of ['v1', 'v2', 'v3']) {
    const one = connection(name);
    const isNew = visitors.enter(one);
    assert.equal(isNew, name !== 'v3');
    visitors.drop(one);
    visitors.remove(name, 0);
  }
  assert.equal(visitors.enter(connection('v1')), true);
  visitors.sweep(600_000);
  assert.equal(visitors.enter(connection('v3')), true);
});

test('who is counted by another name is not counted as a visitor, and leaves once', () => {
  const visitors = new Visitors(5);
  const one = connection('v1');
  visitors.enter(one);
  visitors.uncount('v1', 0);
  visitors.uncount('v1', 0);
  visitors.uncount('v2', 0);
  assert.equal(visitors.count, 0);
  assert.equal(visitors.drop(one)?.user.userId, 'v1');
  visitors.remove('v1', 0);
  assert.deepEqual([visitors.size, visitors.count], [0, 0]);
});

test('the count is that of who is there and has a place, whatever happens', () => {
  const step = fc.record({
    what: fc.constantFrom('enter', 'leave', 'uncount', 'sweep'),
    who: fc.constantFrom('v1', 'v2', 'v3', 'v4'),
    address: fc.constantFrom('a', 'b'),
    afterMs: fc.constantFrom(0, 1000, 700_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const visitors = new Visitors(1);
      const there = new Map<string, Connection>();
      let nowMs = 0;
      for (const { what, who, address, afterMs } of steps) {
        nowMs += afterMs;
        const before = there.get(who);
        if (what === 'sweep') visitors.sweep(nowMs);
        else if (what === 'uncount') visitors.uncount(who, nowMs);
        else if (what === 'enter' && !before) {
          const one = connection(who, address);
          there.set(who, one);
          visitors.enter(one);
        } else if (what === 'leave' && before) {
          there.delete(who);
          visitors.drop(before);
          visitors.remove(who, nowMs);
        }
        assert.equal(visitors.size, there.size);
        assert.ok(visitors.count >= 0 && visitors.count <= Math.min(there.size, 2), `${visitors.count}`);
      }
    }),
  );
});
