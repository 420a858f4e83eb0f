import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { openStore, type Store } from '../store.ts';
import { PostgresCluster, postgresMissing } from './postgres.ts';

const TABLES = [
  'account',
  'app',
  'apiKey',
  'channel',
  'publishSession',
  'figureSample',
  'trafficDay',
  'usageReport',
  'conference',
  'conferenceMember',
  'picture',
  'mix',
  'channelProgram',
  'appUser',
  'loggedOutToken',
  'serverSecret',
  'room',
  'roomChannel',
  'chatMessage',
  'chatVisitor',
  'chatModerator',
  'chatSanction',
  'chatGift',
  'chatRules',
  'cohostSession',
  'cohostRoom',
  'pkSession',
  'conferenceRelay',
] as const satisfies readonly (keyof Schema)[];

/** Defines the same tests for SQLite and for PostgreSQL. `open` answers an empty store; the one before is then
 * over. */
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
    let url: string;
    let store: Store | null = null;
    before(async () => {
      cluster = await PostgresCluster.start();
      url = await cluster.createDatabase();
    });
    after(async () => {
      await store?.close();
      await cluster.close();
    });
    define(async () => {
      await store?.close();
      store = await openStore({ dataDir: '', databaseUrl: url });
      await sql`truncate ${sql.join(TABLES.map((table) => sql.table(table)))} cascade`.execute(store.db);
      return store;
    });
  });
}
