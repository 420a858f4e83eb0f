import { LiveError } from '@lianmai/contract';

/** The store cannot be used; `message` is one line that says what to do. */
export class StoreError extends Error {}

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;

/** SQLite's primary result code (the low byte of the extended one), or null when it is no SQLite error. */
export function sqliteResultCode(error: unknown): number | null {
  const code = field(error, 'errcode');
  return field(error, 'code') === 'ERR_SQLITE_ERROR' && typeof code === 'number' ? code & 0xff : null;
}

/** The row is still referred to, or refers to one that is gone. PostgreSQL 23503, SQLITE_CONSTRAINT_FOREIGNKEY. */
export function isForeignKeyViolation(error: unknown): boolean {
  return field(error, 'code') === '23503' || field(error, 'errcode') === 787;
}

/** There is a row with this key already. PostgreSQL 23505, SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY. */
export function isUniqueViolation(error: unknown): boolean {
  const extended = field(error, 'errcode');
  return field(error, 'code') === '23505' || extended === 2067 || extended === 1555;
}

/** Classes 08 (connection), 53 (resources), 57P (shutdown) of PostgreSQL, and what the socket or the pool says. */
const UNREACHABLE =
  /^(08...|53...|57P..|57014|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const POOL_SAYS =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** The database does not answer just now; the same call may succeed later. */
export function isStoreUnavailable(error: unknown): boolean {
  const code = field(error, 'code');
  if (typeof code === 'string' && UNREACHABLE.test(code)) return true;
  // A unix socket that is not there.
  if (code === 'ENOENT' && field(error, 'syscall') === 'connect') return true;
  const sqlite = sqliteResultCode(error);
  if (sqlite === 5 || sqlite === 6) return true;
  return error instanceof Error && POOL_SAYS.test(error.message);
}

/** For whoever asked, when {@link isStoreUnavailable}. */
export const storeUnavailable = (): LiveError =>
  new LiveError('UNAVAILABLE', 'the database does not answer: try again in a few seconds');
