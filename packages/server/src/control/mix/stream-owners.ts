import type { Db } from '../../store/store.ts';
import { conferenceOfStream } from '../conference/names.ts';
import { mixStreamOf } from './names.ts';

/** Whose streams these are: the account of the channel, the conference or the mix. Streams that are nobody's are left out. */
export async function ownersOf(db: Db, streams: readonly string[]): Promise<Map<string, string>> {
  if (streams.length === 0) return new Map();
  const channels = await db
    .selectFrom('channel')
    .select(['stream', 'accountId'])
    .where('stream', 'in', streams)
    .execute();
  const mixes = await db
    .selectFrom('mix')
    .select(['stream', 'accountId'])
    .where('stream', 'in', [...new Set([...streams, ...streams.map(mixStreamOf)])])
    .execute();
  const conferenceIds = [...new Set(streams.flatMap((stream) => conferenceOfStream(stream) ?? []))];
  const conferences = conferenceIds.length
    ? await db.selectFrom('conference').select(['id', 'accountId']).where('id', 'in', conferenceIds).execute()
    : [];
  const byStream = new Map([...channels, ...mixes].map(({ stream, accountId }) => [stream, accountId]));
  const byConference = new Map(conferences.map(({ id, accountId }) => [id, accountId]));
  return new Map(
    streams.flatMap((stream): [string, string][] => {
      const owner =
        byStream.get(stream) ?? byConference.get(conferenceOfStream(stream) ?? '') ?? byStream.get(mixStreamOf(stream));
      return owner === undefined ? [] : [[stream, owner]];
    }),
  );
}
