import { LiveError, type MemberPolicy, type PlayPolicy } from '@lianmai/contract';
import { type MemberClaim, type MemberRight, signMemberToken, verifyMemberToken } from '../../auth/member-token.ts';
import type { ConferenceMemberRow, ConferenceRow } from '../../store/schema.ts';
import { whyRefused } from '../account/rules.ts';
import { ended, type Gathering, isPresent, notThere } from './state.ts';
import type { MemberTarget } from './store.ts';

/**
 * Tokens end at full half days of the clock, one to two of them ahead: they last 12 to 24 hours, and addresses that carry
 * them stay the same from one answer to the next.
 */
const HALF_DAY_MS = 43_200_000;
export const tokenExpiry = (nowMs: number): number => (Math.floor(nowMs / HALF_DAY_MS) + 2) * HALF_DAY_MS;

/** A token for this member with these rights. */
export const tokenFor = (
  { id, key }: ConferenceRow,
  { no, userId }: ConferenceMemberRow,
  rights: readonly MemberRight[],
  nowMs: number,
): string => signMemberToken(key, id, { no, userId, rights, expiresAtMs: tokenExpiry(nowMs) });

/** Whose token this is, whether still a member or not. @throws LiveError BAD_SIGNATURE */
export function holderOf(
  { id, key }: ConferenceRow,
  token: string | null | undefined,
  right: MemberRight,
  nowMs: number,
): MemberClaim {
  const { verdict, member } = verifyMemberToken({ key, conferenceId: id, token, right, nowMs });
  if (verdict !== 'ok') throw new LiveError('BAD_SIGNATURE', TOKEN_PROBLEMS[verdict], 'token');
  return member;
}

const TOKEN_PROBLEMS = {
  missing: "a member's token is needed: join the conference",
  wrong: 'the token does not fit this conference: join it',
  expired: 'the token has expired: join again',
} as const;

/**
 * The member that acts with this token.
 * @param userId who it says it is, where it says so.
 * @throws LiveError BAD_SIGNATURE, CONFERENCE_ENDED, MEMBER_KICKED, NOT_A_MEMBER.
 */
export function actingMember(
  { conference, members }: Gathering,
  token: string,
  userId: string | undefined,
  nowMs: number,
): ConferenceMemberRow {
  const claim = holderOf(conference, token, 'act', nowMs);
  if (userId !== undefined && claim.userId !== userId)
    throw new LiveError('BAD_SIGNATURE', `the token is not that of "${userId}"`, 'token');
  if (conference.state === 'ended') throw ended(conference.id);
  return standing(members, claim);
}

/** @throws LiveError MEMBER_KICKED, NOT_A_MEMBER when the one of this number is not there any more. */
function standing(members: readonly ConferenceMemberRow[], { no, userId }: MemberClaim): ConferenceMemberRow {
  const member = members.find((one) => one.no === no);
  if (member && isPresent(member)) return member;
  if (members.some((one) => one.userId === userId && !isPresent(one)))
    throw new LiveError('MEMBER_KICKED', `"${userId}" was removed from this conference by its owner`);
  throw notThere(userId);
}

/**
 * Whom a token of an earlier join was for, member still or not. In a call open to all, what does not fit (any more) makes a
 * newcomer; otherwise it is refused.
 * @throws LiveError BAD_SIGNATURE
 */
export function claimOf(
  conference: ConferenceRow,
  token: string,
  userId: string | undefined,
  nowMs: number,
): (MemberClaim & { viewer: boolean }) | null {
  try {
    const claim = holderOf(conference, token, 'act', nowMs);
    if (userId !== undefined && claim.userId !== userId)
      throw new LiveError('BAD_SIGNATURE', `the token is not that of "${userId}"`, 'token');
    return { ...claim, viewer: !mayPublish(conference, token, nowMs) };
  } catch (error) {
    if (conference.open === 1 && error instanceof LiveError) return null;
    throw error;
  }
}

const mayPublish = ({ id, key }: ConferenceRow, token: string, nowMs: number): boolean =>
  verifyMemberToken({ key, conferenceId: id, token, right: 'publish', nowMs }).verdict === 'ok';

/** Who is there under this name. */
export const memberNamed = ({ members }: Gathering, userId: string): ConferenceMemberRow | undefined =>
  members.find((member) => member.userId === userId && isPresent(member));

/** @throws LiveError ACCOUNT_SUSPENDED, LIVE_NOT_ENABLED, ACCOUNT_IN_ARREARS. */
export function checkAccount(account: Parameters<typeof whyRefused>[0]): void {
  const refused = whyRefused(account);
  if (refused) throw refused;
}

/** Why a publisher is not let into a member's stream; null when it is. The token comes first: strangers learn no more. */
export function whyMemberRefused(
  { conference, members, account }: MemberTarget,
  stream: string,
  query: string,
  nowMs: number,
): LiveError | null {
  try {
    const claim = holderOf(conference, new URLSearchParams(query).get('token'), 'publish', nowMs);
    if (conference.state === 'ended') return ended(conference.id);
    if (standing(members, claim).stream !== stream)
      return new LiveError('BAD_SIGNATURE', `the token is not for the stream "${stream}": use the address of the join`);
  } catch (error) {
    if (error instanceof LiveError) return error;
    throw error;
  }
  return whyRefused(account);
}

/** Why a member's stream that is live must stop; null when it may go on. */
export function whyMemberMustStop(target: MemberTarget | undefined, stream: string): LiveError | null {
  const member = target?.members.find((one) => one.stream === stream && isPresent(one));
  return target && member ? whyRefused(target.account) : noMember();
}

/** Told to a publisher that is sent away. */
export const noMember = (): LiveError =>
  new LiveError('NOT_A_MEMBER', 'whose stream this is has left the conference or was removed, or it has ended');

/** Members may play each other, but for what the owner has muted. Who muted itself is taken at its word. */
export function memberPlayPolicy({ conference, members }: Gathering, stream: string): PlayPolicy {
  const member = members.find((one) => one.stream === stream);
  const silenced = { audio: member?.audioMutedBy === 'owner', video: member?.videoMutedBy === 'owner' };
  return {
    signedWith: null,
    members: memberPolicy(conference, members),
    ...(silenced.audio || silenced.video ? { silenced } : {}),
  };
}

const memberPolicy = ({ id, key, lastNo }: ConferenceRow, members: readonly ConferenceMemberRow[]): MemberPolicy => ({
  conferenceId: id,
  key,
  present: members.filter(isPresent).map(({ no }) => no),
  upTo: lastNo,
});
