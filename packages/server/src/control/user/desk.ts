import { LiveError } from '@lianmai/contract';
import type { LogIn, OwnProfile, RegisterUser, UpdateUser } from '@lianmai/contract/rest';
import { checkUserSig, readUserSig, signUserSig } from '../../auth/user-sig.ts';
import type { AppRow, AppUserRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { secretKeys } from '../app/rules.ts';
import { findAppBySdkAppId } from '../app/store.ts';
import { newId } from '../auth/secrets.ts';
import { DEFAULT_ID } from '../first-start.ts';
import { Allowance } from '../rest/allowance.ts';
import { rfc3339 } from '../rest/time.ts';
import { openRoomOf } from '../room/store.ts';
import type { Passwords } from './password.ts';
import {
  checkUserId,
  LOGGED_IN_FOR_MS,
  logInFailed,
  loginNameOf,
  pictureRef,
  profileOf,
  tidy,
  userMissing,
} from './rules.ts';
import * as users from './store.ts';
import type { UserTokens } from './tokens.ts';

export interface UserDeskOptions {
  db: Db;
  now: () => number;
  tokens: UserTokens;
  passwords: Passwords;
}

type UserKey = Pick<AppUserRow, 'appId' | 'userId'>;

/** Where users are made, let in and changed. */
export class UserDesk {
  readonly #options: UserDeskOptions;
  readonly #attempts = new Allowance({
    most: 10,
    windowMs: 15 * 60_000,
    refusal: 'too many passwords were tried for this name',
  });

  constructor(options: UserDeskOptions) {
    this.#options = options;
  }

  /** Makes a user of the default app that logs in by its nickname. @throws LiveError CONFLICT, UNAVAILABLE */
  async register({ nickname, password, userId, avatar }: RegisterUser): Promise<AppUserRow> {
    if (userId !== undefined) checkUserId(userId);
    const { db, now, passwords } = this.#options;
    const user = {
      ...newUser(DEFAULT_ID, userId ?? newId('u'), nickname, avatar ?? null, now()),
      loginName: loginNameOf(nickname),
      password: await passwords.hash(password),
    };
    await users.insertUser(db, user);
    return user;
  }

  /** @throws LiveError BAD_REQUEST, LOG_IN_FAILED, RATE_LIMITED, UNAVAILABLE */
  async logIn({ userId, nickname, password, userSig, sdkAppId }: LogIn): Promise<AppUserRow> {
    if (userSig !== undefined) {
      if (password !== undefined || nickname !== undefined)
        throw new LiveError('BAD_REQUEST', 'a userSig takes no password and no nickname beside it: give one of them');
      return this.#logInBySig(userSig, userId, sdkAppId);
    }
    if (password === undefined) throw new LiveError('BAD_REQUEST', 'give a password or a userSig', 'password');
    if (sdkAppId !== undefined)
      throw new LiveError('BAD_REQUEST', 'sdkAppId goes with a userSig: leave it out', 'sdkAppId');
    if ((userId === undefined) === (nickname === undefined))
      throw new LiveError('BAD_REQUEST', 'give either userId or nickname with the password', 'nickname');
    const { db } = this.#options;
    const user =
      userId === undefined
        ? await users.findByLoginName(db, DEFAULT_ID, loginNameOf(nickname ?? ''))
        : await users.findUser(db, { appId: DEFAULT_ID, userId });
    const right = await this.#isRight(user, password, user?.userId ?? `? ${userId ?? loginNameOf(nickname ?? '')}`);
    if (!right || !user) throw logInFailed();
    return user;
  }

  /** Makes or changes a user whom the caller vouches for. @throws LiveError BAD_REQUEST, USER_NOT_FOUND */
  async vouch(
    app: AppRow,
    { userId, nickname, avatar }: { userId: string; nickname?: string; avatar?: string | null },
  ): Promise<AppUserRow> {
    checkUserId(userId);
    const { db, now, tokens } = this.#options;
    const given = {
      ...(nickname === undefined ? {} : { nickname: tidy(nickname) }),
      ...(avatar === undefined ? {} : { avatar: pictureRef(avatar) }),
    };
    const row = { ...newUser(app.id, userId, nickname ?? userId, avatar ?? null, now()) };
    const user = await users.ensureUser(db, row);
    const changed = (Object.keys(given) as (keyof typeof given)[]).some((field) => user[field] !== given[field]);
    if (!changed) return user;
    const after = (await users.updateUser(db, user, given)) ?? user;
    tokens.announce({ ...keyOf(after), generation: after.generation, loggedOut: null });
    return after;
  }

  /** A UserSig as the app's own server would make it. */
  userSig({ sdkAppId, secretKey }: AppRow, userId: string): string {
    return signUserSig(secretKey, {
      sdkAppId,
      userId,
      issuedAt: Math.floor(this.#options.now() / 1000),
      expiresInSeconds: LOGGED_IN_FOR_MS / 1000,
      userBuf: null,
    });
  }

  find(key: UserKey): Promise<AppUserRow | undefined> {
    return users.findUser(this.#options.db, key);
  }

  /**
   * Changes what is given. A new password ends all log-ins of before.
   * @throws LiveError BAD_REQUEST, CONFLICT, FORBIDDEN, RATE_LIMITED, UNAVAILABLE
   */
  async change(user: AppUserRow, { nickname, avatar, password }: UpdateUser): Promise<AppUserRow> {
    const { db, now, tokens, passwords } = this.#options;
    if (password) {
      if (user.password === null)
        throw new LiveError('BAD_REQUEST', 'this user logs in without a password: there is none to change', 'password');
      if (!(await this.#isRight(user, password.current, user.userId)))
        throw new LiveError('FORBIDDEN', 'the current password is wrong', 'password/current');
    }
    const hash = password && (await passwords.hash(password.new));
    const after = await db.transaction().execute(async (tx) => {
      const changed = await users.updateUser(tx, user, {
        ...(nickname === undefined ? {} : { nickname: tidy(nickname) }),
        ...(nickname === undefined || user.loginName === null ? {} : { loginName: loginNameOf(nickname) }),
        ...(avatar === undefined ? {} : { avatar: pictureRef(avatar) }),
      });
      return hash === undefined ? changed : users.endLogIns(tx, user, now(), hash);
    });
    if (!after) throw userMissing(user.userId);
    tokens.announce({ ...keyOf(after), generation: after.generation, loggedOut: null });
    return after;
  }

  /** Ends one log-in, or all of the user. */
  async logOut(user: UserKey, only: { tokenId: string; expiresAtMs: number } | null): Promise<void> {
    const { db, now, tokens } = this.#options;
    if (only) {
      await users.logOutToken(db, { ...keyOf(user), tokenId: only.tokenId, expiresAt: only.expiresAtMs }, now());
      const there = await users.findUser(db, user);
      tokens.announce({ ...keyOf(user), generation: there?.generation ?? 0, loggedOut: only.tokenId });
      return;
    }
    const after = await users.endLogIns(db, user, now());
    if (after) tokens.announce({ ...keyOf(after), generation: after.generation, loggedOut: null });
  }

  async ownProfile(user: AppUserRow): Promise<OwnProfile> {
    return {
      ...profileOf(user),
      appId: user.appId,
      hasPassword: user.password !== null,
      room: (await openRoomOf(this.#options.db, user.appId, user.userId))?.id ?? null,
      createdAt: rfc3339(user.createdAt),
    };
  }

  async #logInBySig(userSig: string, userId?: string, sdkAppId?: number): Promise<AppUserRow> {
    const { db, now } = this.#options;
    const claim = readUserSig(userSig);
    if (!claim) throw sigRefused('this is no UserSig: make one by TLSSigAPIv2');
    if ((userId ?? claim.userId) !== claim.userId) throw sigRefused(`the UserSig is not for "${userId}"`);
    if ((sdkAppId ?? claim.sdkAppId) !== claim.sdkAppId) throw sigRefused(`the UserSig is not for app ${sdkAppId}`);
    const app = await findAppBySdkAppId(db, claim.sdkAppId);
    // Whether there is such an app is not for strangers to learn.
    const verdict = app ? checkUserSig(claim, secretKeys(app), now()) : 'wrong';
    if (!app || verdict === 'wrong')
      throw sigRefused(`the UserSig was not made with the secret key of app ${claim.sdkAppId}: check both`);
    if (verdict === 'expired') throw sigRefused('the UserSig has expired: get a fresh one');
    if (!USER_ID.test(claim.userId))
      throw sigRefused(`no user can have the id of this UserSig: use letters and digits`);
    checkUserId(claim.userId);
    const user = await users.ensureUser(db, newUser(app.id, claim.userId, claim.userId, null, now()));
    // Its time is in whole seconds.
    if ((claim.issuedAt + 1) * 1000 <= user.signedOutAt)
      throw sigRefused('the UserSig is from before the user logged out everywhere: get a fresh one');
    return user;
  }

  /** Answers after the same time whatever was wrong. @throws LiveError RATE_LIMITED, UNAVAILABLE */
  async #isRight(user: AppUserRow | undefined, password: string, countedAs: string): Promise<boolean> {
    const { now, passwords } = this.#options;
    this.#attempts.take(countedAs, now());
    const right = await passwords.verify(password, user?.password ?? null);
    if (right) this.#attempts.forget(countedAs);
    return right;
  }
}

/** As the contract has it; a server elsewhere may make UserSigs for others too. */
const USER_ID = /^[A-Za-z0-9_.@:-]{1,64}$/;

const sigRefused = (message: string): LiveError => new LiveError('LOG_IN_FAILED', message, 'userSig');

const keyOf = ({ appId, userId }: UserKey): UserKey => ({ appId, userId });

function newUser(
  appId: string,
  userId: string,
  nickname: string,
  avatar: string | null,
  createdAt: number,
): AppUserRow {
  return {
    appId,
    userId,
    nickname: tidy(nickname),
    avatar: pictureRef(avatar),
    loginName: null,
    password: null,
    generation: 0,
    signedOutAt: 0,
    createdAt,
  };
}
