import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { CamelCasePlugin, Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { openSqlite } from '../sqlite.ts';
import { openStore } from '../store.ts';
import { MIGRATIONS } from './index.ts';

it('apps of before there were users get a number and a secret key each, the oldest the first', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lianmai-migration-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const old = new Kysely<Record<string, Record<string, unknown>>>({
    dialect: openSqlite(folder),
    plugins: [new CamelCasePlugin()],
  });
  const before = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < '0004'));
  await new Migrator({ db: old, provider: { getMigrations: async () => before } }).migrateToLatest();
  const account = { name: 'a', status: 'active', channelQuota: 1, trafficUsedBytes: 0, createdAt: 1 };
  await old
    .insertInto('account')
    .values({ id: 'acc', ...account })
    .execute();
  for (const [id, createdAt] of [
    ['second', 20],
    ['third', 30],
    ['default', 10],
  ] as const)
    await old
      .insertInto('app')
      .values({ id, accountId: 'acc', name: id, pushKey: 'p', playKey: 'q', createdAt })
      .execute();
  await old.destroy();

  const { db, close } = await openStore({ dataDir: folder, databaseUrl: null });
  t.after(close);
  const apps = await db.selectFrom('app').selectAll().orderBy('sdkAppId').execute();
  assert.deepEqual(
    apps.map(({ id, sdkAppId, secretKeyBackup, roomQuota }) => [id, sdkAppId, secretKeyBackup, roomQuota]),
    [
      ['default', 1_400_000_000, null, 1000],
      ['second', 1_400_000_001, null, 1000],
      ['third', 1_400_000_002, null, 1000],
    ],
  );
  for (const { secretKey } of apps) assert.match(secretKey, /^[0-9a-f]{64}$/);
  assert.equal(new Set(apps.map(({ secretKey }) => secretKey)).size, 3);
});
