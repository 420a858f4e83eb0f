import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { FigureSampleRow, SessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { LiveEntry } from './state.ts';

/** Rows in one statement: SQLite takes 32,766 parameters. */
const BATCH = 500;

/** Writes sessions as they are now known; a row that is there already is brought up to date. */
export async function upsertSessions(db: Db, rows: readonly SessionRow[]): Promise<void> {
  for (const values of batches(rows))
    await db
      .insertInto('publishSession')
      .values(values)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          lastSeenAt: eb.ref('excluded.lastSeenAt'),
          endedAt: eb.ref('excluded.endedAt'),
          endReason: eb.ref('excluded.endReason'),
          peakViewers: eb.ref('excluded.peakViewers'),
          videoCodec: eb.ref('excluded.videoCodec'),
          width: eb.ref('excluded.width'),
          height: eb.ref('excluded.height'),
          audioCodec: eb.ref('excluded.audioCodec'),
        })),
      )
      .execute();
}

/** Sessions that nobody has ended: on, or on when control last stopped. */
export async function openSessions(db: Db): Promise<SessionRow[]> {
  return db.selectFrom('publishSession').selectAll().where('endedAt', 'is', null).orderBy('startedAt').execute();
}

/** One more than asked for, newest first. */
export async function listSessions(db: Db, channelId: string, page: PageRequest): Promise<SessionRow[]> {
  return db
    .selectFrom('publishSession')
    .selectAll()
    .where('channelId', '=', channelId)
    .where(afterCursor(page.cursor, 'publishSession.startedAt', 'publishSession.id'))
    .orderBy('startedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** When the channel was last live; undefined: never, or longer ago than is kept. */
export async function lastEndOf(db: Db, channelId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('publishSession')
    .select((eb) => eb.fn.max('endedAt').as('endedAt'))
    .where('channelId', '=', channelId)
    .executeTakeFirst();
  return row?.endedAt ?? undefined;
}

export async function insertSamples(db: Db, rows: readonly FigureSampleRow[]): Promise<void> {
  for (const values of batches(rows))
    await db
      .insertInto('figureSample')
      .values(values)
      .onConflict((conflict) => conflict.columns(['channelId', 'at']).doNothing())
      .execute();
}

/** A channel's samples since then, oldest first. */
export async function samplesSince(db: Db, channelId: string, sinceMs: number): Promise<FigureSampleRow[]> {
  return db
    .selectFrom('figureSample')
    .selectAll()
    .where('channelId', '=', channelId)
    .where('at', '>=', sinceMs)
    .orderBy('at')
    .execute();
}

export async function prune(db: Db, samplesBeforeMs: number, sessionsBeforeMs: number): Promise<void> {
  await db.deleteFrom('figureSample').where('at', '<', samplesBeforeMs).execute();
  await db.deleteFrom('publishSession').where('endedAt', '<', sessionsBeforeMs).execute();
}

/** A channel is deleted, and what is known of its past. */
export async function forgetChannel(db: Db, channelId: string): Promise<void> {
  await db.deleteFrom('figureSample').where('channelId', '=', channelId).execute();
  await db.deleteFrom('publishSession').where('channelId', '=', channelId).execute();
}

/** A session that was on when control stopped, as the live board knows it. */
export function toEntry(row: SessionRow): LiveEntry {
  return {
    stream: row.stream,
    channelId: row.channelId,
    accountId: row.accountId,
    sessionId: row.id,
    worker: row.worker,
    protocol: row.protocol,
    play: { signedWith: null },
    startedAtMs: row.startedAt,
    sinceMs: row.startedAt,
    interruptedAtMs: null,
  };
}

function* batches<T>(rows: readonly T[]): Generator<T[]> {
  for (let i = 0; i < rows.length; i += BATCH) yield rows.slice(i, i + BATCH);
}
