import type { Gift, RoomMessage } from '@lianmai/contract/im';
import { sql } from 'kysely';
import type { Db } from '../../store/store.ts';
import { HISTORY } from './chat-room.ts';
import type { Sanction } from './floor.ts';
import type { ChatRules } from './ports.ts';

/** SQLite takes 32,766 parameters. */
const BATCH = 1000;
/** Until in the database: as good as for good. */
const FOR_GOOD = Number.MAX_SAFE_INTEGER;

/** What is kept of a room's chat. */
export interface KeptChat {
  history: RoomMessage[];
  moderators: string[];
  sanctions: Sanction[];
  gifts: [giftId: string, count: number][];
  /** Different users that were there. */
  visitors: number;
}

export async function loadChat(db: Db, roomId: string): Promise<KeptChat> {
  const messages = await db
    .selectFrom('chatMessage')
    .select('message')
    .where('roomId', '=', roomId)
    .orderBy('seq', 'desc')
    .limit(HISTORY)
    .execute();
  const moderators = await db.selectFrom('chatModerator').select('userId').where('roomId', '=', roomId).execute();
  const sanctions = await db.selectFrom('chatSanction').selectAll().where('roomId', '=', roomId).execute();
  const gifts = await db.selectFrom('chatGift').selectAll().where('roomId', '=', roomId).execute();
  const { visitors } = await db
    .selectFrom('chatVisitor')
    .select((eb) => eb.fn.countAll<number>().as('visitors'))
    .where('roomId', '=', roomId)
    .executeTakeFirstOrThrow();
  return {
    history: messages.map(({ message }) => JSON.parse(message) as RoomMessage).reverse(),
    moderators: moderators.map(({ userId }) => userId),
    sanctions: sanctions.map(({ userId, kind, untilAt }) => ({
      userId,
      kind,
      untilMs: untilAt === FOR_GOOD ? Number.POSITIVE_INFINITY : untilAt,
    })),
    gifts: gifts.map(({ giftId, count }) => [giftId, count]),
    visitors: Number(visitors),
  };
}

/** The largest number of a message that is kept; 0: none is. */
export async function lastSeq(db: Db): Promise<number> {
  const { seq } = await db
    .selectFrom('chatMessage')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirstOrThrow();
  return Number(seq ?? 0);
}

/** What is to be written of one room. */
export interface ChatRows {
  roomId: string;
  messages: readonly RoomMessage[];
  /** null: unchanged. */
  gifts: ReadonlyMap<string, number> | null;
  visitors: readonly string[];
}

/** Writes what came up in rooms; those that are gone meanwhile are passed over. @returns new visitors by room. */
export async function saveChat(tx: Db, rooms: readonly ChatRows[]): Promise<Map<string, number>> {
  const newVisitors = new Map<string, number>();
  for (const { roomId, messages, gifts, visitors } of rooms) {
    if (!(await tx.selectFrom('room').select('id').where('id', '=', roomId).executeTakeFirst())) continue;
    await saveMessages(tx, roomId, messages);
    for (const [giftId, count] of gifts ?? [])
      await tx
        .insertInto('chatGift')
        .values({ roomId, giftId, count })
        .onConflict((conflict) => conflict.columns(['roomId', 'giftId']).doUpdateSet({ count }))
        .execute();
    newVisitors.set(roomId, await saveVisitors(tx, roomId, visitors));
  }
  return newVisitors;
}

async function saveMessages(tx: Db, roomId: string, messages: readonly RoomMessage[]): Promise<void> {
  const last = messages.slice(-HISTORY);
  if (last.length === 0) return;
  await tx
    .insertInto('chatMessage')
    .values(last.map((message) => ({ roomId, seq: message.seq, message: JSON.stringify(message) })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await tx
    .deleteFrom('chatMessage')
    .where('roomId', '=', roomId)
    .where('seq', '<', (eb) =>
      eb
        .selectFrom('chatMessage')
        .select('seq')
        .where('roomId', '=', roomId)
        .orderBy('seq', 'desc')
        .limit(1)
        .offset(HISTORY - 1),
    )
    .execute();
}

async function saveVisitors(tx: Db, roomId: string, userIds: readonly string[]): Promise<number> {
  let added = 0;
  for (let i = 0; i < userIds.length; i += BATCH) {
    const rows = userIds.slice(i, i + BATCH).map((userId) => ({ roomId, userId }));
    const inserted = await tx
      .insertInto('chatVisitor')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .returning('userId')
      .execute();
    added += inserted.length;
  }
  return added;
}

/** @param untilMs 0 lifts it. */
export async function saveSanction(db: Db, roomId: string, { userId, kind, untilMs }: Sanction): Promise<void> {
  if (untilMs <= 0) {
    await db
      .deleteFrom('chatSanction')
      .where('roomId', '=', roomId)
      .where('userId', '=', userId)
      .where('kind', '=', kind)
      .execute();
    return;
  }
  const untilAt = Math.min(untilMs, FOR_GOOD);
  await db
    .insertInto('chatSanction')
    .values({ roomId, userId, kind, untilAt })
    .onConflict((conflict) => conflict.columns(['roomId', 'userId', 'kind']).doUpdateSet({ untilAt }))
    .execute();
}

export async function saveModerator(db: Db, roomId: string, userId: string, isOne: boolean): Promise<void> {
  if (isOne)
    await db
      .insertInto('chatModerator')
      .values({ roomId, userId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  else await db.deleteFrom('chatModerator').where('roomId', '=', roomId).where('userId', '=', userId).execute();
}

/** What is set for an app; null: nothing, so the defaults hold. */
export async function loadRules(db: Db, appId: string): Promise<ChatRules | null> {
  const row = await db.selectFrom('chatRules').selectAll().where('appId', '=', appId).executeTakeFirst();
  return row ? { words: JSON.parse(row.words) as string[], gifts: JSON.parse(row.gifts) as Gift[] } : null;
}

export async function saveRules(db: Db, appId: string, rules: ChatRules): Promise<void> {
  const row = { words: JSON.stringify(rules.words), gifts: JSON.stringify(rules.gifts) };
  await db
    .insertInto('chatRules')
    .values({ appId, ...row })
    .onConflict((conflict) => conflict.column('appId').doUpdateSet(row))
    .execute();
}

export async function forgetOldSanctions(db: Db, nowMs: number): Promise<void> {
  await db.deleteFrom('chatSanction').where('untilAt', '<=', nowMs).execute();
}

/** Chat of rooms that closed before: what was said there is nobody's to read any more. */
export async function forgetClosedChat(db: Db, closedBeforeMs: number): Promise<void> {
  const closed = sql<string>`(select id from room where closed_at < ${closedBeforeMs})`;
  for (const table of ['chatMessage', 'chatVisitor', 'chatSanction', 'chatModerator'] as const)
    await db.deleteFrom(table).where('roomId', 'in', closed).execute();
}
