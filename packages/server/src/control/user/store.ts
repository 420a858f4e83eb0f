import { LiveError } from '@lianmai/contract';
import { isUniqueViolation } from '../../store/errors.ts';
import type { AppUserRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newSecretKey } from '../auth/secrets.ts';

type UserKey = Pick<AppUserRow, 'appId' | 'userId'>;

/** @throws LiveError CONFLICT when the id or the log-in name is taken. */
export async function insertUser(db: Db, row: AppUserRow): Promise<void> {
  const added = await db
    .insertInto('appUser')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('userId')
    .execute();
  if (added.length > 0) return;
  if (row.loginName !== null && (await findByLoginName(db, row.appId, row.loginName)))
    throw nicknameTaken(row.nickname);
  throw new LiveError('CONFLICT', `there is a user "${row.userId}" already: choose another id, or log in`, 'userId');
}

/** Adds a user whom another server vouches for, if it is new. */
export async function ensureUser(db: Db, row: AppUserRow): Promise<AppUserRow> {
  await db
    .insertInto('appUser')
    .values(row)
    .onConflict((conflict) => conflict.columns(['appId', 'userId']).doNothing())
    .execute();
  const user = await findUser(db, row);
  if (!user) throw new Error(`user ${row.userId} was deleted while it logged in`);
  return user;
}

export async function findUser(db: Db, { appId, userId }: UserKey): Promise<AppUserRow | undefined> {
  return db
    .selectFrom('appUser')
    .selectAll()
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .executeTakeFirst();
}

/** By their ids; who is not there is left out. */
export async function findUsers(db: Db, appId: string, userIds: readonly string[]): Promise<Map<string, AppUserRow>> {
  if (userIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('appUser')
    .selectAll()
    .where('appId', '=', appId)
    .where('userId', 'in', userIds)
    .execute();
  return new Map(rows.map((user) => [user.userId, user]));
}

export async function findByLoginName(db: Db, appId: string, loginName: string): Promise<AppUserRow | undefined> {
  return db
    .selectFrom('appUser')
    .selectAll()
    .where('appId', '=', appId)
    .where('loginName', '=', loginName)
    .executeTakeFirst();
}

/** @throws LiveError CONFLICT when the log-in name is taken. */
export async function updateUser(
  db: Db,
  { appId, userId }: UserKey,
  change: Partial<Pick<AppUserRow, 'nickname' | 'avatar' | 'loginName'>>,
): Promise<AppUserRow | undefined> {
  if (Object.keys(change).length === 0) return findUser(db, { appId, userId });
  try {
    return await db
      .updateTable('appUser')
      .set(change)
      .where('appId', '=', appId)
      .where('userId', '=', userId)
      .returningAll()
      .executeTakeFirst();
  } catch (error) {
    if (isUniqueViolation(error)) throw nicknameTaken(change.nickname ?? '');
    throw error;
  }
}

/** Ends all log-ins of the user, and sets the new password if there is one. */
export async function endLogIns(
  db: Db,
  { appId, userId }: UserKey,
  nowMs: number,
  password?: string,
): Promise<AppUserRow | undefined> {
  return db
    .updateTable('appUser')
    .set((eb) => ({ generation: eb('generation', '+', 1), signedOutAt: nowMs }))
    .$if(password !== undefined, (query) => query.set({ password: password ?? '' }))
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .returningAll()
    .executeTakeFirst();
}

/** What a token is checked against. */
export interface TokenStanding {
  accountId: string;
  generation: number;
  loggedOut: ReadonlySet<string>;
}

export async function tokenStanding(db: Db, { appId, userId }: UserKey): Promise<TokenStanding | undefined> {
  const user = await db
    .selectFrom('appUser')
    .innerJoin('app', 'app.id', 'appUser.appId')
    .select(['app.accountId', 'appUser.generation'])
    .where('appUser.appId', '=', appId)
    .where('appUser.userId', '=', userId)
    .executeTakeFirst();
  if (!user) return undefined;
  const tokens = await db
    .selectFrom('loggedOutToken')
    .select('tokenId')
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .execute();
  return { ...user, loggedOut: new Set(tokens.map(({ tokenId }) => tokenId)) };
}

/** The user, if its token still counts: it was not logged out, by itself or with all others. */
export async function findTokenHolder(
  db: Db,
  { appId, userId }: UserKey,
  token: { generation: number; id: string },
): Promise<AppUserRow | undefined> {
  return db
    .selectFrom('appUser')
    .selectAll()
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .where('generation', '<=', token.generation)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('loggedOutToken')
            .select('loggedOutToken.tokenId')
            .where('loggedOutToken.appId', '=', appId)
            .where('loggedOutToken.userId', '=', userId)
            .where('loggedOutToken.tokenId', '=', token.id),
        ),
      ),
    )
    .executeTakeFirst();
}

/** Ends one token, and forgets those that have ended by themselves since. */
export async function logOutToken(
  db: Db,
  token: UserKey & { tokenId: string; expiresAt: number },
  nowMs: number,
): Promise<void> {
  const { appId, userId, tokenId, expiresAt } = token;
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('loggedOutToken').where('expiresAt', '<=', nowMs).execute();
    await tx
      .insertInto('loggedOutToken')
      .values({ appId, userId, tokenId, expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** The key that signs users' tokens: made once, the same for all controls of the database. */
export async function ensureTokenKey(db: Db, nowMs: number): Promise<string> {
  await db
    .insertInto('serverSecret')
    .values({ name: 'user-token', value: newSecretKey(), createdAt: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await db
    .selectFrom('serverSecret')
    .select('value')
    .where('name', '=', 'user-token')
    .executeTakeFirstOrThrow();
  return value;
}

const nicknameTaken = (nickname: string): LiveError =>
  new LiveError('CONFLICT', `somebody logs in by the nickname "${nickname}" already: choose another`, 'nickname');
