import type { ChannelProgramRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';

const nothingSaid = (channelId: string): ChannelProgramRow => ({
  channelId,
  source: 'direct',
  mixId: null,
  picture: null,
  fallbackPicture: null,
  awaySince: null,
});

/** What is said of a channel, held until the end of the transaction. */
export async function lockProgram(tx: Db, channelId: string): Promise<ChannelProgramRow> {
  await tx
    .insertInto('channelProgram')
    .values(nothingSaid(channelId))
    .onConflict((conflict) => conflict.column('channelId').doNothing())
    .execute();
  return tx
    .updateTable('channelProgram')
    .set((eb) => ({ source: eb.ref('source') }))
    .where('channelId', '=', channelId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function updateProgram(
  db: Db,
  channelId: string,
  change: Partial<Omit<ChannelProgramRow, 'channelId'>>,
): Promise<void> {
  await db.updateTable('channelProgram').set(change).where('channelId', '=', channelId).execute();
}

/** Channels that show one of these mixes, or are to. */
export async function programsOf(db: Db, mixIds: readonly string[]): Promise<ChannelOfMix[]> {
  if (mixIds.length === 0) return [];
  return db
    .selectFrom('channelProgram')
    .innerJoin('channel', 'channel.id', 'channelProgram.channelId')
    .select(['channelProgram.mixId', 'channel.id as channelId', 'channel.stream'])
    .where('channelProgram.mixId', 'in', mixIds)
    .orderBy('channel.id')
    .$narrowType<{ mixId: string }>()
    .execute();
}

export interface ChannelOfMix {
  mixId: string;
  channelId: string;
  stream: string;
}

/** Channels with something said that time or the publisher's coming and going changes: a picture of their own, now or in need. */
export async function picturePrograms(db: Db): Promise<(ChannelProgramRow & { stream: string })[]> {
  return db
    .selectFrom('channelProgram')
    .innerJoin('channel', 'channel.id', 'channelProgram.channelId')
    .selectAll('channelProgram')
    .select('channel.stream')
    .where((eb) =>
      eb.or([eb('source', '=', 'picture'), eb('fallbackPicture', 'is not', null), eb('awaySince', 'is not', null)]),
    )
    .execute();
}

/** Ids of pictures' mixes that no channel shows any more. */
export async function unusedStandIns(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('mix')
    .leftJoin('channelProgram', 'channelProgram.mixId', 'mix.id')
    .select('mix.id')
    .where('mix.kind', '=', 'picture')
    .where('channelProgram.channelId', 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}
