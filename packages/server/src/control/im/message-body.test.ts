import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_GIFTS } from '@lianmai/contract/im';
import { readBody, readGift } from './message-body.ts';
import { WordFilter } from './words.ts';

const words = new WordFilter(['bad']);

test('texts are handed on as texts: HTML too, composed, without what cannot be seen', () => {
  assert.equal(readBody('text', '<script>alert(1)</script>', words), '<script>alert(1)</script>');
  assert.equal(readBody('text', ' e\u0301\u0000\u202eevil\u2066 bad\u0007 ', words), 'éevil ***');
  assert.equal(readBody('text', 'two\nlines', words), 'two\nlines');
  assert.equal(readBody('text', '👨‍👩‍👧 \ud800', words), '👨‍👩‍👧 \ufffd');
  assert.deepEqual(readBody('danmaku', { text: 'bad', color: '#f00' }, words), { text: '***', color: '#f00' });
  assert.deepEqual(readBody('custom', { any: ['thing', 1] }, words), { any: ['thing', 1] });
});

test('what is no message is refused with the field', () => {
  const nothing = [undefined, null, 5, '', '   ', '\u200b'.repeat(0), { text: 5 }, [], {}, 'x'.repeat(501)];
  for (const body of nothing)
    assert.throws(() => readBody('text', body, words), { name: 'BAD_REQUEST' }, JSON.stringify(body));
  assert.throws(() => readBody('custom', 'x'.repeat(5000), words), { name: 'BAD_REQUEST', field: 'body' });
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 1]));
  assert.throws(() => readBody('text', { text: 'x', ...many }, words), { name: 'BAD_REQUEST' });
  assert.throws(() => readBody('danmaku', { text: 'x', more: 'y'.repeat(1000) }, words), { name: 'BAD_REQUEST' });
});

test('a gift is one of the list, and says what it is worth', () => {
  assert.deepEqual(readGift({ giftId: 'rose', count: 2 }, DEFAULT_GIFTS), {
    giftId: 'rose',
    count: 2,
    name: 'Rose',
    price: 1,
  });
  assert.equal(readGift({ giftId: 'crown' }, DEFAULT_GIFTS).count, 1);
  for (const body of [{ giftId: 'none' }, { giftId: 'rose', count: 0 }, { giftId: 'rose', price: 1e6 }, 'rose'])
    assert.throws(() => readGift(body, DEFAULT_GIFTS), { name: 'BAD_REQUEST' });
});
