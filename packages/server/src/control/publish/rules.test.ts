import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signTx } from '../../auth/tx-signature.ts';
import { type PublishTarget, playPolicy, samePolicy, whyMustStop, whyPublishRefused } from './rules.ts';

const NOW = 1_700_000_000_000;
const target: PublishTarget = {
  channel: { id: 'ch_1', stream: 'show', pushAuth: 'signed', playAuth: 'open' },
  keys: { pushKey: 'main', pushKeyBackup: 'backup', playKey: 'play', playKeyBackup: null },
  account: { id: 'acc_1', status: 'active', trafficPackageBytes: null, trafficUsedBytes: 0 },
};
const open: PublishTarget = { ...target, channel: { ...target.channel, pushAuth: 'open' } };
const later = NOW + 60_000;

describe('a publisher', () => {
  it('is let in with a signature by the main or the backup key, and only with one', () => {
    const cases: [string, string, string | null][] = [
      ['main key', signTx('main', 'show', later), null],
      ['backup key', signTx('backup', 'show', later), null],
      ['and more in the query', `a=1&${signTx('main', 'show', later)}&b=2`, null],
      ['no signature', '', 'missing|needs txSecret'],
      ['a time alone', 'txTime=FFFFFFFF', 'needs txSecret'],
      ['a strange key', signTx('other', 'show', later), 'does not fit'],
      ["a viewer's key", signTx('play', 'show', later), 'does not fit'],
      ['of another stream', signTx('main', 'other', later), 'does not fit'],
      ['too late', signTx('main', 'show', NOW - 1000), 'expired'],
    ];
    for (const [what, query, expected] of cases) {
      const refused = whyPublishRefused(target, query, NOW);
      assert.equal(refused?.name ?? null, expected === null ? null : 'BAD_SIGNATURE', what);
      if (expected !== null) assert.match(refused?.message ?? '', new RegExp(expected), what);
    }
  });

  it('needs no signature where push is open', () => {
    assert.equal(whyPublishRefused(open, '', NOW), null);
  });

  it('is refused for its account, but is not told of it without the signature', () => {
    for (const [change, name] of [
      [{ status: 'suspended' }, 'ACCOUNT_SUSPENDED'],
      [{ status: 'disabled' }, 'LIVE_NOT_ENABLED'],
      [{ trafficPackageBytes: 0 }, 'ACCOUNT_IN_ARREARS'],
    ] as const) {
      const stopped = { ...target, account: { ...target.account, ...change } };
      assert.equal(whyPublishRefused(stopped, signTx('main', 'show', later), NOW)?.name, name);
      assert.equal(whyPublishRefused(stopped, '', NOW)?.name, 'BAD_SIGNATURE');
    }
  });

  it('may go on as long as its channel and account may', () => {
    assert.equal(whyMustStop(target, 'ch_1'), null);
    assert.equal(whyMustStop(undefined, 'ch_1')?.name, 'CHANNEL_NOT_FOUND');
    assert.equal(whyMustStop(target, 'ch_of_the_same_stream_before')?.name, 'CHANNEL_NOT_FOUND');
    const suspended = { ...target, account: { ...target.account, status: 'suspended' as const } };
    assert.equal(whyMustStop(suspended, 'ch_1')?.name, 'ACCOUNT_SUSPENDED');
  });
});

describe('a play policy', () => {
  it('names the keys that sign play URLs, when they must be signed', () => {
    const signed: PublishTarget = { ...target, channel: { ...target.channel, playAuth: 'signed' } };
    const rotated: PublishTarget = { ...signed, keys: { ...signed.keys, playKey: 'new', playKeyBackup: 'play' } };
    assert.deepEqual(playPolicy(target), { signedWith: null });
    assert.deepEqual(playPolicy(signed), { signedWith: ['play'] });
    assert.deepEqual(playPolicy(rotated), { signedWith: ['new', 'play'] });
    assert.ok(samePolicy(playPolicy(signed), { signedWith: ['play'] }));
    assert.ok(!samePolicy(playPolicy(signed), playPolicy(rotated)));
    assert.ok(!samePolicy(playPolicy(signed), playPolicy(target)));
  });
});
