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

/** Rooms that have a conference or a mix. */
export async function activeRooms(db: Db): Promise<CohostRoomRow[]> {
  return db
    .selectFrom('cohostRoom')
    .selectAll()
    .where((or) => or.or([or('conferenceId', 'is not', null), or('mixId', 'is not', null)]))
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
