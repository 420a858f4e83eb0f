import { randomBytes } from 'node:crypto';
import type { UserChange } from '@lianmai/contract';
import { signUserToken, type UserClaim, verifyUserToken } from '../../auth/user-token.ts';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { AppUserRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { UserPrincipal } from '../auth/principal.ts';
import { LOGGED_IN_FOR_MS } from './rules.ts';
import { type TokenStanding, tokenStanding } from './store.ts';

/** What is known of a user's log-ins is read again after so long; changes are heard of at once, over the bus. */
const KNOWN_FOR_MS = 30_000;
const USERS_REMEMBERED = 50_000;
const TOKEN_ID_BYTES = 6;

export interface UserTokensOptions {
  db: Db;
  bus: Bus;
  /** {@link ensureTokenKey} */
  key: string;
  now: () => number;
}

type TokenName = Pick<UserClaim, 'appId' | 'userId' | 'generation' | 'tokenId'>;

/** Makes users' tokens and tells whose one is; the database is asked once in a while for each user, not at each call. */
export class UserTokens {
  readonly #options: UserTokensOptions;
  readonly #known = new Map<string, { standing: TokenStanding; untilMs: number }>();
  readonly #unsubscribe: Unsubscribe[];
  #changes = 0;

  constructor(options: UserTokensOptions) {
    this.#options = options;
    const { bus, key } = options;
    this.#unsubscribe = [
      bus.subscribe('user.change', (change) => this.#forget(change)),
      bus.serve('control.user-key', async () => ({ key })),
    ];
  }

  issue({ appId, userId, generation }: Pick<AppUserRow, 'appId' | 'userId' | 'generation'>): {
    token: string;
    expiresAtMs: number;
  } {
    const { key, now } = this.#options;
    const issuedAtMs = now();
    const expiresAtMs = Math.floor((issuedAtMs + LOGGED_IN_FOR_MS) / 1000) * 1000;
    const tokenId = randomBytes(TOKEN_ID_BYTES).toString('base64url');
    return { token: signUserToken(key, { appId, userId, generation, tokenId, issuedAtMs, expiresAtMs }), expiresAtMs };
  }

  /** null: forged, expired, logged out, or of a user that is gone. */
  async identify(token: string): Promise<UserPrincipal | null> {
    const { key, now } = this.#options;
    const { user } = verifyUserToken(key, token, now());
    if (!user) return null;
    const { appId, userId, tokenId, expiresAtMs } = user;
    const standing = await this.standing(user);
    return standing && { kind: 'user', appId, userId, accountId: standing.accountId, tokenId, expiresAtMs };
  }

  /** Of a token whose signature was checked elsewhere: whether it still counts. null: logged out, or the user is gone. */
  async standing({ appId, userId, generation, tokenId }: TokenName): Promise<{ accountId: string } | null> {
    const standing = await this.#standing(appId, userId);
    return !standing || generation < standing.generation || standing.loggedOut.has(tokenId) ? null : standing;
  }

  /** Tells every process that tokens or the profile of a user changed. */
  announce(change: UserChange): void {
    this.#forget(change);
    this.#options.bus.publish('user.change', change);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#known.clear();
  }

  async #standing(appId: string, userId: string): Promise<TokenStanding | undefined> {
    const name = nameOf(appId, userId);
    const nowMs = this.#options.now();
    const known = this.#known.get(name);
    if (known && known.untilMs > nowMs) return known.standing;
    const changes = this.#changes;
    const standing = await tokenStanding(this.#options.db, { appId, userId });
    this.#known.delete(name);
    // What was read while something changed may be of before.
    if (standing && changes === this.#changes) this.#known.set(name, { standing, untilMs: nowMs + KNOWN_FOR_MS });
    const [oldest] = this.#known.keys();
    if (this.#known.size > USERS_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return standing;
  }

  #forget({ appId, userId }: Pick<UserChange, 'appId' | 'userId'>): void {
    this.#changes++;
    this.#known.delete(nameOf(appId, userId));
  }
}

/** App ids have no blank. */
const nameOf = (appId: string, userId: string): string => `${appId} ${userId}`;
