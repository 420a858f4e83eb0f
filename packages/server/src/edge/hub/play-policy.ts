import { LiveError, type MemberPolicy, type PlayPolicy } from '@lianmai/contract';
import { verifyMemberToken } from '../../auth/member-token.ts';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import type { PlayOptions } from './ports.ts';

const REFUSALS = {
  missing: 'this play address must be signed: it needs txSecret and txTime',
  expired: 'this play address has expired: ask for a new one',
  wrong: 'the signature of this play address does not fit',
};

const MEMBER_REFUSALS = {
  missing: 'this stream is for members of its conference: the play address needs their token',
  expired: "the member's token of this play address has expired: ask for a new one",
  wrong: "the member's token of this play address does not fit",
};

/** @throws LiveError BAD_SIGNATURE, or NOT_A_MEMBER, when the policy does not let this play URL in. */
export function checkPlay({ signedWith, members }: PlayPolicy, { stream, query }: PlayOptions, nowMs: number): void {
  if (members) return checkMember(members, query, nowMs);
  if (signedWith === null) return;
  const verdict = verifyTxSignature({ keys: signedWith, stream, query, nowMs });
  if (verdict !== 'ok') throw new LiveError('BAD_SIGNATURE', REFUSALS[verdict]);
}

function checkMember({ conferenceId, key, present, upTo }: MemberPolicy, query: string, nowMs: number): void {
  const token = new URLSearchParams(query).get('token');
  const checked = verifyMemberToken({ key, conferenceId, token, right: 'play', nowMs });
  if (checked.verdict !== 'ok') throw new LiveError('BAD_SIGNATURE', MEMBER_REFUSALS[checked.verdict]);
  const { no } = checked.member;
  if (no <= upTo && !present.includes(no))
    throw new LiveError('NOT_A_MEMBER', 'whose token this is has left the conference: join again');
}
