import type { Db } from '../../store/store.ts';
import type { PublishTarget } from './rules.ts';

/** PostgreSQL takes 65,535 parameters, SQLite 32,766. */
const BATCH = 1000;

/** What is known of these streams' channels, by stream. */
export async function loadTargets(db: Db, streams: readonly string[]): Promise<Map<string, PublishTarget>> {
  const targets = new Map<string, PublishTarget>();
  for (let i = 0; i < streams.length; i += BATCH) {
    const rows = await db
      .selectFrom('channel')
      .innerJoin('app', 'app.id', 'channel.appId')
      .innerJoin('account', 'account.id', 'channel.accountId')
      .leftJoin('roomChannel', 'roomChannel.channelId', 'channel.id')
      .select(['channel.id', 'channel.stream', 'channel.pushAuth', 'channel.playAuth'])
      .select('roomChannel.expiresAt as roomClosedUntil')
      .select(['app.pushKey', 'app.pushKeyBackup', 'app.playKey', 'app.playKeyBackup'])
      .select(['account.id as accountId', 'account.status'])
      .select(['account.trafficPackageBytes', 'account.trafficUsedBytes'])
      .where('channel.stream', 'in', streams.slice(i, i + BATCH))
      .execute();
    for (const { accountId, status, trafficPackageBytes, trafficUsedBytes, roomClosedUntil, ...row } of rows)
      targets.set(row.stream, {
        channel: row,
        keys: row,
        account: { id: accountId, status, trafficPackageBytes, trafficUsedBytes },
        roomClosed: roomClosedUntil !== null,
      });
  }
  return targets;
}
