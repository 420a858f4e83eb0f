import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Lower case without the look-alikes 1, i, l and o: may be read aloud, stands in URLs and file names. 32 letters, 5 bits each. */
const ALPHABET = '023456789abcdefghjkmnpqrstuvwxyz';

/** `ch_` and 16 random letters: 80 bits. */
export const newId = (prefix: string): string => `${prefix}_${letters(16)}`;

/** A stream name nobody guesses. */
export const newStreamName = (): string => letters(16);

/** A key of the REST API: 200 random bits behind a prefix that secret scanners can look for. */
export const newApiKey = (kind: 'op' | 'app'): string => `lm_${kind}_${letters(40)}`;

/** A key that signs push or play URLs: 32 hex digits, as the classic system's. */
export const newSigningKey = (): string => randomBytes(16).toString('hex');

/** A key that tokens of users are made with: 64 hex digits. */
export const newSecretKey = (): string => randomBytes(32).toString('hex');

/** How an API key is kept: it is random and long, so one unsalted SHA-256 is enough and can be looked up. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Compares without telling by the time taken how much was right, nor how long the right one is. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function letters(count: number): string {
  return Array.from(randomBytes(count), (byte) => ALPHABET[byte & 31]).join('');
}
