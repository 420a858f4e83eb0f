import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whose token it is and which one. */
export interface UserClaim {
  appId: string;
  userId: string;
  /** Counts up when all tokens of the user end: one of a lower generation than the user has is worth nothing. */
  generation: number;
  /** Of this token: it can be logged out alone. */
  tokenId: string;
  issuedAtMs: number;
  expiresAtMs: number;
}

/**
 * `missing`: there is no token. `wrong`: not made with this key. `expired`: it was. `ok` says nothing on generation and
 * log-out: those are in the database, and the bus tells of them (`user.change`).
 */
export type UserVerdict = { verdict: 'ok'; user: UserClaim } | { verdict: 'missing' | 'wrong' | 'expired'; user: null };

/** How a user's token begins: tells it from API keys. */
export const USER_TOKEN_PREFIX = 'lmu.';

/** Version, generation, issue time and expiry in UNIX seconds (base 36), token id, app id, user id (base64url), HMAC-SHA-256. */
const TOKEN =
  /^lmu\.([0-9a-z]{1,8})\.([0-9a-z]{1,9})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,86})\.([A-Za-z0-9_-]{43})$/;
const LONGEST = 330;

/**
 * Makes a token that may stand in a URL as it is. Parts of a second are cut off, so it never lives longer than asked.
 * @param key the server's, see the bus request `control.user-key`; whoever has it can be anybody.
 */
export function signUserToken(key: string, claim: UserClaim): string {
  const { appId, userId, generation, tokenId, issuedAtMs, expiresAtMs } = claim;
  const body = [
    generation.toString(36),
    seconds(issuedAtMs),
    seconds(expiresAtMs),
    tokenId,
    appId,
    Buffer.from(userId).toString('base64url'),
  ].join('.');
  return `${USER_TOKEN_PREFIX}${body}.${seal(key, body).toString('base64url')}`;
}

/** Checks what {@link signUserToken} made. Compares in constant time; nothing of the token is believed before. */
export function verifyUserToken(key: string, token: string | null | undefined, nowMs: number): UserVerdict {
  if (!token) return { verdict: 'missing', user: null };
  const parts = token.length <= LONGEST ? TOKEN.exec(token) : null;
  if (!parts) return { verdict: 'wrong', user: null };
  const [, generation = '', issued = '', expiry = '', tokenId = '', appId = '', user = '', mac = ''] = parts;
  const given = Buffer.from(mac, 'base64url');
  const expected = seal(key, `${generation}.${issued}.${expiry}.${tokenId}.${appId}.${user}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { verdict: 'wrong', user: null };
  const expiresAtMs = Number.parseInt(expiry, 36) * 1000;
  if (expiresAtMs <= nowMs) return { verdict: 'expired', user: null };
  return {
    verdict: 'ok',
    user: {
      appId,
      userId: Buffer.from(user, 'base64url').toString(),
      generation: Number.parseInt(generation, 36),
      tokenId,
      issuedAtMs: Number.parseInt(issued, 36) * 1000,
      expiresAtMs,
    },
  };
}

const seconds = (ms: number): string => Math.floor(ms / 1000).toString(36);

/** Sealed together with what it is, so that nothing else signed with the key passes for a token. */
const seal = (key: string, body: string): Buffer => createHmac('sha256', key).update(`lianmai user\n${body}`).digest();
