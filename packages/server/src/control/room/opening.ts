import { LiveError } from '@lianmai/contract';
import type { AppRow, AppUserRow, ChannelRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId, newStreamName } from '../auth/secrets.ts';
import { checkAccount } from '../conference/rules.ts';
import { accountOf } from '../conference/store.ts';
import { userMissing } from '../user/rules.ts';
import { type RoomFields, searchText } from './rules.ts';
import { newLife } from './state.ts';
import { openRoomOf, updateRoom } from './store.ts';

/**
 * Opens an anchor's room, on the channel of its last room if that is still there. One that is only being prepared is taken
 * over: nobody has seen it. Openings of one app wait for each other.
 * @returns whether the room was made just now.
 * @throws LiveError USER_NOT_FOUND, ROOM_ALREADY_OPEN, ROOM_QUOTA_EXCEEDED, ACCOUNT_…
 */
export async function openRoom(
  db: Db,
  anchor: Pick<AppUserRow, 'appId' | 'userId'>,
  fields: RoomFields,
  nowMs: number,
): Promise<{ id: string; made: boolean }> {
  return db.transaction().execute(async (tx) => {
    const app = await lockApp(tx, anchor.appId);
    const user = await tx
      .selectFrom('appUser')
      .select(['appId', 'userId', 'nickname'])
      .where('appId', '=', anchor.appId)
      .where('userId', '=', anchor.userId)
      .executeTakeFirst();
    if (!app || !user) throw userMissing(anchor.userId);
    checkAccount(await accountOf(tx, app.accountId));
    const search = searchText(fields.title, user.nickname);
    const open = await openRoomOf(tx, user.appId, user.userId);
    if (open) {
      if (open.state !== 'preparing')
        throw new LiveError(
          'ROOM_ALREADY_OPEN',
          `"${user.userId}" has room "${open.id}" open: go on in it, or close it first`,
        );
      await updateRoom(tx, open.id, { ...fields, search, beatAt: nowMs });
      return { id: open.id, made: false };
    }
    await checkQuota(tx, app);
    const { id: channelId, stream } = await channelFor(tx, app, user, nowMs);
    const room: RoomRow = {
      id: newId('room'),
      appId: app.id,
      accountId: app.accountId,
      anchorId: user.userId,
      channelId,
      stream,
      ...fields,
      custom: '{}',
      search,
      createdAt: nowMs,
      ...newLife(nowMs),
      viewers: 0,
      peakViewers: 0,
      totalViewers: 0,
      likes: 0,
    };
    await tx.insertInto('room').values(room).execute();
    return { id: room.id, made: true };
  });
}

/** A change that changes nothing holds the app's row until the end. */
async function lockApp(tx: Db, id: string): Promise<AppRow | undefined> {
  return tx
    .updateTable('app')
    .set((eb) => ({ roomQuota: eb.ref('roomQuota') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

async function checkQuota(tx: Db, { id, roomQuota }: AppRow): Promise<void> {
  const { count } = await tx
    .selectFrom('room')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('appId', '=', id)
    .where('state', '<>', 'closed')
    .executeTakeFirstOrThrow();
  if (count >= roomQuota)
    throw new LiveError(
      'ROOM_QUOTA_EXCEEDED',
      `app "${id}" has all of its ${roomQuota} rooms open: try again when one has closed, or raise its quota`,
    );
}

/** The anchor's channel of before, or a new one. It does not count as one of the account's. */
async function channelFor(
  tx: Db,
  app: AppRow,
  { userId, nickname }: Pick<AppUserRow, 'userId' | 'nickname'>,
  nowMs: number,
): Promise<Pick<ChannelRow, 'id' | 'stream'>> {
  const known = await tx
    .selectFrom('roomChannel')
    .innerJoin('channel', 'channel.id', 'roomChannel.channelId')
    .select(['channel.id', 'channel.stream'])
    .where('roomChannel.appId', '=', app.id)
    .where('roomChannel.anchorId', '=', userId)
    .executeTakeFirst();
  if (known) {
    await tx.updateTable('roomChannel').set({ expiresAt: null }).where('channelId', '=', known.id).execute();
    return known;
  }
  const channel: ChannelRow = {
    id: newId('ch'),
    appId: app.id,
    accountId: app.accountId,
    name: nickname,
    stream: newStreamName(),
    pushAuth: 'signed',
    playAuth: 'open',
    // The list of rooms shows it.
    listed: 0,
    createdAt: nowMs,
  };
  await tx.insertInto('channel').values(channel).execute();
  await tx
    .insertInto('roomChannel')
    .values({ channelId: channel.id, appId: app.id, anchorId: userId, expiresAt: null })
    .execute();
  return channel;
}
