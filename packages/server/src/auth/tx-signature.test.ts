import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signTx, verifyTxSignature } from './tx-signature.ts';

const KEY = 'e12c46f2612d5106e2034781ab261ca3';
const EXPIRY = 0x5c271099 * 1000;
const SIGNED = 'txSecret=f85a2ab363fe4deaffef9754d79da6fe&txTime=5C271099';
const check = (query: string, change: { keys?: string[]; stream?: string; nowMs?: number } = {}) =>
  verifyTxSignature({ keys: [KEY], stream: 'test', query, nowMs: EXPIRY - 1, ...change });

test('signs as the classic system does', () => {
  assert.equal(signTx(KEY, 'test', EXPIRY), SIGNED);
  assert.equal(signTx(KEY, 'test', EXPIRY + 999), SIGNED);
});

test('a signature holds until its second has come', () => {
  assert.equal(check(SIGNED), 'ok');
  assert.equal(check(SIGNED, { nowMs: EXPIRY }), 'expired');
});

test('the backup key is as good as the main one, another key is not', () => {
  assert.equal(check(SIGNED, { keys: ['new-main', KEY] }), 'ok');
  assert.equal(check(SIGNED, { keys: ['new-main', 'other'] }), 'wrong');
  assert.equal(check(SIGNED, { keys: [] }), 'wrong');
});

test('other streams, times and secrets are wrong, also when expired', () => {
  assert.equal(check(SIGNED, { stream: 'test2' }), 'wrong');
  assert.equal(check(SIGNED.replace('5C271099', '6C271099')), 'wrong');
  assert.equal(check(SIGNED.replace('f85a', 'f85b'), { nowMs: EXPIRY + 1 }), 'wrong');
  assert.equal(check('txSecret=&txTime=5C271099'), 'missing');
  assert.equal(check('txSecret=f8&txTime=5C271099'), 'wrong');
  assert.equal(check('txSecret=zz&txTime=later'), 'wrong');
  assert.equal(check('txTime=5C271099'), 'missing');
  assert.equal(check(''), 'missing');
});

test('other parameters and the case of hex digits do not matter', () => {
  assert.equal(check(`a=1&${SIGNED}&session=x`), 'ok');
  assert.equal(check(SIGNED.replace('f85a', 'F85A')), 'ok');
});

test('what is signed verifies, for any key, stream and time to come', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 1000, max: 2 ** 50 }), (key, stream, expiry) => {
      const query = signTx(key, stream, expiry);
      assert.equal(verifyTxSignature({ keys: [key], stream, query, nowMs: 0 }), 'ok');
      assert.equal(verifyTxSignature({ keys: [`${key}x`], stream, query, nowMs: 0 }), 'wrong');
    }),
  );
});
