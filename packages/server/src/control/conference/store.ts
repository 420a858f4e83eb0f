import { LiveError } from '@lianmai/contract';
import { afterCursor, type PageRequest } from '../../store/page.ts';
import type { AccountRow, ConferenceMemberRow, ConferenceRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { accountMissing } from '../account/rules.ts';
import type { Gathering } from './state.ts';

/** SQLite takes 32,766 parameters. */
const BATCH = 500;

export const conferenceMissing = (id: string): LiveError =>
  new LiveError('CONFERENCE_NOT_FOUND', `there is no conference "${id}": create it, or check the id`);

/**
 * Adds a conference; an ended one of that id makes room.
 * @throws LiveError CONFLICT while a conference of that id is open.
 */
export async function insertConference(db: Db, row: ConferenceRow): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('conference').where('id', '=', row.id).where('state', '=', 'ended').execute();
    const added = await tx
      .insertInto('conference')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    if (added.length === 0)
      throw new LiveError('CONFLICT', `conference "${row.id}" is open already: join it, or choose another id`, 'id');
  });
}

/** A conference and its members, as they are. */
export async function findGathering(db: Db, id: string): Promise<Gathering | undefined> {
  const conference = await db.selectFrom('conference').selectAll().where('id', '=', id).executeTakeFirst();
  return conference && { conference, members: await membersOf(db, [id]) };
}

/** The same within a transaction, which others that change the conference wait for. */
export async function lockGathering(tx: Db, id: string): Promise<Gathering | undefined> {
  // A change that changes nothing holds the row until the end; both databases know it, unlike SELECT FOR UPDATE.
  const conference = await tx
    .updateTable('conference')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  return conference && { conference, members: await membersOf(tx, [id]) };
}

/** Writes what a step changed. Rows that are the same objects as before are left alone. */
export async function saveGathering(tx: Db, before: Gathering, after: Gathering): Promise<void> {
  const { id, ...conference } = after.conference;
  await tx.updateTable('conference').set(conference).where('id', '=', id).execute();
  const kept = new Set(after.members.map(({ no }) => no));
  const gone = before.members.filter(({ no }) => !kept.has(no)).map(({ no }) => no);
  if (gone.length > 0)
    await tx.deleteFrom('conferenceMember').where('conferenceId', '=', id).where('no', 'in', gone).execute();
  const known = new Map(before.members.map((member) => [member.no, member]));
  for (const member of after.members) {
    const old = known.get(member.no);
    if (old === member) continue;
    if (!old) await tx.insertInto('conferenceMember').values(member).execute();
    else {
      const { conferenceId, no, ...change } = member;
      await tx
        .updateTable('conferenceMember')
        .set(change)
        .where('conferenceId', '=', conferenceId)
        .where('no', '=', no)
        .execute();
    }
  }
}

/** One more than asked for, newest first. */
export async function listConferences(
  db: Db,
  page: PageRequest & { appId?: string; state?: ConferenceRow['state'] },
): Promise<Gathering[]> {
  const { appId, state } = page;
  const rows = await db
    .selectFrom('conference')
    .selectAll()
    .where(afterCursor(page.cursor, 'conference.createdAt', 'conference.id'))
    .$if(appId !== undefined, (query) => query.where('appId', '=', appId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'open'))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return gather(db, rows);
}

/** All that are open. */
export async function openGatherings(db: Db): Promise<Gathering[]> {
  return gather(db, await db.selectFrom('conference').selectAll().where('state', '=', 'open').execute());
}

/** Conferences that anybody may join, now. */
export async function countOpenCalls(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('conference')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'open')
    .where('open', '=', 1)
    .executeTakeFirstOrThrow();
  return count;
}

/** Open ones that a user owns. */
export async function countOwned(db: Db, appId: string, ownerId: string): Promise<number> {
  const { count } = await db
    .selectFrom('conference')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'open')
    .where('appId', '=', appId)
    .where('ownerId', '=', ownerId)
    .executeTakeFirstOrThrow();
  return count;
}

/** Conferences that time alone changes now. */
export async function dueConferences(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db.selectFrom('conference').select('id').where('dueAt', '<=', nowMs).execute();
  return rows.map(({ id }) => id);
}

export async function forgetEnded(db: Db, endedBeforeMs: number): Promise<void> {
  await db.deleteFrom('conference').where('endedAt', '<', endedBeforeMs).execute();
}

/** @throws LiveError ACCOUNT_NOT_FOUND */
export async function accountOf(db: Db, id: string): Promise<AccountRow> {
  const account = await db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst();
  if (!account) throw accountMissing(id);
  return account;
}

/** A conference with its members and the account that answers for it. */
export interface MemberTarget extends Gathering {
  account: Pick<AccountRow, 'id' | 'status' | 'trafficPackageBytes' | 'trafficUsedBytes'>;
}

/** By conference. */
export async function loadMemberTargets(db: Db, ids: readonly string[]): Promise<Map<string, MemberTarget>> {
  const targets = new Map<string, MemberTarget>();
  for (let i = 0; i < ids.length; i += BATCH) {
    const rows = await db
      .selectFrom('conference')
      .selectAll()
      .where('id', 'in', ids.slice(i, i + BATCH))
      .execute();
    const accountIds = [...new Set(rows.map(({ accountId }) => accountId))];
    const accounts = accountIds.length
      ? await db.selectFrom('account').selectAll().where('id', 'in', accountIds).execute()
      : [];
    const byId = new Map(accounts.map((account) => [account.id, account]));
    for (const gathering of await gather(db, rows)) {
      const account = byId.get(gathering.conference.accountId);
      if (account) targets.set(gathering.conference.id, { ...gathering, account });
    }
  }
  return targets;
}

async function gather(db: Db, conferences: readonly ConferenceRow[]): Promise<Gathering[]> {
  const gatherings: Gathering[] = [];
  for (let i = 0; i < conferences.length; i += BATCH) {
    const batch = conferences.slice(i, i + BATCH);
    const members = await membersOf(
      db,
      batch.map(({ id }) => id),
    );
    const byConference = Map.groupBy(members, ({ conferenceId }) => conferenceId);
    for (const conference of batch) gatherings.push({ conference, members: byConference.get(conference.id) ?? [] });
  }
  return gatherings;
}

/** In the order they came. */
async function membersOf(db: Db, conferenceIds: readonly string[]): Promise<ConferenceMemberRow[]> {
  return db
    .selectFrom('conferenceMember')
    .selectAll()
    .where('conferenceId', 'in', conferenceIds)
    .orderBy('no')
    .execute();
}
