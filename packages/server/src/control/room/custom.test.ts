import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeCustom } from './custom.ts';

describe("a room's own fields", () => {
  it('are set, counted, and taken away', () => {
    let custom = changeCustom({}, { op: 'SET', key: 'mood', value: 'merry' });
    custom = changeCustom(custom, { op: 'INC', key: 'score' });
    custom = changeCustom(custom, { op: 'INC', key: 'score', value: 9 });
    custom = changeCustom(custom, { op: 'DEC', key: 'score', value: 3 });
    custom = changeCustom(custom, { op: 'DEC', key: 'debt' });
    assert.deepEqual(custom, { mood: 'merry', score: 7, debt: -1 });
    assert.deepEqual(changeCustom(custom, { op: 'SET', key: 'mood', value: null }), { score: 7, debt: -1 });
  });

  it('that are texts are not counted, nor numbers beyond what is exact, nor by texts', () => {
    const refused = (custom: Record<string, string | number>, change: Parameters<typeof changeCustom>[1]) =>
      assert.throws(() => changeCustom(custom, change), { name: 'BAD_REQUEST' });
    refused({ mood: 'merry' }, { op: 'INC', key: 'mood' });
    refused({}, { op: 'INC', key: 'score', value: 'one' });
    refused({ score: Number.MAX_SAFE_INTEGER }, { op: 'INC', key: 'score' });
    refused({}, { op: 'SET', key: 'score' });
  });

  it('are 32 at most; those that are there can still be changed', () => {
    const full = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`f${i}`, i]));
    assert.throws(() => changeCustom(full, { op: 'INC', key: 'more' }), { name: 'BAD_REQUEST', field: 'key' });
    assert.equal(changeCustom(full, { op: 'INC', key: 'f1' })['f1'], 2);
  });

  it('may have any name, also those that objects have of their own', () => {
    for (const key of ['constructor', 'toString', 'hasOwnProperty'])
      assert.deepEqual(changeCustom({}, { op: 'INC', key }), { [key]: 1 });
  });
});
