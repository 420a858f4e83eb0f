import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlayAddress } from './play-address.ts';

test('play addresses are taken apart into stream, kind, file and query', () => {
  assert.deepEqual(parsePlayAddress('/live/a.b.flv?x=1?y'), { stream: 'a.b', kind: 'flv', file: null, query: 'x=1?y' });
  assert.deepEqual(parsePlayAddress('/live/a.m3u8'), { stream: 'a', kind: 'm3u8', file: null, query: '' });
  assert.deepEqual(parsePlayAddress('/live/a/seg-1.m4s'), { stream: 'a', kind: 'file', file: 'seg-1.m4s', query: '' });
});

test('what is no play address of a possible stream is none', () => {
  for (const url of [
    '/live/',
    '/live/a',
    '/live/.flv',
    '/live/a%2f.flv',
    '/live/a/b/c.m4s',
    `/live/${'a'.repeat(129)}.flv`,
    '/live/..',
    '/live/../x.flv',
  ])
    assert.equal(parsePlayAddress(url), null, url);
});
