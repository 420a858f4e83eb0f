import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlayPolicy } from '@lianmai/contract';
import { type MemberRight, signMemberToken } from '../../auth/member-token.ts';
import { signTx } from '../../auth/tx-signature.ts';
import { signatureQuery } from '../hls/signature-query.ts';
import { checkPlay } from './play-policy.ts';

const NOW = 1_800_000_000_000;
const check = (policy: PlayPolicy, query: string, nowMs = NOW) =>
  checkPlay(policy, { stream: 'show', query, protocol: 'flv', ip: '' }, nowMs);

test('an open stream is played by anybody, a signed one with a signature of one of its keys', () => {
  check({ signedWith: null }, '');
  const signed = { signedWith: ['new', 'old'] };
  check(signed, signTx('old', 'show', NOW + 1000));
  assert.throws(() => check(signed, ''), { name: 'BAD_SIGNATURE' });
  assert.throws(() => check(signed, signTx('old', 'other', NOW + 1000)), { name: 'BAD_SIGNATURE' });
});

const MEMBERS: PlayPolicy = {
  signedWith: null,
  members: { conferenceId: 'talk', key: 'secret', present: [2, 5], upTo: 6 },
};
const token = (no: number, rights: MemberRight[] = ['play'], conferenceId = 'talk', key = 'secret') =>
  `token=${signMemberToken(key, conferenceId, { no, userId: 'anna', rights, expiresAtMs: NOW + 60_000 })}`;

test("a member's stream is played by who is in the conference, or came after the worker heard of it", () => {
  for (const no of [2, 5, 7, 100]) check(MEMBERS, token(no));
  check(MEMBERS, `a=b&${token(2, ['act', 'publish', 'play'])}`);
  for (const no of [1, 3, 6]) assert.throws(() => check(MEMBERS, token(no)), { name: 'NOT_A_MEMBER' });
});

test('it is not played without a token, with a forged or expired one, or with one for something else', () => {
  for (const query of [
    '',
    'token=',
    'token=x',
    signTx('secret', 'show', NOW + 1000),
    token(2, ['publish']),
    token(2, ['play'], 'other'),
    token(2, ['play'], 'talk', 'guessed'),
    token(2).replace('token=2.', 'token=5.'),
  ])
    assert.throws(() => check(MEMBERS, query), { name: 'BAD_SIGNATURE' }, query);
  assert.throws(() => check(MEMBERS, token(2), NOW + 60_000), { name: 'BAD_SIGNATURE' });
});

test('HLS playlists carry on what lets a player in, and nothing else', () => {
  const signature = signTx('old', 'show', NOW);
  assert.equal(signatureQuery(`x=1&${signature}`), signature);
  assert.equal(signatureQuery(`x=1&${token(2)}&session=9`), token(2));
  assert.equal(signatureQuery(`${token(2)}&${signature}`), `${signature}&${token(2)}`);
  assert.equal(signatureQuery('token=%0aEXTINF&txSecret=%0a&txTime=1'), '');
});
