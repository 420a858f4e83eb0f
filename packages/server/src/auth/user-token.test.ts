import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { signUserToken, type UserClaim, verifyUserToken } from './user-token.ts';

const KEY = 'k'.repeat(32);
const NOW = 1_800_000_000_000;
const claim = (change: Partial<UserClaim> = {}): UserClaim => ({
  appId: 'default',
  userId: 'anna',
  generation: 3,
  tokenId: 'q8vn',
  issuedAtMs: NOW,
  expiresAtMs: NOW + 60_000,
  ...change,
});

describe("a user's token", () => {
  it('gives back who it is for, for any user of any app', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_.@:-]{1,64}$/),
        fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (userId, appId, generation) => {
          const made = claim({ userId, appId, generation });
          const token = signUserToken(KEY, made);
          assert.equal(encodeURIComponent(token), token);
          assert.deepEqual(verifyUserToken(KEY, token, NOW), { verdict: 'ok', user: made });
        },
      ),
    );
  });

  it('is worth nothing with any letter changed, with another key, or cut short', () => {
    const token = signUserToken(KEY, claim());
    for (let i = 0; i < token.length; i++) {
      const forged = `${token.slice(0, i)}${token[i] === 'a' ? 'b' : 'a'}${token.slice(i + 1)}`;
      // The last letter of base64url has bits that carry nothing.
      if (i < token.length - 1) assert.equal(verifyUserToken(KEY, forged, NOW).verdict, 'wrong', forged);
      assert.equal(verifyUserToken(KEY, token.slice(0, i), NOW).verdict, i === 0 ? 'missing' : 'wrong');
    }
    assert.equal(verifyUserToken('other', token, NOW).verdict, 'wrong');
  });

  it('ends at its second', () => {
    const token = signUserToken(KEY, claim({ expiresAtMs: NOW + 1999 }));
    assert.equal(verifyUserToken(KEY, token, NOW + 999).verdict, 'ok');
    assert.equal(verifyUserToken(KEY, token, NOW + 1000).verdict, 'expired');
  });

  it('is refused at once when it is no token at all', () => {
    for (const nonsense of ['', null, undefined]) assert.equal(verifyUserToken(KEY, nonsense, NOW).verdict, 'missing');
    for (const nonsense of ['lm_app_1', 'lmu.', 'x'.repeat(1_000_000), `lmu.${'1.'.repeat(500_000)}`])
      assert.equal(verifyUserToken(KEY, nonsense, NOW).verdict, 'wrong');
  });
});
