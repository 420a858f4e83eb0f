import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { isForeignKeyViolation, isStoreUnavailable, StoreError } from './errors.ts';
import { PostgresClaim } from './postgres-claim.ts';
import { openStore, type Store } from './store.ts';
import { PostgresCluster, postgresMissing } from './testing/postgres.ts';
import { describeStores } from './testing/stores.ts';

const ACCOUNT = {
  id: 'acc_1',
  name: 'One 一',
  status: 'active' as const,
  channelQuota: 3,
  trafficPackageBytes: 9_007_199_254_740_991,
  trafficUsedBytes: 0,
  createdAt: 1_700_000_000_123,
};

const oneLine = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.match(error.message, pattern);
  assert.ok(!error.message.includes('\n'));
  return true;
};

describeStores('store', (open) => {
  it('keeps times and byte counts as numbers, and text of any language', async () => {
    const { db } = await open();
    const written = await db.insertInto('account').values(ACCOUNT).returningAll().executeTakeFirstOrThrow();
    assert.deepEqual({ ...written }, ACCOUNT);
    assert.deepEqual({ ...(await db.selectFrom('account').selectAll().executeTakeFirstOrThrow()) }, ACCOUNT);
  });

  it('holds rows to what they refer to', async () => {
    const { db } = await open();
    const keys = { pushKey: 'k', pushKeyBackup: null, playKey: 'p', playKeyBackup: null };
    const secrets = { sdkAppId: 1, secretKey: 's', secretKeyBackup: null };
    const app = { name: 'a', ...keys, ...secrets, roomQuota: 1, createdAt: 1 };
    await assert.rejects(
      db
        .insertInto('app')
        .values({ id: 'app_1', accountId: 'nobody', ...app })
        .execute(),
      isForeignKeyViolation,
    );
  });

  it('undoes a transaction that throws', async () => {
    const { db } = await open();
    const failing = db.transaction().execute(async (tx) => {
      await tx.insertInto('account').values(ACCOUNT).execute();
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await db.selectFrom('account').select('id').execute(), []);
  });

  it('lets transactions that begin at once wait for one another', async () => {
    const { db } = await open();
    await db.insertInto('account').values(ACCOUNT).execute();
    const add = () =>
      db.transaction().execute(async (tx) => {
        await tx
          .updateTable('account')
          .set((eb) => ({ trafficUsedBytes: eb('trafficUsedBytes', '+', 5) }))
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, add));
    const { trafficUsedBytes } = await db.selectFrom('account').selectAll().executeTakeFirstOrThrow();
    assert.equal(trafficUsedBytes, 100);
  });

  it('answers a ping, and closes twice without harm', async () => {
    const store = await open();
    await store.ping();
    await store.close();
    await store.close();
    await assert.rejects(store.ping());
  });
});

/** Another process that has the store open, alone. */
async function holding(options: { dataDir: string; databaseUrl: string | null }): Promise<ChildProcess> {
  const url = new URL('./store.ts', import.meta.url).href;
  const script = `const { openStore } = await import(${JSON.stringify(url)});
    await openStore({ ...${JSON.stringify(options)}, onTaken() {} });
    console.log('open'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return holder;
}

describe('SQLite file', () => {
  const folders: string[] = [];
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'lianmai-store-'));
    folders.push(made);
    return made;
  };
  const open = (dataDir: string): Promise<Store> => openStore({ dataDir, databaseUrl: null, busyTimeoutMs: 100 });
  after(() => {
    for (const made of folders) rmSync(made, { recursive: true });
  });

  it('makes the data folder, commits to the disk, and finds everything again', async () => {
    const dataDir = join(folder(), 'deep', 'data');
    const first = await open(dataDir);
    const pragma = async (name: string) => {
      const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(first.db);
      return Object.values(rows[0] ?? {})[0];
    };
    assert.equal(await pragma('journal_mode'), 'wal');
    assert.equal(await pragma('synchronous'), 2);
    assert.equal(await pragma('foreign_keys'), 1);
    assert.equal(await pragma('busy_timeout'), 100);
    await first.db.insertInto('account').values(ACCOUNT).execute();
    await first.close();
    const second = await open(dataDir);
    assert.equal((await second.db.selectFrom('account').selectAll().execute()).length, 1);
    await second.close();
  });

  it('belongs to one server at a time, and is free again when that one is killed', async () => {
    const dataDir = folder();
    const holder = await holding({ dataDir, databaseUrl: null });
    const refused = open(dataDir);
    await assert.rejects(refused, oneLine(/Another server uses the data folder .*--data-dir/));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await open(dataDir)).close();
  });

  it('says that a damaged file is damaged', async () => {
    const dataDir = folder();
    writeFileSync(join(dataDir, 'lianmai.db'), 'not a database at all '.repeat(500));
    await assert.rejects(open(dataDir), oneLine(/damaged or not a database/));
    await assert.rejects(open(dataDir), oneLine(/damaged or not a database/));
  });

  it('says that the database cannot be opened', async () => {
    const dataDir = folder();
    mkdirSync(join(dataDir, 'lianmai.db'));
    await assert.rejects(open(dataDir), oneLine(/cannot be opened for writing/));
  });

  it('says that the data folder cannot be made', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    assert.ok(statSync(file).isFile());
    await assert.rejects(open(join(file, 'data')), oneLine(/data folder .* cannot be made/));
  });

  it('refuses a schema from the future', async () => {
    const dataDir = folder();
    const store = await open(dataDir);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01')`.execute(store.db);
    await store.close();
    await assert.rejects(open(dataDir), oneLine(/newer version \(it has "9999-later"\)/));
  });
});

