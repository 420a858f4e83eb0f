import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { Api } from 'tls-sig-api-v2';
import { checkUserSig, readUserSig, signUserSig, type UserSigClaim } from './user-sig.ts';

const KEY = '5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e';
const NOW_S = 1_800_000_000;
const claim = (change: Partial<UserSigClaim> = {}) => ({
  sdkAppId: 1400000007,
  userId: 'anna',
  issuedAt: NOW_S,
  expiresInSeconds: 86_400,
  userBuf: null,
  ...change,
});
const verdict = (sig: string, keys = [KEY], nowMs = NOW_S * 1000) => {
  const read = readUserSig(sig);
  return read && checkUserSig(read, keys, nowMs);
};
/** JSON, packed as a UserSig is. */
const packed = (content: unknown) =>
  deflateSync(JSON.stringify(content))
    .toString('base64')
    .replace(/[+/=]/g, (c) => ({ '+': '*', '/': '-' })[c] ?? '_');

describe('a UserSig', () => {
  it('made by tls-sig-api-v2 is accepted, and says who and until when', () => {
    const made = new Api(1400000007, KEY).genUserSig('anna_01', 3600);
    const read = readUserSig(made);
    assert.ok(read);
    assert.deepEqual([read.userId, read.sdkAppId, read.expiresInSeconds], ['anna_01', 1400000007, 3600]);
    assert.equal(checkUserSig(read, [KEY], Date.now()), 'ok');
    assert.equal(checkUserSig(read, [KEY], Date.now() + 3_601_000), 'expired');
    assert.equal(checkUserSig(read, ['another key'], Date.now()), 'wrong');
  });

  it('is, for any user, the one that tls-sig-api-v2 makes at that second, with a userbuf or without', () => {
    mock.timers.enable({ apis: ['Date'], now: NOW_S * 1000 });
    try {
      fc.assert(
        fc.property(
          fc.stringMatching(/^[A-Za-z0-9_.@:-]{1,64}$/),
          fc.integer({ min: 1_400_000_000, max: 2_147_483_647 }),
          fc.integer({ min: 1, max: 15_552_000 }),
          fc.option(fc.uint8Array({ minLength: 1, maxLength: 60 })),
          (userId, sdkAppId, expiresInSeconds, bytes) => {
            const buffer = bytes === null ? null : Buffer.from(bytes);
            const theirs = new Api(sdkAppId, KEY).genSig(userId, expiresInSeconds, buffer);
            const userBuf = buffer?.toString('base64') ?? null;
            assert.equal(signUserSig(KEY, claim({ userId, sdkAppId, expiresInSeconds, userBuf })), theirs);
            assert.equal(verdict(theirs), 'ok');
          },
        ),
      );
    } finally {
      mock.timers.reset();
    }
  });

  it('is accepted by the key before the last rotation too', () => {
    const sig = signUserSig('old', claim());
    assert.equal(verdict(sig, ['new', 'old']), 'ok');
    assert.equal(verdict(sig, ['newer', 'new']), 'wrong');
  });

  it('ends at its second', () => {
    const sig = signUserSig(KEY, claim({ expiresInSeconds: 10 }));
    assert.equal(verdict(sig, [KEY], (NOW_S + 10) * 1000 - 1), 'ok');
    assert.equal(verdict(sig, [KEY], (NOW_S + 10) * 1000), 'expired');
  });

  it('is worth nothing once any of its fields is changed', () => {
    const made = readUserSig(signUserSig(KEY, claim()));
    assert.ok(made);
    const changes: Partial<UserSigClaim>[] = [
      { userId: 'bert' },
      { sdkAppId: 1400000008 },
      { issuedAt: NOW_S + 1 },
      { expiresInSeconds: 86_401 },
      { userBuf: 'AAAA' },
      { mac: Buffer.alloc(32) },
      { mac: Buffer.alloc(0) },
    ];
    for (const change of changes) assert.equal(checkUserSig({ ...made, ...change }, [KEY], NOW_S * 1000), 'wrong');
  });

  it('that is none is refused, whatever it is', () => {
    const good = {
      'TLS.ver': '2.0',
      'TLS.identifier': 'anna',
      'TLS.sdkappid': 1,
      'TLS.time': 1,
      'TLS.expire': 1,
      'TLS.sig': 'x',
    };
    assert.ok(readUserSig(packed(good)));
    for (const bad of [
      { 'TLS.ver': '1.0' },
      { 'TLS.identifier': 'anna\nTLS.sdkappid:2' },
      { 'TLS.identifier': 7 },
      { 'TLS.identifier': '' },
      { 'TLS.sdkappid': '1' },
      { 'TLS.time': -1 },
      { 'TLS.time': 1.5 },
      { 'TLS.expire': 1e300 },
      { 'TLS.sig': null },
      { 'TLS.userbuf': 'a\nb' },
      { 'TLS.userbuf': {} },
    ])
      assert.equal(readUserSig(packed({ ...good, ...bad })), null, JSON.stringify(bad));
    for (const content of [null, 7, 'text', []]) assert.equal(readUserSig(packed(content)), null);
    for (const text of ['', 'anna', 'eJw', '*'.repeat(100), 'ä'.repeat(50)]) assert.equal(readUserSig(text), null);
    fc.assert(fc.property(fc.string(), (text) => readUserSig(text) === null));
  });

  it('that would inflate to megabytes is not inflated', () => {
    const bomb = packed('0'.repeat(2_000_000));
    assert.ok(bomb.length < 4096);
    assert.equal(readUserSig(bomb), null);
    assert.equal(readUserSig('e'.repeat(5000)), null);
  });
});
