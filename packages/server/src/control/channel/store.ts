import { LiveError } from '@lianmai/contract';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { AppRow, ChannelProgramRow, ChannelRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { lockAccount } from '../account/store.ts';
import { conferenceOfStream } from '../conference/names.ts';
import { forgetChannel } from '../live/store.ts';

/** A channel with the keys that sign its URLs and what its viewers are to get. */
export type ChannelWithKeys = ChannelRow & Pick<AppRow, 'pushKey' | 'playKey'> & ChosenProgram;

/** Of `channelProgram`; null: as nobody ever said otherwise. */
interface ChosenProgram {
  programSource: ChannelProgramRow['source'] | null;
  programMixId: string | null;
  programPicture: string | null;
  fallbackPicture: string | null;
}

export const NO_PROGRAM: ChosenProgram = {
  programSource: null,
  programMixId: null,
  programPicture: null,
  fallbackPicture: null,
};

/**
 * Adds a channel if its account may have one more.
 * @throws LiveError CHANNEL_QUOTA_EXCEEDED, ACCOUNT_…, CONFLICT when the stream name is taken.
 */
export async function insertChannel(db: Db, row: ChannelRow): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const account = await lockAccount(tx, row.accountId);
    if ((await countChannels(tx, account.id)) >= account.channelQuota)
      throw new LiveError(
        'CHANNEL_QUOTA_EXCEEDED',
        `account "${account.id}" has all of its ${account.channelQuota} channels: delete one, or raise its quota`,
      );
    const { stream } = row;
    if (conferenceOfStream(stream) !== null)
      throw new LiveError('CONFLICT', `"${stream}" is named as a conference member's stream: choose another`, 'stream');
    const mix = await tx.selectFrom('mix').select('id').where('stream', '=', stream).executeTakeFirst();
    if (mix) throw streamTaken(stream);
    const added = await tx
      .insertInto('channel')
      .values(row)
      .onConflict((conflict) => conflict.column('stream').doNothing())
      .returning('id')
      .execute();
    if (added.length === 0) throw streamTaken(stream);
  });
}

/** Those that were made for rooms have a quota of their own. */
const streamTaken = (stream: string): LiveError =>
  new LiveError('CONFLICT', `the stream name "${stream}" is taken: choose another, or leave it out`, 'stream');

async function countChannels(db: Db, accountId: string): Promise<number> {
  const { count } = await db
    .selectFrom('channel')
    .leftJoin('roomChannel', 'roomChannel.channelId', 'channel.id')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('channel.accountId', '=', accountId)
    .where('roomChannel.channelId', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** @param by the channel's id or its stream. */
export async function findChannel(
  db: Db,
  by: { id: string } | { stream: string },
): Promise<ChannelWithKeys | undefined> {
  const query = select(db);
  return 'id' in by
    ? query.where('channel.id', '=', by.id).executeTakeFirst()
    : query.where('channel.stream', '=', by.stream).executeTakeFirst();
}

export async function findChannels(db: Db, ids: readonly string[]): Promise<ChannelRow[]> {
  return ids.length === 0 ? [] : db.selectFrom('channel').selectAll().where('id', 'in', ids).execute();
}

/** One more than asked for, newest first. */
export async function listChannels(
  db: Db,
  page: PageRequest & { appId?: string; stream?: string; rooms?: boolean },
): Promise<ChannelWithKeys[]> {
  const { appId, stream, rooms } = page;
  return select(db)
    .where(afterCursor(page.cursor, 'channel.createdAt', 'channel.id'))
    .$if(appId !== undefined, (query) => query.where('channel.appId', '=', appId ?? ''))
    .$if(stream !== undefined, (query) => query.where('channel.stream', '=', stream ?? ''))
    .$if(stream === undefined, (query) =>
      query
        .leftJoin('roomChannel', 'roomChannel.channelId', 'channel.id')
        .where('roomChannel.channelId', rooms ? 'is not' : 'is', null),
    )
    .orderBy('channel.createdAt', 'desc')
    .orderBy('channel.id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

export async function updateChannel(
  db: Db,
  id: string,
  change: Partial<Pick<ChannelRow, 'name' | 'pushAuth' | 'playAuth' | 'listed'>>,
): Promise<void> {
  if (Object.keys(change).length > 0) await db.updateTable('channel').set(change).where('id', '=', id).execute();
}

export async function deleteChannel(db: Db, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('channel').where('id', '=', id).execute();
    await forgetChannel(tx, id);
  });
}

function select(db: Db) {
  return db
    .selectFrom('channel')
    .innerJoin('app', 'app.id', 'channel.appId')
    .leftJoin('channelProgram', 'channelProgram.channelId', 'channel.id')
    .selectAll('channel')
    .select(['app.pushKey', 'app.playKey'])
    .select(['channelProgram.source as programSource', 'channelProgram.mixId as programMixId'])
    .select(['channelProgram.picture as programPicture', 'channelProgram.fallbackPicture']);
}
