import { CamelCasePlugin, Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { StoreError } from './errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openPostgres } from './postgres.ts';
import { PostgresClaim } from './postgres-claim.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** What domains' stores read and write with; a transaction is one too. */
export type Db = Kysely<Schema>;

/** The open database, its schema up to date. */
export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  readonly db: Db;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  dataDir: string;
  /** null: SQLite in `dataDir`. */
  databaseUrl: string | null;
  /** How long to wait for another server to let go of the data folder, default 5000. */
  busyTimeoutMs?: number;
  /** Told of connections that break; the next query opens another. */
  onBrokenConnection?: (error: Error) => void;
  /**
   * Given: no other server that says so may use this PostgreSQL database; a data folder is one server's anyway. Told when another
   * took it while it could not be reached: nothing more may be written then. Default: servers share it.
   */
  onTaken?: (error: StoreError) => void;
}

/**
 * Opens the database and brings its schema up to date.
 * @throws StoreError one line that says what to do: unreachable, in use, damaged, or written by a newer version.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, databaseUrl, busyTimeoutMs = 5000, onBrokenConnection = () => {}, onTaken } = options;
  const dialect =
    databaseUrl === null ? openSqlite(dataDir, busyTimeoutMs) : await openPostgres(databaseUrl, onBrokenConnection);
  const db: Db = new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] });
  let claim: PostgresClaim | null = null;
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= db.destroy().then(() => claim?.close()));
  try {
    // Before the schema is touched, which may be in use.
    if (databaseUrl !== null && onTaken)
      claim = await PostgresClaim.take(databaseUrl, { waitMs: busyTimeoutMs, onTaken });
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kind: databaseUrl === null ? 'sqlite' : 'postgres',
    db,
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    close,
  };
}

async function migrate(db: Db): Promise<void> {
  await refuseNewerSchema(db);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (!error) return;
  const { message } = error as Error;
  throw new StoreError(`The database's schema cannot be brought up to date: ${message.split('\n')[0]}`);
}

async function refuseNewerSchema(db: Db): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => ['kysely_migration', 'kyselyMigration'].includes(table.name))) return;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const unknown = rows.find(({ name }) => !(name in MIGRATIONS));
  if (unknown)
    throw new StoreError(
      `The database was written by a newer version (it has "${unknown.name}"): run that version, or choose another database`,
    );
}
