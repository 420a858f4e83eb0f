import { LiveError } from '@lianmai/contract';
import type { RoomQuery } from '@lianmai/contract/rest';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { Static } from 'typebox';
import { afterCursor } from '../../store/page.ts';
import type { AccountRow, AppRow, AppUserRow, ChannelRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { RoomCount } from './counters.ts';
import { searchable } from './rules.ts';

/** A room with its anchor, and with what its addresses are signed with while its channel is there. */
export type RoomWithAnchor = RoomRow &
  Pick<AppUserRow, 'nickname' | 'avatar'> &
  Pick<AppRow, 'pushKey' | 'playKey'> & {
    pushAuth: ChannelRow['pushAuth'] | null;
    playAuth: ChannelRow['playAuth'] | null;
  };

export const roomMissing = (id: string): LiveError =>
  new LiveError('ROOM_NOT_FOUND', `there is no room "${id}": it was closed long ago, or never was`);

export async function findRoom(db: Db, id: string): Promise<RoomWithAnchor | undefined> {
  return withAnchor(db).where('room.id', '=', id).executeTakeFirst();
}

/** The anchor's room that is open; there is one at most. */
export async function openRoomOf(db: Db, appId: string, anchorId: string): Promise<RoomRow | undefined> {
  return db
    .selectFrom('room')
    .selectAll()
    .where('appId', '=', appId)
    .where('anchorId', '=', anchorId)
    .where('state', '<>', 'closed')
    .executeTakeFirst();
}

/** The room that is open on a channel. */
export async function openRoomOn(db: Db, channelId: string): Promise<RoomRow | undefined> {
  return db
    .selectFrom('room')
    .selectAll()
    .where('channelId', '=', channelId)
    .where('state', '<>', 'closed')
    .executeTakeFirst();
}

/** The room within a transaction, which others that change it wait for. */
export async function lockRoom(tx: Db, id: string): Promise<RoomRow | undefined> {
  // A change that changes nothing holds the row until the end; both databases know it, unlike SELECT FOR UPDATE.
  return tx
    .updateTable('room')
    .set((eb) => ({ state: eb.ref('state') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

export async function updateRoom(db: Db, id: string, change: Partial<Omit<RoomRow, 'id'>>): Promise<void> {
  await db.updateTable('room').set(change).where('id', '=', id).execute();
}

/** Open rooms with what decides whether they may stay open. */
export async function openRooms(db: Db): Promise<
  (RoomRow & {
    channelThere: string | null;
    account: Pick<AccountRow, 'id' | 'status' | 'trafficPackageBytes' | 'trafficUsedBytes'>;
  })[]
> {
  const rows = await db
    .selectFrom('room')
    .innerJoin('account', 'account.id', 'room.accountId')
    .leftJoin('channel', 'channel.id', 'room.channelId')
    .selectAll('room')
    .select(['channel.id as channelThere', 'account.status', 'account.trafficPackageBytes', 'account.trafficUsedBytes'])
    .where('room.state', '<>', 'closed')
    .execute();
  return rows.map(({ status, trafficPackageBytes, trafficUsedBytes, ...row }) => ({
    ...row,
    account: { id: row.accountId, status, trafficPackageBytes, trafficUsedBytes },
  }));
}

/** Rooms that time alone may change now. */
export async function dueRooms(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db.selectFrom('room').select('id').where('dueAt', '<=', nowMs).execute();
  return rows.map(({ id }) => id);
}

export async function forgetClosed(db: Db, closedBeforeMs: number): Promise<void> {
  await db.deleteFrom('room').where('closedAt', '<', closedBeforeMs).execute();
}

/** Channels of anchors who did not come back in time. */
export async function expiredChannels(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db.selectFrom('roomChannel').select('channelId').where('expiresAt', '<=', nowMs).execute();
  return rows.map(({ channelId }) => channelId);
}

/** Writes what rooms counted; answers the likes each open one has now. */
export async function addCounts(tx: Db, counts: readonly RoomCount[]): Promise<Map<string, number>> {
  const likes = new Map<string, number>();
  // In one order everywhere: others hold two rooms too, those of a battle.
  const inOrder = counts.toSorted((a, b) => (a.roomId < b.roomId ? -1 : 1));
  for (const { roomId, likes: more, beatAt, audience } of inOrder) {
    const room = await tx
      .updateTable('room')
      .set((eb) => ({
        likes: eb('likes', '+', more),
        ...(beatAt === null ? {} : { beatAt: larger('beat_at', beatAt) }),
        ...(audience === null
          ? {}
          : {
              viewers: audience.viewers,
              peakViewers: larger('peak_viewers', audience.peakViewers),
              totalViewers: larger('total_viewers', audience.totalViewers),
            }),
      }))
      .where('id', '=', roomId)
      .where('state', '<>', 'closed')
      .returning('likes')
      .executeTakeFirst();
    if (room) likes.set(roomId, room.likes);
  }
  return likes;
}

/** The two databases have different names for it. */
const larger = (column: string, than: number) =>
  sql<number>`case when ${sql.ref(column)} < ${than} then ${than} else ${sql.ref(column)} end`;

export interface RoomListing
  extends Pick<Static<typeof RoomQuery>, 'cursor' | 'search' | 'tag' | 'anchorId' | 'stream'> {
  limit: number;
  sort: 'newest' | 'viewers';
  states: readonly RoomRow['state'][];
  /** undefined: of all apps. */
  appId: string | undefined;
}

/** On air before the others; beyond any time in ms and any number of viewers. */
const ON_AIR_FIRST = 100_000_000_000_000;

/** One more than asked for: those on air first, each half newest or most watched first. */
export async function listRooms(db: Db, listing: RoomListing): Promise<(RoomWithAnchor & { place: number })[]> {
  const { limit, cursor, sort, states, appId, search, tag, anchorId, stream } = listing;
  const by = sql.ref(sort === 'newest' ? 'room.created_at' : 'room.viewers');
  const place = sql<number>`(case when room.state in ('live', 'interrupted') then ${sql.lit(ON_AIR_FIRST)} else 0 end + ${by})`;
  const placed = withAnchor(db)
    .select(place.as('place'))
    .where('room.state', 'in', states)
    .$if(appId !== undefined, (query) => query.where('room.appId', '=', appId ?? ''))
    .$if(anchorId !== undefined, (query) => query.where('room.anchorId', '=', anchorId ?? ''))
    .$if(stream !== undefined, (query) => query.where('room.stream', '=', stream ?? ''))
    .$if(search !== undefined, (query) => query.where(contains('room.search', searchable(search ?? ''))))
    .$if(tag !== undefined, (query) => query.where(contains('room.tags', JSON.stringify(tag))));
  return db
    .selectFrom(placed.as('listed'))
    .selectAll()
    .where(afterCursor(cursor, 'listed.place', 'listed.id'))
    .orderBy('place', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
}

function contains(column: string, text: string): Expression<SqlBool> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

function withAnchor(db: Db) {
  return db
    .selectFrom('room')
    .innerJoin('appUser', (join) =>
      join.onRef('appUser.appId', '=', 'room.appId').onRef('appUser.userId', '=', 'room.anchorId'),
    )
    .innerJoin('app', 'app.id', 'room.appId')
    .leftJoin('channel', 'channel.id', 'room.channelId')
    .selectAll('room')
    .select(['appUser.nickname', 'appUser.avatar', 'app.pushKey', 'app.playKey'])
    .select(['channel.pushAuth', 'channel.playAuth']);
}
