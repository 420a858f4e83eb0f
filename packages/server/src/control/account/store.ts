import { isForeignKeyViolation } from '../../store/errors.ts';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { AccountRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { whyRefused } from './rules.ts';

export type AccountWithChannels = AccountRow & { channels: number };

export async function insertAccount(db: Db, row: AccountRow): Promise<void> {
  await db.insertInto('account').values(row).execute();
}

export async function findAccount(db: Db, id: string): Promise<AccountWithChannels | undefined> {
  return select(db).where('account.id', '=', id).executeTakeFirst();
}

/** One more than asked for, to tell whether there are more. */
export async function listAccounts(db: Db, { limit, cursor }: PageRequest): Promise<AccountWithChannels[]> {
  return select(db)
    .where(afterCursor(cursor, 'account.createdAt', 'account.id'))
    .orderBy('account.createdAt', 'desc')
    .orderBy('account.id', 'desc')
    .limit(limit + 1)
    .execute();
}

/**
 * The account, for something new of it: others that ask wait until the transaction ends, so that two at once cannot both
 * take the last place of a quota.
 * @throws LiveError ACCOUNT_SUSPENDED, LIVE_NOT_ENABLED, ACCOUNT_IN_ARREARS.
 */
export async function lockAccount(tx: Db, id: string): Promise<AccountRow> {
  // A change that changes nothing holds the row until the end; both databases know it, unlike SELECT FOR UPDATE.
  const account = await tx
    .updateTable('account')
    .set((eb) => ({ channelQuota: eb.ref('channelQuota') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const refused = whyRefused(account);
  if (refused) throw refused;
  return account;
}

/** Answers whether there was such an account. */
export async function updateAccount(db: Db, id: string, change: Partial<Omit<AccountRow, 'id'>>): Promise<boolean> {
  if (Object.keys(change).length === 0) return (await findAccount(db, id)) !== undefined;
  const changed = await db.updateTable('account').set(change).where('id', '=', id).returning('id').execute();
  return changed.length > 0;
}

export async function deleteAccount(db: Db, id: string): Promise<'deleted' | 'missing' | 'in-use'> {
  try {
    const deleted = await db.deleteFrom('account').where('id', '=', id).returning('id').execute();
    return deleted.length > 0 ? 'deleted' : 'missing';
  } catch (error) {
    if (isForeignKeyViolation(error)) return 'in-use';
    throw error;
  }
}

function select(db: Db) {
  return db
    .selectFrom('account')
    .selectAll('account')
    .select((eb) =>
      eb
        .selectFrom('channel')
        .leftJoin('roomChannel', 'roomChannel.channelId', 'channel.id')
        .whereRef('channel.accountId', '=', 'account.id')
        .where('roomChannel.channelId', 'is', null)
        .select((count) => count.fn.countAll<number>().as('count'))
        .$asScalar()
        .$notNull()
        .as('channels'),
    );
}
