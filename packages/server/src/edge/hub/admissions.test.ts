import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { PlayPolicy } from '@lianmai/contract';
import { signMemberToken } from '../../auth/member-token.ts';
import { signTx } from '../../auth/tx-signature.ts';
import { Admissions } from './admissions.ts';

const NOW = 1_700_000_000_000;
const OPEN: PlayPolicy = { signedWith: null };

/** A door with a list of who was sent away, and why. */
function door() {
  const admissions = new Admissions();
  const away: string[] = [];
  const letIn = (policy: PlayPolicy, who: string, query: string) =>
    admissions.add(policy, { stream: 'show', query, protocol: 'flv', ip: '127.0.0.1' }, NOW, ({ name }) =>
      away.push(`${who}: ${name}`),
    );
  return { admissions, away, letIn };
}

const signed = (key: string, forMs = 60_000) => signTx(key, 'show', NOW + forMs);
const members = (...present: number[]): PlayPolicy => ({
  signedWith: null,
  members: { conferenceId: 'c1', key: 'k', present, upTo: 9 },
});
const token = (no: number) =>
  `token=${signMemberToken('k', 'c1', { no, userId: `u${no}`, rights: ['play'], expiresAtMs: NOW + 60_000 })}`;

test('keys that are rotated away send those away who came by them, and nobody else', () => {
  const { admissions, away, letIn } = door();
  const rules: PlayPolicy = { signedWith: ['a', 'b'] };
  letIn(rules, 'ann', signed('a'));
  letIn(rules, 'bert', signed('b'));
  letIn(rules, 'bea', signed('b'));
  admissions.changed('show', { signedWith: ['c', 'a'] });
  assert.deepEqual(away, ['bert: BAD_SIGNATURE', 'bea: BAD_SIGNATURE']);
});

test('a member that was removed is sent away; one that came later, and those who stay, are not', () => {
  const { admissions, away, letIn } = door();
  letIn(members(1, 2), 'ann', token(1));
  letIn(members(1, 2), 'bert', token(2));
  letIn(members(1, 2), 'later', token(12));
  admissions.changed('show', members(2));
  assert.deepEqual(away, ['ann: NOT_A_MEMBER']);
});

test('an address that expires while it is used stays good; what expires is the time to come in', () => {
  const { admissions, away, letIn } = door();
  letIn({ signedWith: ['a'] }, 'ann', signed('a', 1000));
  admissions.changed('show', { signedWith: ['b', 'a'] });
  assert.deepEqual(away, []);
});

test('viewers of an open stream are not remembered, those who left are forgotten', () => {
  const { admissions, away, letIn } = door();
  assert.equal(letIn(OPEN, 'anybody', ''), null);
  const forget = letIn({ signedWith: ['a'] }, 'ann', signed('a'));
  forget?.();
  forget?.();
  admissions.changed('show', { signedWith: ['b'] });
  admissions.changed('other', { signedWith: ['b'] });
  assert.deepEqual(away, []);
});

test('opened again: everybody stays', () => {
  const { admissions, away, letIn } = door();
  letIn({ signedWith: ['a'] }, 'ann', signed('a'));
  admissions.changed('show', OPEN);
  assert.deepEqual(away, []);
});

test('many viewers are looked at a few at a time, by the rules of the moment', async () => {
  const { admissions, away, letIn } = door();
  for (let no = 0; no < 1000; no++) letIn({ signedWith: ['a'] }, `${no}`, signed('a', 60_000 + no * 1000));
  admissions.changed('show', { signedWith: ['b'] });
  const atOnce = away.length;
  assert.ok(atOnce > 0 && atOnce < 500);
  admissions.changed('show', { signedWith: ['a'] });
  for (let i = 0; i < 20; i++) await setImmediate();
  assert.ok(away.length < 500, 'the rest may stay after all');
  admissions.changed('show', { signedWith: ['b'] });
  for (let i = 0; i < 20; i++) await setImmediate();
  assert.equal(away.length >= 1000 - atOnce, true);
});
