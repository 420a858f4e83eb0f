import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveError } from '@lianmai/contract';
import fc from 'fast-check';
import { Floor, type FloorState } from './floor.ts';

const floorOf = (state: Partial<FloorState> = {}) =>
  new Floor({ anchorId: 'anna', moderators: [], sanctions: [], slowModeSeconds: 0, muteAll: false, ...state }, 0);

/** null: it was let through. */
function said(floor: Floor, userId: string, kind: Parameters<Floor['speak']>[1], atMs: number): string | null {
  try {
    floor.speak(userId, kind, atMs);
    return null;
  } catch (error) {
    return (error as LiveError).name;
  }
}

/** One second of a crowd in which nobody is over its own limit. */
function count(floor: Floor, kinds: Record<string, number>, fromMs: number): Record<string, number> {
  const through: Record<string, number> = {};
  for (let ms = 0; ms < 1000; ms++)
    for (const [kind, perS] of Object.entries(kinds))
      for (let i = Math.floor((ms * perS) / 1000); i < Math.floor(((ms + 1) * perS) / 1000); i++)
        if (said(floor, `${kind}-${fromMs}-${i}`, kind as 'text', fromMs + ms) === null)
          through[kind] = (through[kind] ?? 0) + 1;
  return through;
}

test('forty messages a second pass, whatever they are', () => {
  for (const kind of ['text', 'danmaku', 'gift', 'custom'] as const) {
    const floor = floorOf();
    for (let second = 0; second < 20; second++)
      assert.equal(count(floor, { [kind]: 40 }, second * 1000)[kind], 40, `${kind} in second ${second}`);
  }
});

test('when a room says more, danmaku are dropped first, then texts; gifts come through', () => {
  const floor = floorOf();
  for (let second = 0; second < 5; second++) count(floor, { danmaku: 60, text: 60, gift: 5 }, second * 1000);
  const { danmaku = 0, text = 0, gift } = count(floor, { danmaku: 60, text: 60, gift: 5 }, 5000);
  assert.equal(gift, 5);
  assert.ok(text > danmaku, `${text} texts, ${danmaku} danmaku`);
  assert.ok(danmaku + text + 5 <= 42);
});

test('over any time, members get no more through than the room has room for', () => {
  const burst = fc.record({ afterMs: fc.nat(2000), messages: fc.nat(120) });
  fc.assert(
    fc.property(fc.array(burst, { maxLength: 20 }), (bursts) => {
      const floor = floorOf();
      let ms = 0;
      let through = 0;
      for (const { afterMs, messages } of bursts) {
        ms += afterMs;
        for (let i = 0; i < messages; i++) if (said(floor, `${ms}-${i}`, 'text', ms) === null) through++;
      }
      assert.ok(through <= 40 + (ms * 40) / 1000);
    }),
  );
});

test('one user has a limit of its own, which leaving and coming back does not lift', () => {
  const floor = floorOf();
  const answers = Array.from({ length: 12 }, () => said(floor, 'ben', 'text', 0));
  assert.deepEqual(answers.slice(0, 10), Array(10).fill(null));
  assert.equal(answers[11], 'RATE_LIMITED');
  assert.equal(said(floor, 'cleo', 'text', 0), null);
  assert.equal(said(floor, 'ben', 'text', 500), null);
  floor.sweep(600);
  assert.equal(said(floor, 'ben', 'text', 600), 'RATE_LIMITED');
});

test('slow mode is for members, not for who leads nor for gifts', () => {
  const floor = floorOf({ slowModeSeconds: 10, moderators: ['mo'] });
  assert.deepEqual([said(floor, 'ben', 'text', 0), said(floor, 'ben', 'text', 9_999)], [null, 'SLOW_MODE']);
  assert.equal(said(floor, 'ben', 'gift', 9_999), null);
  assert.equal(said(floor, 'ben', 'danmaku', 10_000), null);
  for (const leader of ['anna', 'mo'])
    assert.deepEqual([said(floor, leader, 'text', 0), said(floor, leader, 'text', 1)], [null, null]);
});

test('who is muted is silent until it is over; when all are, who leads is not', () => {
  const floor = floorOf({ sanctions: [{ userId: 'ben', kind: 'mute', untilMs: 5000 }], moderators: ['mo'] });
  assert.deepEqual([said(floor, 'ben', 'gift', 4999), said(floor, 'ben', 'text', 5000)], ['MUTED', null]);
  floor.sanction({ userId: 'ben', kind: 'mute', untilMs: Number.POSITIVE_INFINITY });
  assert.equal(said(floor, 'ben', 'text', 1e12), 'MUTED');
  floor.muteAll = true;
  assert.deepEqual([said(floor, 'cleo', 'text', 1e12), said(floor, 'mo', 'text', 1e12)], ['MUTED', null]);
});

test('a clock that is set back neither opens nor shuts the room for long', () => {
  const floor = floorOf();
  assert.equal(said(floor, 'ben', 'text', 1e9), null);
  assert.equal(said(floor, 'ben', 'text', 0), null);
  for (let i = 0; i < 50; i++) said(floor, 'ben', 'text', 1);
  assert.equal(said(floor, 'ben', 'text', 1), 'RATE_LIMITED');
  assert.equal(said(floor, 'ben', 'text', 600), null);
});

test('as many are led, muted and kept out as a room can keep in mind; those that are over make room', () => {
  const moderators = Array.from({ length: 100 }, (_, i) => `mo-${i}`);
  const sanctions = Array.from({ length: 10_000 }, (_, i) => ({
    userId: `ben-${i}`,
    kind: 'ban' as const,
    untilMs: i + 1,
  }));
  const floor = floorOf({ moderators, sanctions });
  const refused = { name: 'BAD_REQUEST' };
  assert.throws(() => floor.checkNewModerator('one-more'), refused);
  floor.checkNewModerator('mo-7');
  assert.throws(() => floor.checkNewSanction({ userId: 'one-more', kind: 'ban' }), refused);
  floor.checkNewSanction({ userId: 'ben-7', kind: 'ban' });
  floor.checkNewSanction({ userId: 'one-more', kind: 'mute' });
  floor.sweep(1);
  floor.checkNewSanction({ userId: 'one-more', kind: 'ban' });
  floor.setModerator('mo-7', false);
  floor.checkNewModerator('one-more');
});
