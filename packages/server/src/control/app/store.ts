import { sql } from 'kysely';
import { isForeignKeyViolation, isUniqueViolation } from '../../store/errors.ts';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { ApiKeyRow, AppRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';

/** The default app's number; others follow. */
export const FIRST_SDK_APP_ID = 1_400_000_000;
/** Two that are made at once may be given the same number: the second tries again. */
const TRIES = 10;

/** Adds an app, and gives it the next number. Answers undefined when there is no such account. */
export async function insertApp(db: Db, app: Omit<AppRow, 'sdkAppId'>): Promise<AppRow | undefined> {
  const next = sql<number>`(select coalesce(max(sdk_app_id), ${FIRST_SDK_APP_ID}) + 1 from app)`;
  for (let tried = 1; ; tried++) {
    try {
      return await db
        .insertInto('app')
        .values({ ...app, sdkAppId: next })
        .returningAll()
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isForeignKeyViolation(error)) return undefined;
      if (!isUniqueViolation(error) || tried === TRIES) throw error;
    }
  }
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

export async function findAppBySdkAppId(db: Db, sdkAppId: number): Promise<AppRow | undefined> {
  return db.selectFrom('app').selectAll().where('sdkAppId', '=', sdkAppId).executeTakeFirst();
}

export async function updateApp(
  db: Db,
  id: string,
  change: Partial<Pick<AppRow, 'name' | 'roomQuota'>>,
): Promise<void> {
  if (Object.keys(change).length > 0) await db.updateTable('app').set(change).where('id', '=', id).execute();
}

/** Its users go with it, and the channels that were made for their rooms; not while one of them has a room open. */
export async function deleteApp(db: Db, id: string): Promise<'deleted' | 'missing' | 'in-use'> {
  try {
    const deleted = await db.transaction().execute(async (tx) => {
      await deleteIdleRoomChannels(tx, id);
      return tx.deleteFrom('app').where('id', '=', id).returning('id').execute();
    });
    return deleted.length > 0 ? 'deleted' : 'missing';
  } catch (error) {
    if (isForeignKeyViolation(error)) return 'in-use';
    throw error;
  }
}

async function deleteIdleRoomChannels(tx: Db, appId: string): Promise<void> {
  const idle = tx
    .selectFrom('roomChannel')
    .select('channelId')
    .where('appId', '=', appId)
    .where('expiresAt', 'is not', null);
  await tx.deleteFrom('channel').where('id', 'in', idle).execute();
}

/** Main becomes backup, `key` becomes main, in one statement: two rotations at once do not lose one. */
export async function rotateKeys(
  db: Db,
  id: string,
  which: 'push' | 'play' | 'secret',
  key: string,
): Promise<AppRow | undefined> {
  const query = db.updateTable('app').where('id', '=', id).returningAll();
  switch (which) {
    case 'push':
      return query.set((eb) => ({ pushKeyBackup: eb.ref('pushKey'), pushKey: key })).executeTakeFirst();
    case 'play':
      return query.set((eb) => ({ playKeyBackup: eb.ref('playKey'), playKey: key })).executeTakeFirst();
    case 'secret':
      return query.set((eb) => ({ secretKeyBackup: eb.ref('secretKey'), secretKey: key })).executeTakeFirst();
  }
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
