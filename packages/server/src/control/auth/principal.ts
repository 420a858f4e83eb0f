import { USER_TOKEN_PREFIX } from '../../auth/user-token.ts';
import type { Db } from '../../store/store.ts';
import { hashApiKey, sameSecret } from './secrets.ts';

/** A user that calls for itself. */
export interface UserPrincipal {
  kind: 'user';
  appId: string;
  accountId: string;
  userId: string;
  /** Of the token it came with. */
  tokenId: string;
  expiresAtMs: number;
}

/** Who makes a REST call. */
export type Principal =
  | { kind: 'operator' }
  | { kind: 'app'; appId: string; accountId: string; keyId: string }
  | UserPrincipal;

/** Tells whose a user's token is; null: nobody's. */
export interface TokenReader {
  identify(token: string): Promise<UserPrincipal | null>;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;
const APP_KEY = /^lm_app_[0-9a-z]{40}$/;

/** Tells callers by the key or token in their Authorization header (RFC 6750 §2.1). */
export class Authenticator {
  readonly #db: Db;
  readonly #operatorKey: string;
  readonly #users: TokenReader;

  constructor(db: Db, operatorKey: string, users: TokenReader) {
    this.#db = db;
    this.#operatorKey = operatorKey;
    this.#users = users;
  }

  /** null: no key, or one that is nobody's. */
  async identify(authorization: string | undefined): Promise<Principal | null> {
    const [, key] = BEARER.exec(authorization ?? '') ?? [];
    if (key === undefined) return null;
    if (key.startsWith(USER_TOKEN_PREFIX)) return this.#users.identify(key);
    if (sameSecret(key, this.#operatorKey)) return { kind: 'operator' };
    if (!APP_KEY.test(key)) return null;
    const row = await this.#db
      .selectFrom('apiKey')
      .innerJoin('app', 'app.id', 'apiKey.appId')
      .select(['apiKey.id as keyId', 'apiKey.appId', 'app.accountId'])
      .where('apiKey.hash', '=', hashApiKey(key))
      .executeTakeFirst();
    return row ? { kind: 'app', ...row } : null;
  }
}

/** Whether something of this app may be seen and changed. A user may not, whatever app it belongs to. */
export const mayUseApp = (principal: Principal, appId: string): boolean =>
  principal.kind === 'operator' || (principal.kind === 'app' && principal.appId === appId);
