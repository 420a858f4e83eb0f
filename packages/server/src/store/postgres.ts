import { type Dialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { StoreError } from './errors.ts';

const INT8 = 20;
const CONNECTIONS = 10;

/**
 * A PostgreSQL database by its URL; connects once to see that it can.
 * @param onBroken told when a connection breaks; the pool opens another when needed.
 * @throws StoreError one line, without the password.
 */
export async function openPostgres(url: string, onBroken: (error: Error) => void): Promise<Dialect> {
  if (!URL.canParse(url) || !['postgres:', 'postgresql:'].includes(new URL(url).protocol))
    throw new StoreError('--database-url must look like postgresql://user:password@host:5432/database');
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 5000,
    statement_timeout: 30_000,
    keepAlive: true,
    application_name: 'lianmai',
    types: { getTypeParser },
  });
  // The pool listens to its idle connections only; one that breaks while it is in use must not end the process either.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', onBroken));
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new StoreError(explain(error, url));
  }
  return new PostgresDialect({ pool });
}

/** bigint columns hold times and byte counts, all below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');

/** Where a URL's database is, without the password. */
export function placeOf(url: string): { host: string; database: string } {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? `${hostname || 'localhost'}:${port || '5432'}`;
  return { host, database: `"${decodeURIComponent(pathname.slice(1))}"` };
}

/** One line for the person at the terminal. */
export function explain(error: unknown, url: string): string {
  const { code, message } = error as Error & { code?: string };
  const { host: where, database } = placeOf(url);
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `No PostgreSQL answers at ${where}: is it running, is the address in --database-url right?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${where} of --database-url is not known`;
    case '28P01':
    case '28000':
      return `PostgreSQL at ${where} refuses the user or password of --database-url`;
    case '3D000':
      return `PostgreSQL at ${where} has no database ${database}: create it, or change --database-url`;
    default:
      return `PostgreSQL at ${where} cannot be used: ${message.split('\n')[0]}`;
  }
}
