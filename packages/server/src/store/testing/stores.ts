import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStore, type Store } from '../store.ts';
import { PostgresCluster, postgresMissing } from './postgres.ts';

/** Defines the same tests for SQLite and for PostgreSQL. `open` answers an empty store of the test's own. */
export function describeStores(name: string, define: (open: () => Promise<Store>) => void): void {
  describe(`${name} (SQLite)`, () => {
    const opened: { store: Store; folder: string }[] = [];
    after(async () => {
      for (const { store, folder } of opened) {
        await store.close();
        rmSync(folder, { recursive: true });
      }
    });
    define(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'lianmai-store-'));
      const store = await openStore({ dataDir: folder, databaseUrl: null });
      opened.push({ store, folder });
      return store;
    });
  });

  const missing = postgresMissing();
  if (missing) {
    it(`${name} (PostgreSQL)`, { skip: process.env['CI'] === 'true' ? false : missing }, () => {
      throw new Error(missing);
    });
    return;
  }
  describe(`${name} (PostgreSQL)`, () => {
    let cluster: PostgresCluster;
    const opened: Store[] = [];
    before(async () => {
      cluster = await PostgresCluster.start();
    });
    after(async () => {
      for (const store of opened) await store.close();
      await cluster.close();
    });
    define(async () => {
      const store = await openStore({ dataDir: '', databaseUrl: await cluster.createDatabase() });
      opened.push(store);
      return store;
    });
  });
}
