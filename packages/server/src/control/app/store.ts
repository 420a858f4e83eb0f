import { isForeignKeyViolation } from '../../store/errors.ts';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { ApiKeyRow, AppRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';

/** Answers false when there is no such account. */
export async function insertApp(db: Db, row: AppRow): Promise<boolean> {
  return inserted(db.insertInto('app').values(row).execute());
}

export async function findApp(db: Db, id: string): Promise<AppRow | undefined> {
  return db.selectFrom('app').selectAll().where('id', '=', id).executeTakeFirst();
}

/** One more than asked for, to tell whether there are more. */
export async function listApps(db: Db, page: PageRequest & { accountId?: string; id?: string }): Promise<AppRow[]> {
  const { accountId, id } = page;
  return db
    .selectFrom('app')
    .selectAll()
    .where(afterCursor(page.cursor, 'app.createdAt', 'app.id'))
    .$if(accountId !== undefined, (query) => query.where('accountId', '=', accountId ?? ''))
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

export async function renameApp(db: Db, id: string, name: string): Promise<void> {
  await db.updateTable('app').set({ name }).where('id', '=', id).execute();
}

export async function deleteApp(db: Db, id: string): Promise<'deleted' | 'missing' | 'in-use'> {
  try {
    const deleted = await db.deleteFrom('app').where('id', '=', id).returning('id').execute();
    return deleted.length > 0 ? 'deleted' : 'missing';
  } catch (error) {
    if (isForeignKeyViolation(error)) return 'in-use';
    throw error;
  }
}

/** Main becomes backup, `key` becomes main, in one statement: two rotations at once do not lose one. */
export async function rotateKeys(db: Db, id: string, which: 'push' | 'play', key: string): Promise<AppRow | undefined> {
  const query = db.updateTable('app').where('id', '=', id).returningAll();
  return which === 'push'
    ? query.set((eb) => ({ pushKeyBackup: eb.ref('pushKey'), pushKey: key })).executeTakeFirst()
    : query.set((eb) => ({ playKeyBackup: eb.ref('playKey'), playKey: key })).executeTakeFirst();
}

/** Answers false when there is no such app. */
export async function insertApiKey(db: Db, row: ApiKeyRow): Promise<boolean> {
  return inserted(db.insertInto('apiKey').values(row).execute());
}

export async function listApiKeys(db: Db, appId: string, page: PageRequest): Promise<ApiKeyRow[]> {
  return db
    .selectFrom('apiKey')
    .selectAll()
    .where('appId', '=', appId)
    .where(afterCursor(page.cursor, 'apiKey.createdAt', 'apiKey.id'))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** Answers whether the app had such a key. */
export async function deleteApiKey(db: Db, appId: string, id: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('apiKey')
    .where('id', '=', id)
    .where('appId', '=', appId)
    .returning('id')
    .execute();
  return deleted.length > 0;
}

async function inserted(insert: Promise<unknown>): Promise<boolean> {
  try {
    await insert;
    return true;
  } catch (error) {
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}
