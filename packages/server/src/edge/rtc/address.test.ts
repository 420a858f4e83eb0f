import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRtcAddress, sessionPath } from './address.ts';
import { iceServerLinks } from './ice-servers.ts';

const ID = '0123456789abcdef0123456789abcdef';

test('endpoints and sessions are told from each other and from everything else', () => {
  const whip = parseRtcAddress('/live/show.whip?txSecret=a&txTime=b');
  assert.deepEqual(whip, { stream: 'show', kind: 'whip', session: null, query: 'txSecret=a&txTime=b' });
  const whep = parseRtcAddress('/live/a.b.whep');
  assert.deepEqual(whep, { stream: 'a.b', kind: 'whep', session: null, query: '' });
  assert.deepEqual(parseRtcAddress(sessionPath(whep!, 'edge-1', ID))?.session, { worker: 'edge-1', id: ID });
  for (const url of ['/live/show.flv', '/live/.whip', '/live/x y.whip', '/live/show.whip/media.m3u8', '/live/a/b.whip'])
    assert.equal(parseRtcAddress(url), null, url);
});

test('ICE servers become Link headers that nothing can break out of', () => {
  const links = iceServerLinks([
    { urls: ['stun:stun.example:3478'] },
    { urls: ['turn:turn.example', 'turns:turn.example?transport=tcp'], username: 'u"\r\nx', credential: 'p' },
    { urls: ['http://example', 'stun:a>b'] },
  ]);
  assert.deepEqual(links, [
    '<stun:stun.example:3478>; rel="ice-server"',
    '<turn:turn.example>; rel="ice-server"; username="ux"; credential="p"; credential-type="password"',
    '<turns:turn.example?transport=tcp>; rel="ice-server"; username="ux"; credential="p"; credential-type="password"',
  ]);
});
