import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type MemberRight, signMemberToken, verifyMemberToken } from './member-token.ts';

const KEY = 'e12c46f2612d5106e2034781ab261ca3';
const EXPIRY = 1_800_000_000_000;
const ANNA = { no: 7, userId: 'anna', rights: ['act', 'publish', 'play'] as MemberRight[], expiresAtMs: EXPIRY };
const TOKEN = signMemberToken(KEY, 'talk', ANNA);
const verdict = (
  change: { key?: string; conferenceId?: string; token?: string | null; right?: MemberRight; nowMs?: number } = {},
) =>
  verifyMemberToken({ key: KEY, conferenceId: 'talk', token: TOKEN, right: 'act', nowMs: EXPIRY - 1, ...change })
    .verdict;

test("a member's token tells who it is, and may stand in a URL", () => {
  const checked = verifyMemberToken({ key: KEY, conferenceId: 'talk', token: TOKEN, right: 'play', nowMs: 0 });
  assert.deepEqual(checked, { verdict: 'ok', member: { no: 7, userId: 'anna' } });
  assert.equal(encodeURIComponent(TOKEN), TOKEN);
});

test('it holds until its second has come, for its conference, its key and its rights only', () => {
  assert.equal(verdict(), 'ok');
  assert.equal(verdict({ nowMs: EXPIRY }), 'expired');
  assert.equal(verdict({ conferenceId: 'talk2' }), 'wrong');
  assert.equal(verdict({ key: `${KEY}0` }), 'wrong');
  const toPlay = signMemberToken(KEY, 'talk', { ...ANNA, rights: ['play'] });
  assert.deepEqual(
    (['act', 'publish', 'play'] as const).map((right) => verdict({ token: toPlay, right })),
    ['wrong', 'wrong', 'ok'],
  );
});

test('a part that is changed spoils it, also one that has expired', () => {
  const parts = TOKEN.split('.');
  const changed = ['8', 'av', (EXPIRY / 1000 + 1).toString(36), Buffer.from('bert').toString('base64url')];
  for (const [i, part] of changed.entries()) {
    const forged = parts.with(i, part).join('.');
    assert.equal(verdict({ token: forged }), 'wrong', forged);
    assert.equal(verdict({ token: forged, nowMs: EXPIRY + 1 }), 'wrong', forged);
  }
  for (const token of [null, '']) assert.equal(verdict({ token }), 'missing');
  for (const token of [`${TOKEN}A`, TOKEN.slice(0, -1), parts.slice(0, 4).join('.'), '....', 'a.a.a.a.a', `${TOKEN}\n`])
    assert.equal(verdict({ token }), 'wrong', token);
});

test('no text is taken for a token, and every token made is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.notEqual(verdict({ token: text }), 'ok');
    }),
  );
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.nat(),
      fc.stringMatching(/^[\w.@-]{1,64}$/),
      (key, conferenceId, no, userId) => {
        const token = signMemberToken(key, conferenceId, { no, userId, rights: ['publish'], expiresAtMs: EXPIRY });
        const checked = verifyMemberToken({ key, conferenceId, token, right: 'publish', nowMs: 0 });
        assert.deepEqual(checked, { verdict: 'ok', member: { no, userId } });
      },
    ),
  );
});
