import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_GIFTS } from '@lianmai/contract/im';
import { ownGiftWord } from './gift-name.ts';

test('all gifts that a server has from the beginning have a word of their own', () => {
  for (const gift of DEFAULT_GIFTS) assert.equal(ownGiftWord(gift), `gift.${gift.giftId}`);
});

test('gifts of whoever runs the server keep their names', () => {
  assert.equal(ownGiftWord({ giftId: 'rose', name: 'Golden rose' }), null);
  assert.equal(ownGiftWord({ giftId: 'car', name: 'Car' }), null);
  assert.equal(ownGiftWord({ giftId: 'toString', name: 'x' }), null);
});
