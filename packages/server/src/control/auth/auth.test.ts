import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { StoreError } from '../../store/errors.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { ensureDefaults } from '../first-start.ts';
import { loadOperatorKey } from './operator-key.ts';
import { Authenticator, mayUseApp } from './principal.ts';
import { hashApiKey, newApiKey, newId, newSigningKey, newStreamName, sameSecret } from './secrets.ts';

describe('secrets', () => {
  it('are of their shape and never the same', () => {
    const shapes: [() => string, RegExp][] = [
      [() => newId('ch'), /^ch_[0-9a-z]{16}$/],
      [newStreamName, /^[0-9a-z]{16}$/],
      [() => newApiKey('app'), /^lm_app_[0-9a-z]{40}$/],
      [() => newApiKey('op'), /^lm_op_[0-9a-z]{40}$/],
      [newSigningKey, /^[0-9a-f]{32}$/],
    ];
    for (const [make, shape] of shapes) {
      const made = Array.from({ length: 1000 }, make);
      for (const each of made) assert.match(each, shape);
      assert.equal(new Set(made).size, 1000);
    }
  });

  it('compare equal only when they are, whatever their lengths', () => {
    assert.ok(sameSecret('abc', 'abc'));
    for (const other of ['', 'ab', 'abcd', 'abd', 'ABC']) assert.ok(!sameSecret(other, 'abc'));
  });
});

describe('operator key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lianmai-key-'));
  const file = join(folder, 'api-key');
  after(() => rmSync(folder, { recursive: true }));

  it('comes from the settings when given there, and is not written down', () => {
    assert.deepEqual(loadOperatorKey(folder, 'a-key-of-my-own-choice'), {
      key: 'a-key-of-my-own-choice',
      generated: false,
      file: null,
    });
    assert.throws(() => readFileSync(file), { code: 'ENOENT' });
  });

  it('is made once, for its owner only, and the same from then on', () => {
    const first = loadOperatorKey(folder, null);
    assert.match(first.key, /^lm_op_/);
    assert.ok(first.generated);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(loadOperatorKey(folder, null), { ...first, generated: false });
  });

  it('is closed to others again when its file was opened', () => {
    chmodSync(file, 0o644);
    loadOperatorKey(folder, null);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('is not accepted when too short, nor when unreadable', () => {
    writeFileSync(file, 'short\n');
    assert.throws(() => loadOperatorKey(folder, null), StoreError);
    assert.throws(() => loadOperatorKey(join(file, 'not-a-folder'), null), StoreError);
  });
});

describeStores('callers', (open) => {
  it('are told by their keys', async () => {
    const { db } = await open();
    await ensureDefaults(db, 1);
    const key = newApiKey('app');
    const row = { id: 'key_1', appId: 'default', name: 'k', hash: hashApiKey(key), hint: 'x', createdAt: 1 };
    await db.insertInto('apiKey').values(row).execute();
    const authenticator = new Authenticator(db, 'the-operators-own-key', { identify: async () => null });
    const app = { kind: 'app', appId: 'default', accountId: 'default', keyId: 'key_1' } as const;
    const cases: [string | undefined, unknown][] = [
      ['Bearer the-operators-own-key', { kind: 'operator' }],
      ['bearer   the-operators-own-key', { kind: 'operator' }],
      [`Bearer ${key}`, app],
      [`Bearer ${newApiKey('app')}`, null],
      [`Bearer ${hashApiKey(key)}`, null],
      [`Bearer ${key} `, null],
      ['Bearer the-operators-own-ke', null],
      ['Bearer', null],
      ['Bearer ', null],
      ['Basic the-operators-own-key', null],
      ['the-operators-own-key', null],
      [`Bearer ${'x'.repeat(10_000)}`, null],
      ['', null],
      [undefined, null],
    ];
    for (const [header, expected] of cases) assert.deepEqual(await authenticator.identify(header), expected, header);
    assert.ok(mayUseApp({ kind: 'operator' }, 'any'));
    assert.ok(mayUseApp(app, 'default'));
    assert.ok(!mayUseApp(app, 'other'));
  });
});
