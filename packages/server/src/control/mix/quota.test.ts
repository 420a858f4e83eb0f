import assert from 'node:assert/strict';
import { it, test } from 'node:test';
import { pino } from 'pino';
import type { MixRow } from '../../store/schema.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { DEFAULT_ID, ensureDefaults } from '../first-start.ts';
import { Shows, type ShowsOptions } from './shows.ts';
import { insertMix } from './store.ts';

let made = 0;
const row = (kind: MixRow['kind']): MixRow => ({
  id: `mix_${++made}`,
  kind,
  appId: DEFAULT_ID,
  accountId: DEFAULT_ID,
  stream: `mix-stream-${made}`,
  playAuth: null,
  anyInput: 1,
  spec: '{}',
  version: 0,
  digest: '',
  mixer: null,
  createdAt: 1,
});

describeStores('the mixes of an account', (open) => {
  it('are as many as it may have beside those that the server makes for rooms', async () => {
    const { db } = await open();
    await ensureDefaults(db, 1);
    const add = (kind: MixRow['kind']) => db.transaction().execute((tx) => insertMix(tx, row(kind)));
    for (let i = 0; i < 5; i++) await add('show');
    for (let i = 0; i < 100; i++) await add('mix');
    await assert.rejects(add('mix'), { name: 'MIX_QUOTA_EXCEEDED' });
    await add('show');
    await add('picture');
  });
});

test('a show is ordered as a mix that is not the account’s', async () => {
  const kinds: unknown[] = [];
  const desk = {
    get: async () => null,
    create: async (...[, , , kind]: unknown[]) => {
      kinds.push(kind);
      return { problem: null };
    },
  } as unknown as ShowsOptions['desk'];
  const shows = new Shows({ desk, log: pino({ level: 'silent' }) });
  await shows.set(null, { appId: 'a', inputs: [], layout: 'grid', output: {} }, async () => {});
  assert.deepEqual(kinds, ['show']);
});
