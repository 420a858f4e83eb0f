import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteResultCode } from './errors.ts';

const SQLITE_BUSY = 5;

/**
 * A lock on a file that ends with the process, however it ends: the kernel's, held through an empty SQLite database. It is kept
 * until it is closed, or forgotten.
 * @param timeoutMs how long to wait, the whole process with it, for who holds it: one that was just killed may still be letting go.
 * @returns null: somebody else holds it.
 * @throws what SQLite says when the file cannot be made or is no lock.
 */
export function lockFile(folder: string, name: string, timeoutMs: number): DatabaseSync | null {
  const lock = new DatabaseSync(join(folder, name), { timeout: timeoutMs });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive;');
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteResultCode(error) === SQLITE_BUSY) return null;
    throw error;
  }
}

/** What to tell who comes second. */
export const folderTaken = (dataDir: string): string =>
  `Another server uses the data folder ${dataDir}: stop it, or choose another with --data-dir`;
