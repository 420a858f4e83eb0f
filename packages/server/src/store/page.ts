import { LiveError } from '@lianmai/contract';
import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** Where in a list, newest first, a page ended. Stays right while rows come and go. */
interface Position {
  at: number;
  id: string;
}

export interface PageRequest {
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,128})$/;

/**
 * The condition "after the page before" for a list ordered by `atColumn`, then `idColumn`, both descending.
 * @throws LiveError BAD_REQUEST on a cursor that this server did not make.
 */
export function afterCursor(cursor: string | undefined, atColumn: string, idColumn: string): RawBuilder<SqlBool> {
  if (cursor === undefined) return sql<SqlBool>`1 = 1`;
  const { at, id } = readCursor(cursor);
  return sql<SqlBool>`(${sql.ref(atColumn)}, ${sql.ref(idColumn)}) < (${at}, ${id})`;
}

/** The position a cursor stands for. @throws LiveError BAD_REQUEST */
export function readCursor(cursor: string): Position {
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined)
    throw new LiveError('BAD_REQUEST', 'cursor is not one that a list gave: leave it out to begin again', 'cursor');
  return { at: Number(at), id };
}

/** Makes a page of `limit + 1` rows read: the extra one only tells that there are more. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  position: (row: R) => Position,
  toItem: (row: R) => T,
): Page<T> {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: kept.map(toItem), nextCursor: more ? writeCursor(position(last)) : null };
}

const writeCursor = ({ at, id }: Position) => Buffer.from(`${at}.${id}`).toString('base64url');
