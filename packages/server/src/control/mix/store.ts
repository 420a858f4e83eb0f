import { LiveError } from '@lianmai/contract';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { AccountRow, AppRow, MixRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { lockAccount } from '../account/store.ts';
import { conferenceOfStream } from '../conference/names.ts';

/** Mixes of one account, its apps together. */
const MIX_QUOTA = 100;

/** A mix with who answers for it. */
export type MixWithOwner = MixRow & {
  keys: Pick<AppRow, 'playKey' | 'playKeyBackup'>;
  account: Pick<AccountRow, 'id' | 'status' | 'trafficPackageBytes' | 'trafficUsedBytes'>;
};

export const mixMissing = (id: string): LiveError =>
  new LiveError('MIX_NOT_FOUND', `there is no mix "${id}": it was deleted, or never was`);

/**
 * Adds a mix if its account may have one more and its stream's name is free.
 * @throws LiveError MIX_QUOTA_EXCEEDED, ACCOUNT_…, CONFLICT.
 */
export async function insertMix(tx: Db, row: MixRow): Promise<void> {
  const account = await lockAccount(tx, row.accountId);
  if (row.kind === 'mix' && (await countMixes(tx, account.id)) >= MIX_QUOTA)
    throw new LiveError(
      'MIX_QUOTA_EXCEEDED',
      `account "${account.id}" has all of its ${MIX_QUOTA} mixes: delete those that are over`,
    );
  const { stream } = row;
  const channel = await tx.selectFrom('channel').select('id').where('stream', '=', stream).executeTakeFirst();
  const added =
    channel || conferenceOfStream(stream) !== null
      ? []
      : await tx
          .insertInto('mix')
          .values(row)
          .onConflict((conflict) => conflict.column('stream').doNothing())
          .returning('id')
          .execute();
  if (added.length === 0)
    throw new LiveError(
      'CONFLICT',
      `the stream name "${stream}" is taken: choose another, or leave it out`,
      'output/stream',
    );
}

async function countMixes(db: Db, accountId: string): Promise<number> {
  const { count } = await db
    .selectFrom('mix')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('accountId', '=', accountId)
    .where('kind', '=', 'mix')
    .executeTakeFirstOrThrow();
  return count;
}

export async function updateMix(db: Db, id: string, change: Partial<Omit<MixRow, 'id'>>): Promise<void> {
  await db.updateTable('mix').set(change).where('id', '=', id).execute();
}

export async function deleteMix(tx: Db, id: string): Promise<boolean> {
  const deleted = await tx.deleteFrom('mix').where('id', '=', id).returning('id').execute();
  return deleted.length > 0;
}

/** @param by ids, or null: all there are. */
export async function loadMixes(db: Db, by: readonly string[] | null): Promise<MixWithOwner[]> {
  if (by?.length === 0) return [];
  const rows = await select(db)
    .$if(by !== null, (query) => query.where('mix.id', 'in', by ?? []))
    .execute();
  return rows.map(withOwner);
}

export async function findMix(db: Db, by: { id: string } | { stream: string }): Promise<MixWithOwner | undefined> {
  const query = select(db);
  const row =
    'id' in by
      ? await query.where('mix.id', '=', by.id).executeTakeFirst()
      : await query.where('mix.stream', '=', by.stream).executeTakeFirst();
  return row && withOwner(row);
}

/** Those that were asked for, one more than the limit, newest first. */
export async function listMixes(db: Db, page: PageRequest & { appId?: string }): Promise<MixWithOwner[]> {
  const { appId } = page;
  const rows = await select(db)
    .where('mix.kind', '<>', 'picture')
    .where(afterCursor(page.cursor, 'mix.createdAt', 'mix.id'))
    .$if(appId !== undefined, (query) => query.where('mix.appId', '=', appId ?? ''))
    .orderBy('mix.createdAt', 'desc')
    .orderBy('mix.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return rows.map(withOwner);
}

function select(db: Db) {
  return db
    .selectFrom('mix')
    .innerJoin('app', 'app.id', 'mix.appId')
    .innerJoin('account', 'account.id', 'mix.accountId')
    .selectAll('mix')
    .select(['app.playKey', 'app.playKeyBackup'])
    .select(['account.status', 'account.trafficPackageBytes', 'account.trafficUsedBytes']);
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function withOwner({
  playKey,
  playKeyBackup,
  status,
  trafficPackageBytes,
  trafficUsedBytes,
  ...mix
}: Row): MixWithOwner {
  return {
    ...mix,
    keys: { playKey, playKeyBackup },
    account: { id: mix.accountId, status, trafficPackageBytes, trafficUsedBytes },
  };
}
