import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';

/*
 * UserSig, as TLSSigAPIv2 makes it: JSON, zlib, base64 with `+ / =` written `* - _`. An HMAC-SHA-256 of four or five lines of
 * text stands in the JSON. Any server that issues them for Tencent's services can issue them for this one.
 */

/** What a UserSig says; nothing of it is true before {@link checkUserSig}. */
export interface UserSigClaim {
  sdkAppId: number;
  userId: string;
  /** UNIX seconds. */
  issuedAt: number;
  expiresInSeconds: number;
  /** Base64, of whoever made it; null: none. */
  userBuf: string | null;
  mac: Buffer;
}

export type UserSigVerdict = 'ok' | 'wrong' | 'expired';

const LONGEST = 4096;
/** Without limit, 4 kB of zlib inflate to 4 MB. */
const LONGEST_INFLATED = 4096;
const LETTERS = /^[A-Za-z0-9*_-]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** A line break would let one field pass for two. */
const ONE_LINE = /^[\x20-\x7e]{1,64}$/;

/** Makes a UserSig for a user of the app of this number, with the app's secret key. */
export function signUserSig(
  key: string,
  { sdkAppId, userId, issuedAt, expiresInSeconds, userBuf }: Omit<UserSigClaim, 'mac'>,
): string {
  const content = {
    'TLS.ver': '2.0',
    'TLS.identifier': userId,
    'TLS.sdkappid': sdkAppId,
    'TLS.time': issuedAt,
    'TLS.expire': expiresInSeconds,
    ...(userBuf === null ? {} : { 'TLS.userbuf': userBuf }),
    'TLS.sig': seal(key, { sdkAppId, userId, issuedAt, expiresInSeconds, userBuf }).toString('base64'),
  };
  return deflateSync(JSON.stringify(content))
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_');
}

/** Reads a UserSig, at a cost that is bounded whatever it is; null: it is none. */
export function readUserSig(text: string): UserSigClaim | null {
  if (text.length > LONGEST || !LETTERS.test(text)) return null;
  const base64 = text.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  let content: unknown;
  try {
    content = JSON.parse(inflateSync(Buffer.from(base64, 'base64'), { maxOutputLength: LONGEST_INFLATED }).toString());
  } catch {
    return null;
  }
  if (typeof content !== 'object' || content === null) return null;
  const field = (name: string): unknown => (content as Record<string, unknown>)[`TLS.${name}`];
  const [userId, sdkAppId, issuedAt, expires] = [
    field('identifier'),
    field('sdkappid'),
    field('time'),
    field('expire'),
  ];
  const [mac, userBuf = null] = [field('sig'), field('userbuf')];
  if (field('ver') !== '2.0' || typeof userId !== 'string' || !ONE_LINE.test(userId)) return null;
  if (!isCount(sdkAppId) || !isCount(issuedAt) || !isCount(expires)) return null;
  if (typeof mac !== 'string' || (userBuf !== null && (typeof userBuf !== 'string' || !BASE64.test(userBuf))))
    return null;
  return { sdkAppId, userId, issuedAt, expiresInSeconds: expires, userBuf, mac: Buffer.from(mac, 'base64') };
}

/**
 * Whether one of the app's keys made it, and it is still good. Compared in constant time; every key is tried, so that the time
 * taken does not tell which one fits.
 */
export function checkUserSig(claim: UserSigClaim, keys: readonly string[], nowMs: number): UserSigVerdict {
  const fitting = keys.filter((key) => {
    const expected = seal(key, claim);
    return expected.length === claim.mac.length && timingSafeEqual(expected, claim.mac);
  });
  if (fitting.length === 0) return 'wrong';
  return (claim.issuedAt + claim.expiresInSeconds) * 1000 > nowMs ? 'ok' : 'expired';
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function seal(
  key: string,
  { userId, sdkAppId, issuedAt, expiresInSeconds, userBuf }: Omit<UserSigClaim, 'mac'>,
): Buffer {
  const lines = `TLS.identifier:${userId}\nTLS.sdkappid:${sdkAppId}\nTLS.time:${issuedAt}\nTLS.expire:${expiresInSeconds}\n`;
  return createHmac('sha256', key)
    .update(userBuf === null ? lines : `${lines}TLS.userbuf:${userBuf}\n`)
    .digest();
}
