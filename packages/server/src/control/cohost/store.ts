import type { MixTemplate } from '@lianmai/contract';
import type { CohostRoomRow, CohostSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { SeatChange, Seats } from './state.ts';

/** Sessions of a room that are not over, in the order they began. */
export async function openSessionsOf(db: Db, roomId: string): Promise<CohostSessionRow[]> {
  return db
    .selectFrom('cohostSession')
    .selectAll()
    .where('roomId', '=', roomId)
    .where('state', '<>', 'ended')
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
}

export async function loadSeats(db: Db, room: { id: string; anchorId: string }): Promise<Seats> {
  return { roomId: room.id, anchorId: room.anchorId, sessions: await openSessionsOf(db, room.id) };
}

export async function findSession(db: Db, id: string): Promise<CohostSessionRow | undefined> {
  return db.selectFrom('cohostSession').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The session that keeps a user from beginning another, in whatever room. */
export async function openSessionOfUser(
  db: Db,
  { appId, userId }: { appId: string; userId: string },
): Promise<CohostSessionRow | undefined> {
  return db
    .selectFrom('cohostSession')
    .selectAll()
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .where('state', '<>', 'ended')
    .executeTakeFirst();
}

/**
 * The user within a transaction, which others that begin something with the same user wait for: it must not sit down in two
 * rooms at once.
 */
export async function lockUser(tx: Db, { appId, userId }: { appId: string; userId: string }): Promise<boolean> {
  // A change that changes nothing holds the row until the end; both databases know it, unlike SELECT FOR UPDATE.
  const user = await tx
    .updateTable('appUser')
    .set((eb) => ({ nickname: eb.ref('nickname') }))
    .where('appId', '=', appId)
    .where('userId', '=', userId)
    .returning('userId')
    .executeTakeFirst();
  return user !== undefined;
}

/** Whether the user is the anchor of a room that is live, other than this one. */
export async function isLiveElsewhere(
  db: Db,
  { appId, userId }: { appId: string; userId: string },
  roomId: string,
): Promise<boolean> {
  const own = await db
    .selectFrom('room')
    .select('id')
    .where('appId', '=', appId)
    .where('anchorId', '=', userId)
    .where('state', '=', 'live')
    .where('id', '<>', roomId)
    .executeTakeFirst();
  return own !== undefined;
}

export async function saveChanges(tx: Db, changes: readonly SeatChange[]): Promise<void> {
  for (const { session, before } of changes) {
    if (before === null) await tx.insertInto('cohostSession').values(session).execute();
    else {
      const { id, ...row } = session;
      await tx.updateTable('cohostSession').set(row).where('id', '=', id).execute();
    }
  }
}

/** Rooms in which time alone ends a session now. */
export async function dueRooms(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db.selectFrom('cohostSession').select('roomId').distinct().where('dueAt', '<=', nowMs).execute();
  return rows.map(({ roomId }) => roomId);
}

export async function forgetEnded(db: Db, beforeMs: number): Promise<void> {
  await db.deleteFrom('cohostSession').where('endedAt', '<', beforeMs).execute();
}

const firstRow = (roomId: string): CohostRoomRow => ({ roomId, conferenceId: null, mixId: null, layout: 'cohost' });

export async function findCohostRoom(db: Db, roomId: string): Promise<CohostRoomRow> {
  const row = await db.selectFrom('cohostRoom').selectAll().where('roomId', '=', roomId).executeTakeFirst();
  return row ?? firstRow(roomId);
}

/** Rooms that have a conference or a mix, or somebody who is let in. */
export async function activeRooms(db: Db): Promise<string[]> {
  const used = await db
    .selectFrom('cohostRoom')
    .select('roomId')
    .where((or) => or.or([or('conferenceId', 'is not', null), or('mixId', 'is not', null)]))
    .execute();
  const taken = await db
    .selectFrom('cohostSession')
    .select('roomId')
    .distinct()
    .where('state', 'in', ['joining', 'on-air'])
    .execute();
  return [...new Set([...used, ...taken].map(({ roomId }) => roomId))];
}

/** The room of this channel, if it has a conference or a mix. */
export async function activeRoomOn(db: Db, channelId: string): Promise<string | null> {
  const row = await db
    .selectFrom('cohostRoom')
    .innerJoin('room', 'room.id', 'cohostRoom.roomId')
    .select('cohostRoom.roomId')
    .where('room.channelId', '=', channelId)
    .where((or) => or.or([or('cohostRoom.conferenceId', 'is not', null), or('cohostRoom.mixId', 'is not', null)]))
    .executeTakeFirst();
  return row?.roomId ?? null;
}

/** Of what may not have been told of, control having ended meanwhile: all that are open, and what ended since. */
export async function recentSessions(db: Db, endedSinceMs: number): Promise<CohostSessionRow[]> {
  return db
    .selectFrom('cohostSession')
    .selectAll()
    .where((or) => or.or([or('state', '<>', 'ended'), or('endedAt', '>=', endedSinceMs)]))
    .orderBy('createdAt')
    .execute();
}

export async function roomOfConference(db: Db, conferenceId: string): Promise<CohostRoomRow | undefined> {
  return db.selectFrom('cohostRoom').selectAll().where('conferenceId', '=', conferenceId).executeTakeFirst();
}

export async function updateCohostRoom(
  db: Db,
  roomId: string,
  change: { conferenceId?: string | null; mixId?: string | null; layout?: MixTemplate },
): Promise<void> {
  await db
    .insertInto('cohostRoom')
    .values({ ...firstRow(roomId), ...change })
    .onConflict((conflict) => conflict.column('roomId').doUpdateSet(change))
    .execute();
}
