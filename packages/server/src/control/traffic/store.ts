import type { UsageReport } from '@lianmai/contract';
import { sql } from 'kysely';
import type { TrafficDayRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { sentByAccount, sumByDay } from './rules.ts';

const BATCH = 500;
/** A worker repeats a report that was not acknowledged within seconds; a day is for long outages. */
const REPORTS_KEPT_MS = 86_400_000;

/** Adds a report to the totals, once however often it comes. Resolves when it is on the disk; answers whether it was new. */
export async function countUsage(db: Db, report: UsageReport, nowMs: number): Promise<boolean> {
  const { incarnation, seq } = report;
  return db.transaction().execute(async (tx) => {
    const isNew = await tx
      .insertInto('usageReport')
      .values({ incarnation, seq, countedAt: nowMs })
      .onConflict((conflict) => conflict.columns(['incarnation', 'seq']).doNothing())
      .returning('seq')
      .execute();
    if (isNew.length === 0) return false;
    await addToDays(tx, sumByDay(report));
    for (const [accountId, bytes] of sentByAccount(report.items))
      await tx
        .updateTable('account')
        .set((eb) => ({ trafficUsedBytes: eb('trafficUsedBytes', '+', bytes) }))
        .where('id', '=', accountId)
        .execute();
    return true;
  });
}

async function addToDays(tx: Db, rows: readonly TrafficDayRow[]): Promise<void> {
  for (let i = 0; i < rows.length; i += BATCH)
    await tx
      .insertInto('trafficDay')
      .values(rows.slice(i, i + BATCH))
      .onConflict((conflict) =>
        conflict
          .columns(['channelId', 'day', 'accountId', 'protocol', 'direction'])
          .doUpdateSet((eb) => ({ bytes: eb('trafficDay.bytes', '+', eb.ref('excluded.bytes')) })),
      )
      .execute();
}

/** Totals of an account or a channel by day, protocol and direction, both days included. */
export async function trafficOf(
  db: Db,
  of: { accountId: string } | { channelId: string },
  range: { from: string; to: string },
): Promise<Pick<TrafficDayRow, 'day' | 'protocol' | 'direction' | 'bytes'>[]> {
  const query = db
    .selectFrom('trafficDay')
    // A sum of bigints is numeric in PostgreSQL, which would come as text.
    .select(['day', 'protocol', 'direction', sql<number>`cast(sum(bytes) as bigint)`.as('bytes')])
    .where('day', '>=', range.from)
    .where('day', '<=', range.to)
    .groupBy(['day', 'protocol', 'direction'])
    .orderBy('day')
    .orderBy('direction')
    .orderBy('protocol');
  return 'accountId' in of
    ? query.where('accountId', '=', of.accountId).execute()
    : query.where('channelId', '=', of.channelId).execute();
}

export async function forgetOldReports(db: Db, nowMs: number): Promise<void> {
  await db
    .deleteFrom('usageReport')
    .where('countedAt', '<', nowMs - REPORTS_KEPT_MS)
    .execute();
}
