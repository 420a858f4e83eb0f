import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Dialect, SqliteDialect } from 'kysely';
import { StoreError, sqliteResultCode } from './errors.ts';
import { folderTaken, lockFile } from './folder-lock.ts';

const LOCK = 'lianmai.lock';
const KEPT_STATEMENTS = 200;
/** Longer ones are batches, each of its own length. */
const KEPT_LENGTH = 2000;

/**
 * The embedded database, `lianmai.db` in the data folder: write-ahead log, every commit on the disk before it is answered.
 * Only one server may use a data folder; others can still read the database, for backups.
 * @param busyTimeoutMs how long to wait for a lock: a server that was just killed may still be letting go.
 * @throws StoreError one line for the person at the terminal.
 */
export function openSqlite(dataDir: string, busyTimeoutMs = 5000): Dialect {
  const file = join(dataDir, 'lianmai.db');
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw new StoreError(`The data folder ${dataDir} cannot be made: ${(error as Error).message}`);
  }
  const lock = takeFolder(dataDir, busyTimeoutMs);
  try {
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    database.exec('pragma journal_mode = wal; pragma synchronous = full;');
    return new SqliteDialect({ database: new StatementCache(database, lock) });
  } catch (error) {
    lock.close();
    throw explain(error, file);
  }
}

function takeFolder(dataDir: string, timeoutMs: number): DatabaseSync {
  let lock: DatabaseSync | null;
  try {
    lock = lockFile(dataDir, LOCK, timeoutMs);
  } catch (error) {
    throw explain(error, join(dataDir, LOCK));
  }
  if (!lock) throw new StoreError(folderTaken(dataDir));
  return lock;
}

/** Primary result codes, sqlite.org/rescode.html. */
const SQLITE = { BUSY: 5, READONLY: 8, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const;

function explain(error: unknown, file: string): Error {
  switch (sqliteResultCode(error)) {
    case SQLITE.BUSY:
      return new StoreError(`The database ${file} is locked by another program: close it and start again`);
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
      return new StoreError(`The database ${file} cannot be opened for writing: check the folder's owner and rights`);
    case SQLITE.FULL:
      return new StoreError(`The disk of ${file} is full`);
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return new StoreError(`The file ${file} is damaged or not a database: restore a backup, or move it away`);
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}

/** What Kysely's SQLite dialect expects of a database, over `node:sqlite`, with the statements kept prepared. */
class StatementCache {
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #kept = new Map<string, Statement>();

  constructor(database: DatabaseSync, lock: DatabaseSync) {
    this.#database = database;
    this.#lock = lock;
  }

  prepare(sql: string): Statement {
    const kept = this.#kept.get(sql);
    if (kept) return kept;
    // A transaction that reads first and writes later would fail, not wait, when another program writes in between.
    const statement = new Statement(this.#database.prepare(sql === 'begin' ? 'begin immediate' : sql));
    if (sql.length > KEPT_LENGTH) return statement;
    if (this.#kept.size >= KEPT_STATEMENTS) this.#kept.clear();
    this.#kept.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#kept.clear();
    if (this.#database.isOpen) this.#database.close();
    if (this.#lock.isOpen) this.#lock.close();
  }
}

class Statement {
  readonly #statement: StatementSync;
  readonly reader: boolean;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...(parameters as SQLInputValue[]));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...(parameters as SQLInputValue[]));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...(parameters as SQLInputValue[]));
  }
}
