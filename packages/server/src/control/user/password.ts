import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { LiveError } from '@lianmai/contract';
import { AtOnce } from '../at-once.ts';

/** Of scrypt: 2^logN blocks of 128·r bytes, p times. */
export interface PasswordCost {
  logN: number;
  r: number;
  p: number;
}

/** What OWASP's cheat sheet gives as enough: 32 MB and about a fifth of a second of one core. */
export const PASSWORD_COST: PasswordCost = { logN: 15, r: 8, p: 3 };

/** So many at once: the threads that do it read files and look up names too. */
const AT_ONCE = 2;
const MOST_WAITING = 50;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const KEPT = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** Hashes and checks passwords, at a cost that is bounded however many come. Kept as `scrypt$logN$r$p$salt$hash`. */
export class Passwords {
  readonly #cost: PasswordCost;
  readonly #atOnce = new AtOnce(AT_ONCE);

  constructor(cost: PasswordCost) {
    this.#cost = cost;
  }

  /** @throws LiveError UNAVAILABLE when too many wait. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, this.#cost);
    const { logN, r, p } = this.#cost;
    return ['scrypt', logN, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
  }

  /**
   * Whether it is the password that was kept so. With null (nobody of that name, or without a password) it takes as long and
   * answers false.
   * @throws LiveError UNAVAILABLE when too many wait.
   */
  async verify(password: string, kept: string | null): Promise<boolean> {
    const [, logN, r, p, salt = '', hash = ''] = KEPT.exec(kept ?? '') ?? [];
    const cost = kept === null ? this.#cost : { logN: Number(logN), r: Number(r), p: Number(p) };
    const expected = kept === null ? Buffer.alloc(HASH_BYTES) : Buffer.from(hash, 'base64url');
    const given = await this.#derive(password, Buffer.from(salt, 'base64url'), cost);
    return timingSafeEqual(given, expected) && kept !== null;
  }

  async #derive(password: string, salt: Buffer, { logN, r, p }: PasswordCost): Promise<Buffer> {
    if (this.#atOnce.waiting >= MOST_WAITING)
      throw new LiveError('UNAVAILABLE', 'too many log in at this moment: try again in a few seconds');
    const N = 2 ** logN;
    // The same letters may be typed composed or not.
    return this.#atOnce.run(() => derive(password.normalize('NFC'), salt, { N, r, p, maxmem: 256 * N * r }));
  }
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
