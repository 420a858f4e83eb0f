import { LiveError, type UsageReport } from '@lianmai/contract';
import type { TrafficDayRow } from '../../store/schema.ts';

const DAY_MS = 86_400_000;
/** Longest range of one question. */
const MOST_DAYS = 92;

/** The UTC day of a time, `2026-03-31`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/**
 * A usage report as rows to add, one a key, in the order of the keys: two reports written at once then lock them in the same
 * order. Counted on the day on which the report ended.
 */
export function sumByDay({ items, toMs }: UsageReport): TrafficDayRow[] {
  const day = dayOf(toMs);
  const sums = new Map<string, TrafficDayRow>();
  for (const { accountId, channelId, protocol, direction, bytes } of items) {
    const key = `${channelId} ${accountId} ${protocol} ${direction}`;
    const sum = sums.get(key) ?? { day, accountId, channelId, protocol, direction, bytes: 0 };
    sums.set(key, { ...sum, bytes: sum.bytes + bytes });
  }
  return [...sums.keys()].sort().flatMap((key) => sums.get(key) ?? []);
}

/** What viewers were sent, by account, in the order of the accounts. This is what packages are for. */
export function sentByAccount(items: UsageReport['items']): [accountId: string, bytes: number][] {
  const sums = new Map<string, number>();
  for (const { accountId, direction, bytes } of items)
    if (direction === 'out' && bytes > 0) sums.set(accountId, (sums.get(accountId) ?? 0) + bytes);
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The range of days asked for: by default the last 30, today included.
 * @throws LiveError BAD_REQUEST naming the field.
 */
export function rangeOf(query: { from?: string; to?: string }, nowMs: number): { from: string; to: string } {
  const to = query.to ?? dayOf(nowMs);
  const from = query.from ?? dayOf(startOf(to, 'to') - 29 * DAY_MS);
  const days = (startOf(to, 'to') - startOf(from, 'from')) / DAY_MS + 1;
  if (days < 1) throw new LiveError('BAD_REQUEST', `from (${from}) must not be after to (${to})`, 'from');
  if (days > MOST_DAYS)
    throw new LiveError('BAD_REQUEST', `at most ${MOST_DAYS} days at once, not ${days}: ask in parts`, 'from');
  return { from, to };
}

function startOf(day: string, field: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(ms) || dayOf(ms) !== day)
    throw new LiveError('BAD_REQUEST', `${field} (${day}) is not a day of the calendar`, field);
  return ms;
}
