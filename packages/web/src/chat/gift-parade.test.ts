import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOWN_MS, type ShownGift, stillShown, withGift } from './gift-parade.ts';

let no = 0;
const gift = (userId: string, giftId: string, atMs: number, count = 1): ShownGift => ({
  id: `m${++no}`,
  from: { userId, nickname: userId, avatar: null, role: 'member' },
  giftId,
  name: giftId,
  count,
  atMs,
});
const words = (shown: readonly ShownGift[]) =>
  shown.map(({ from, giftId, count }) => `${from.userId} ${giftId} ${count}`);

test('the same gift again counts on, and stays longer', () => {
  const first = withGift([], gift('anna', 'rose', 0, 2));
  const again = withGift(first, gift('anna', 'rose', SHOWN_MS - 1));
  assert.deepEqual(words(again), ['anna rose 3']);
  assert.equal(again[0]?.id, first[0]?.id);
  assert.deepEqual(words(stillShown(again, SHOWN_MS)), ['anna rose 3']);
});

test('one that is over begins anew', () => {
  const shown = withGift([], gift('anna', 'rose', 0, 99));
  assert.deepEqual(words(stillShown(shown, SHOWN_MS)), []);
  assert.deepEqual(words(withGift(shown, gift('anna', 'rose', SHOWN_MS))), ['anna rose 1']);
});

test('of many the newest are shown', () => {
  const all = ['anna', 'bo', 'eve'].map((user, i) => gift(user, 'rose', i));
  assert.deepEqual(words(all.reduce(withGift, [] as readonly ShownGift[])), ['bo rose 1', 'eve rose 1']);
});

test('as long as nothing is over, the list is the same', () => {
  const shown = withGift([], gift('anna', 'rose', 0));
  assert.equal(stillShown(shown, 1), shown);
});
