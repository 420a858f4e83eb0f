import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token may be used for: acting as the member (polling, muting, leaving), pushing its stream, playing the others'. */
export type MemberRight = 'act' | 'publish' | 'play';

/** A member of one conference: its number there, given once, and who it is. */
export interface MemberClaim {
  no: number;
  userId: string;
}

export interface MemberToken extends MemberClaim {
  rights: readonly MemberRight[];
  expiresAtMs: number;
}

/** `missing`: there is no token. `wrong`: not made with this key for this conference and this right. `expired`: it was. */
export type MemberVerdict =
  | { verdict: 'ok'; member: MemberClaim }
  | { verdict: 'missing' | 'wrong' | 'expired'; member: null };

const LETTERS: Readonly<Record<MemberRight, string>> = { act: 'a', publish: 'p', play: 'v' };
/** number, rights, UNIX expiry (both numbers in base 36), user id in base64url, HMAC-SHA-256 in base64url. */
const TOKEN = /^([0-9a-z]{1,8})\.([apv]{1,3})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{1,86})\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes a token that may stand in a URL as it is. Parts of a second are cut off, so it never lives longer than asked.
 * @param key of the conference; whoever has it can make members of that conference.
 */
export function signMemberToken(
  key: string,
  conferenceId: string,
  { no, userId, rights, expiresAtMs }: MemberToken,
): string {
  const body = [
    no.toString(36),
    rights.map((right) => LETTERS[right]).join(''),
    Math.floor(expiresAtMs / 1000).toString(36),
    Buffer.from(userId).toString('base64url'),
  ].join('.');
  return `${body}.${seal(key, conferenceId, body).toString('base64url')}`;
}

/** Checks what {@link signMemberToken} made. Compares in constant time; nothing of the token is believed before. */
export function verifyMemberToken({
  key,
  conferenceId,
  token,
  right,
  nowMs,
}: {
  key: string;
  conferenceId: string;
  token: string | null | undefined;
  right: MemberRight;
  nowMs: number;
}): MemberVerdict {
  if (!token) return { verdict: 'missing', member: null };
  const [, no = '', rights = '', expiry = '', user = '', mac = ''] = TOKEN.exec(token) ?? [];
  const given = Buffer.from(mac, 'base64url');
  const expected = seal(key, conferenceId, `${no}.${rights}.${expiry}.${user}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { verdict: 'wrong', member: null };
  if (!rights.includes(LETTERS[right])) return { verdict: 'wrong', member: null };
  if (Number.parseInt(expiry, 36) * 1000 <= nowMs) return { verdict: 'expired', member: null };
  return {
    verdict: 'ok',
    member: { no: Number.parseInt(no, 36), userId: Buffer.from(user, 'base64url').toString() },
  };
}

/** The conference is part of what is sealed: one key used twice would still not open another conference. */
function seal(key: string, conferenceId: string, body: string): Buffer {
  return createHmac('sha256', key).update(`lianmai member\n${conferenceId}\n${body}`).digest();
}