const missing = postgresMissing();
describe('PostgreSQL server', { skip: missing !== null && process.env['CI'] !== 'true' ? missing : false }, () => {
  let cluster: PostgresCluster | null = null;
  const running = async () => (cluster ??= await PostgresCluster.start());
  const open = (databaseUrl: string) => openStore({ dataDir: '', databaseUrl });
  after(async () => {
    await cluster?.close();
  });

  it('refuses what is no address', async () => {
    await assert.rejects(open('mysql://db'), oneLine(/must look like postgresql:/));
    await assert.rejects(open('not a url'), oneLine(/must look like postgresql:/));
  });

  it('says that nobody answers, without the password', async () => {
    const refused = open('postgresql://me:secret-word@127.0.0.1:1/live');
    await assert.rejects(refused, (error: Error) => {
      assert.ok(!error.message.includes('secret-word'));
      return oneLine(/No PostgreSQL answers at 127\.0\.0\.1:1/)(error);
    });
  });

  it('says that the database or the user is not there', async () => {
    const server = await running();
    await assert.rejects(open(server.url('nothing')), oneLine(/has no database "nothing"/));
    await assert.rejects(open(server.url('postgres', 'stranger')), oneLine(/refuses the user or password/));
  });

  it('lets several servers migrate and use one database at once', async () => {
    const url = await (await running()).createDatabase();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    for (const [i, { db }] of stores.entries())
      await db
        .insertInto('account')
        .values({ ...ACCOUNT, id: `acc_${i}` })
        .execute();
    assert.equal((await stores[0]?.db.selectFrom('account').selectAll().execute())?.length, 3);
    for (const store of stores) await store.close();
  });

  it('goes on by itself after the database was gone', async () => {
    const server = await running();
    const idle: Error[] = [];
    const store = await openStore({
      dataDir: '',
      databaseUrl: await server.createDatabase(),
      onBrokenConnection: (error) => idle.push(error),
    });
    await server.halt();
    await assert.rejects(store.ping(), isStoreUnavailable);
    await server.run();
    await store.ping();
    await store.close();
    assert.ok(idle.length > 0);
  });

  it('belongs to one server that wants it alone, before that touches it, and is free when that one is killed', async () => {
    const url = await (await running()).createDatabase();
    const alone = () => openStore({ dataDir: '', databaseUrl: url, busyTimeoutMs: 100, onTaken: assert.fail });
    const holder = await holding({ dataDir: '', databaseUrl: url });
    const refused = oneLine(/Another server uses the database "t\d+" at .*--database-url/);
    await assert.rejects(alone(), refused);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const next = await openStore({ dataDir: '', databaseUrl: url, onTaken: assert.fail });
    await assert.rejects(alone(), refused);
    await next.close();
    await (await alone()).close();
  });

  it('is taken again after it was gone; who finds it taken by then is told so', async () => {
    const server = await running();
    const url = await server.createDatabase();
    const taken: string[] = [];
    const claim = () => PostgresClaim.take(url, { waitMs: 100, onTaken: ({ message }) => taken.push(message) });
    const first = await claim();
    const admin = new pg.Client({ connectionString: url });
    admin.on('error', () => {});
    await admin.connect();
    const holders = async (): Promise<number[]> => {
      const locks = "select pid from pg_locks where locktype = 'advisory' and granted";
      return (await admin.query<{ pid: number }>(locks)).rows.map(({ pid }) => pid);
    };
    const [before] = await holders();
    await admin.query('select pg_terminate_backend($1::int)', [before]);
    while ((await holders()).every((pid) => pid === before)) await setImmediate();
    assert.deepEqual(taken, []);
    // Somebody else waits when it breaks the next time.
    const other = PostgresClaim.take(url, { waitMs: 60_000, onTaken: assert.fail });
    const waiting = "select pid from pg_locks where locktype = 'advisory' and not granted";
    while ((await admin.query(waiting)).rows.length === 0) await setImmediate();
    await admin.query('select pg_terminate_backend($1::int)', [(await holders())[0]]);
    const second = await other;
    while (taken.length === 0) await setImmediate();
    oneLine(/Another server uses the database/)(new StoreError(taken[0]));
    await first.close();
    await assert.rejects(claim());
    await second.close();
    await (await claim()).close();
    await admin.end();
  });

  it('refuses a schema from the future', async () => {
    const url = await (await running()).createDatabase();
    const store = await open(url);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01')`.execute(store.db);
    await store.close();
    await assert.rejects(open(url), oneLine(/newer version/));
  });
});
