import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import { parseDeliveryDirectives } from './directives.ts';

test('directives are read out of any query', () => {
  assert.deepEqual(parseDeliveryDirectives(''), { msn: null, part: null, skip: false });
  assert.deepEqual(parseDeliveryDirectives('session=x&txTime=5'), { msn: null, part: null, skip: false });
  assert.deepEqual(parseDeliveryDirectives('session=x&_HLS_msn=1700000000'), { msn: 1.7e9, part: null, skip: false });
  assert.deepEqual(parseDeliveryDirectives('_HLS_msn=5&_HLS_part=0&_HLS_skip=YES'), { msn: 5, part: 0, skip: true });
  assert.deepEqual(parseDeliveryDirectives('_HLS_skip=v2'), { msn: null, part: null, skip: true });
});

test('unknown directives and values of skip are ignored', () => {
  assert.deepEqual(parseDeliveryDirectives('_HLS_push=1&_HLS_skip=maybe'), { msn: null, part: null, skip: false });
});

for (const query of [
  '_HLS_msn=',
  '_HLS_msn=x',
  '_HLS_msn=-1',
  '_HLS_msn=1.5',
  '_HLS_msn=1e3',
  '_HLS_msn=9999999999999999',
  '_HLS_msn=1&_HLS_part=-1',
  '_HLS_msn=1&_HLS_part=12345678',
  '_HLS_part=1',
])
  test(`${query} is refused`, () => assert.ok(parseDeliveryDirectives(query) instanceof WireError));

test('no query makes it throw, and numbers it takes are exact', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webQueryParameters(), fc.string().map((s) => `_HLS_msn=${s}`)), (query) => {
      const directives = parseDeliveryDirectives(query);
      if (directives instanceof WireError) return;
      assert.ok(directives.msn === null || Number.isSafeInteger(directives.msn));
      assert.ok(directives.part === null || Number.isSafeInteger(directives.part));
    }),
  );
});
