import type { PkSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { lockRoom, roomMissing } from '../room/store.ts';
import { type Battle, battleMissing } from './state.ts';

export async function findBattle(db: Db, id: string): Promise<PkSessionRow | undefined> {
  return db.selectFrom('pkSession').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Battles that are not over, of this room or of all. */
export async function openBattles(db: Db, roomId: string | null = null): Promise<PkSessionRow[]> {
  const open = db.selectFrom('pkSession').selectAll().where('state', '<>', 'ended').orderBy('createdAt').orderBy('id');
  if (roomId === null) return open.execute();
  return open.where((or) => or.or([or('roomId', '=', roomId), or('targetRoomId', '=', roomId)])).execute();
}

/** The battle that is on in this conference. */
export async function battleOfConference(db: Db, conferenceId: string): Promise<PkSessionRow | undefined> {
  return db
    .selectFrom('pkSession')
    .selectAll()
    .where('conferenceId', '=', conferenceId)
    .where('state', '<>', 'ended')
    .executeTakeFirst();
}

/** Battles that are on in the room of this channel: one at most. */
export async function battlesOnChannel(db: Db, channelId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('pkSession')
    .innerJoin('room', (join) =>
      join.on((on) =>
        on.or([on('room.id', '=', on.ref('pkSession.roomId')), on('room.id', '=', on.ref('pkSession.targetRoomId'))]),
      ),
    )
    .select('pkSession.id')
    .where('room.channelId', '=', channelId)
    .where('pkSession.state', 'not in', ['asking', 'ended'])
    .execute();
  return rows.map(({ id }) => id);
}

/** Of what may not have been told of, control having ended meanwhile: all that are open, and what ended since. */
export async function recentBattles(db: Db, endedSinceMs: number): Promise<PkSessionRow[]> {
  return db
    .selectFrom('pkSession')
    .selectAll()
    .where((or) => or.or([or('state', '<>', 'ended'), or('endedAt', '>=', endedSinceMs)]))
    .orderBy('createdAt')
    .execute();
}

/** The rooms of a battle, locked in one order everywhere. */
export async function lockRooms(tx: Db, ids: readonly [string, string]): Promise<[RoomRow, RoomRow]> {
  const rooms = new Map<string, RoomRow>();
  for (const id of [...ids].sort()) {
    const room = await lockRoom(tx, id);
    if (!room) throw roomMissing(id);
    rooms.set(id, room);
  }
  return [rooms.get(ids[0])!, rooms.get(ids[1])!];
}

export async function lockBattle(tx: Db, id: string): Promise<Battle & { rooms: [RoomRow, RoomRow] }> {
  const found = await findBattle(tx, id);
  if (!found) throw battleMissing(id);
  const rooms = await lockRooms(tx, [found.roomId, found.targetRoomId]);
  const session = await lockSession(tx, id);
  if (!session) throw battleMissing(id);
  return { session, anchors: [rooms[0].anchorId, rooms[1].anchorId], rooms };
}

/** The session as it is now, for whom scores that are counted meanwhile wait. */
async function lockSession(tx: Db, id: string): Promise<PkSessionRow | undefined> {
  return tx
    .updateTable('pkSession')
    .set((eb) => ({ state: eb.ref('state') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** Counts points for the battle that is on in this room, if one is. @returns its id. */
export async function addPoints(db: Db, roomId: string, points: number): Promise<string | null> {
  const battle = await db
    .updateTable('pkSession')
    .set((eb) => ({
      score: eb
        .case()
        .when('roomId', '=', roomId)
        .then(eb('score', '+', points))
        .else(eb.ref('score'))
        .end(),
      targetScore: eb
        .case()
        .when('targetRoomId', '=', roomId)
        .then(eb('targetScore', '+', points))
        .else(eb.ref('targetScore'))
        .end(),
    }))
    .where('state', '=', 'battle')
    .where((or) => or.or([or('roomId', '=', roomId), or('targetRoomId', '=', roomId)]))
    .returning('id')
    .executeTakeFirst();
  return battle?.id ?? null;
}

export async function insertBattle(tx: Db, row: PkSessionRow): Promise<void> {
  await tx.insertInto('pkSession').values(row).execute();
}

export async function updateBattle(db: Db, id: string, change: Partial<Omit<PkSessionRow, 'id'>>): Promise<void> {
  await db.updateTable('pkSession').set(change).where('id', '=', id).execute();
}

export async function dueBattles(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db.selectFrom('pkSession').select('id').where('dueAt', '<=', nowMs).execute();
  return rows.map(({ id }) => id);
}

/** Over, but with something of theirs still there. */
export async function unfinishedBattles(db: Db): Promise<PkSessionRow[]> {
  return db
    .selectFrom('pkSession')
    .selectAll()
    .where('state', '=', 'ended')
    .where((or) => or.or([or('conferenceId', 'is not', null), or('mixId', 'is not', null)]))
    .execute();
}

export async function forgetEnded(db: Db, beforeMs: number): Promise<void> {
  await db
    .deleteFrom('pkSession')
    .where('endedAt', '<', beforeMs)
    .where('conferenceId', 'is', null)
    .where('mixId', 'is', null)
    .execute();
}
