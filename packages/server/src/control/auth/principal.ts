import type { Db } from '../../store/store.ts';
import { hashApiKey, sameSecret } from './secrets.ts';

/** Who makes a REST call. */
export type Principal = { kind: 'operator' } | { kind: 'app'; appId: string; accountId: string; keyId: string };

const BEARER = /^Bearer +([\x21-\x7e]{1,256})$/i;
const APP_KEY = /^lm_app_[0-9a-z]{40}$/;

/** Tells callers by the key in their Authorization header (RFC 6750 §2.1). */
export class Authenticator {
  readonly #db: Db;
  readonly #operatorKey: string;

  constructor(db: Db, operatorKey: string) {
    this.#db = db;
    this.#operatorKey = operatorKey;
  }

  /** null: no key, or one that is nobody's. */
  async identify(authorization: string | undefined): Promise<Principal | null> {
    const [, key] = BEARER.exec(authorization ?? '') ?? [];
    if (key === undefined) return null;
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

/** Whether something of this app may be seen and changed. */
export const mayUseApp = (principal: Principal, appId: string): boolean =>
  principal.kind === 'operator' || principal.appId === appId;
