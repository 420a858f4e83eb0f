import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { PictureRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';

/** What an account has stored, all its apps together. */
export async function pictureUsage(db: Db, accountId: string): Promise<{ count: number; bytes: number }> {
  const { count, bytes } = await db
    .selectFrom('picture')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.sum<number | string | null>('bytes').as('bytes')])
    .where('accountId', '=', accountId)
    .executeTakeFirstOrThrow();
  return { count, bytes: Number(bytes ?? 0) };
}

/** The app has the picture from now on, or had it before: then that row is answered. */
export async function insertPicture(db: Db, row: PictureRow): Promise<PictureRow> {
  await db
    .insertInto('picture')
    .values(row)
    .onConflict((conflict) => conflict.columns(['id', 'appId']).doNothing())
    .execute();
  return db
    .selectFrom('picture')
    .selectAll()
    .where('id', '=', row.id)
    .where('appId', '=', row.appId)
    .executeTakeFirstOrThrow();
}

export async function appHasPicture(db: Db, id: string, appId: string): Promise<boolean> {
  const row = await db
    .selectFrom('picture')
    .select('id')
    .where('id', '=', id)
    .where('appId', '=', appId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Which of these pictures somebody has. */
export async function knownPictures(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.selectFrom('picture').select('id').where('id', 'in', ids).execute();
  return new Set(rows.map(({ id }) => id));
}

/** One more than asked for, newest first. */
export async function listPictures(db: Db, page: PageRequest & { appId?: string }): Promise<PictureRow[]> {
  const { appId } = page;
  return db
    .selectFrom('picture')
    .selectAll()
    .where(afterCursor(page.cursor, 'createdAt', 'id'))
    .$if(appId !== undefined, (query) => query.where('appId', '=', appId ?? ''))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** Answers whether there was such a row. @param appId null: of all apps. */
export async function deletePicture(db: Db, id: string, appId: string | null): Promise<boolean> {
  const deleted = await db
    .deleteFrom('picture')
    .where('id', '=', id)
    .$if(appId !== null, (query) => query.where('appId', '=', appId ?? ''))
    .returning('id')
    .execute();
  return deleted.length > 0;
}

/** px; null: nobody has it. */
export async function sizeOfPicture(db: Db, id: string): Promise<{ width: number; height: number } | null> {
  const row = await db.selectFrom('picture').select(['width', 'height']).where('id', '=', id).executeTakeFirst();
  return row ?? null;
}
