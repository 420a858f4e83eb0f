import { LiveError } from '@lianmai/contract';
import {
  IssuedToken,
  IssueToken,
  LogIn,
  RegisterUser,
  UserParams,
  UserProfile,
  UserQuery,
  UserSession,
} from '@lianmai/contract/rest';
import type { AppUserRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { owningApp } from '../app/owning.ts';
import { findApp } from '../app/store.ts';
import { DEFAULT_ID } from '../first-start.ts';
import type { RateLimits } from '../rest/access.ts';
import { type Api, endpoint } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import type { UserDesk } from './desk.ts';
import { profileOf, userMissing } from './rules.ts';
import type { UserTokens } from './tokens.ts';

export interface UserDeps {
  db: Db;
  users: UserDesk;
  tokens: UserTokens;
  /** Anybody may register. */
  registration: boolean;
  limits: RateLimits;
}

/** `/v1/users`: coming in, and what anybody may know of a user. */
export function userRoutes(api: Api, deps: UserDeps): void {
  comeIn(api, deps);
  const { db, users, tokens } = deps;

  api.post(
    '/v1/users/token',
    endpoint(
      'app',
      {
        operationId: 'issueUserToken',
        tag: 'Users',
        summary: "A user's token and UserSig, for the server that knows the user",
        description:
          "Makes the user if it is new, or changes its nickname and avatar when they are given. With an app's key it is a user of that app, with the operator's key of `appId` or of the default app.",
        errors: ['BAD_REQUEST', 'NOT_FOUND'],
      },
      { body: IssueToken, response: { 200: IssuedToken } },
    ),
    async ({ body: { appId, ...given }, principal }) => {
      const app = await owningApp(db, appId, principal);
      const user = await users.vouch(app, given);
      const { token, expiresAtMs } = tokens.issue(user);
      const { sdkAppId } = app;
      const userSig = users.userSig(app, user.userId);
      return { token, userSig, sdkAppId, expiresAt: rfc3339(expiresAtMs), user: profileOf(user) };
    },
  );

  api.get(
    '/v1/users/:id',
    endpoint(
      'public',
      {
        operationId: 'getUser',
        tag: 'Users',
        summary: 'What anybody may know of a user',
        description:
          "Of the caller's app; without a key or token, and for the operator, of `appId` or the default app.",
        errors: ['BAD_REQUEST', 'USER_NOT_FOUND'],
      },
      { params: UserParams, querystring: UserQuery, response: { 200: UserProfile } },
    ),
    async ({ params: { id: userId }, query, principal }) => {
      const own = principal && principal.kind !== 'operator' ? principal.appId : (query.appId ?? DEFAULT_ID);
      const user = await users.find({ appId: own, userId });
      if (!user) throw userMissing(userId);
      return profileOf(user);
    },
  );
}

function comeIn(api: Api, { db, users, tokens, registration, limits }: UserDeps): void {
  const session = async (user: AppUserRow) => {
    const app = await findApp(db, user.appId);
    const { token, expiresAtMs } = tokens.issue(user);
    return {
      token,
      expiresAt: rfc3339(expiresAtMs),
      sdkAppId: app?.sdkAppId ?? 0,
      user: await users.ownProfile(user),
    };
  };

  const register = endpoint(
    'public',
    {
      operationId: 'registerUser',
      tag: 'Users',
      summary: 'Register with a nickname and a password',
      description:
        'In the default app. Not when the server runs with `--registration false`. Two nicknames that differ only in case are one. Limited to 20 a minute from one address.',
      errors: ['BAD_REQUEST', 'FORBIDDEN', 'CONFLICT'],
    },
    { body: RegisterUser, response: { 201: UserSession } },
  );
  api.post(
    '/v1/users/register',
    { ...register, config: { ...register.config, rateLimit: { max: limits.registrationsPerAddress } } },
    async ({ body }, reply) => {
      if (!registration)
        throw new LiveError('FORBIDDEN', 'nobody can register here: ask whoever runs this server to let you in');
      return reply.code(201).send(await session(await users.register(body)));
    },
  );

  const logIn = endpoint(
    'public',
    {
      operationId: 'logIn',
      tag: 'Users',
      summary: 'Log in, by password or by UserSig',
      description:
        'A UserSig is checked with the secret key of the app that it names; a user that is new is made. Limited to 60 a minute from one address and ten passwords in a quarter of an hour for one name.',
      errors: ['BAD_REQUEST', 'LOG_IN_FAILED'],
    },
    { body: LogIn, response: { 200: UserSession } },
  );
  api.post(
    '/v1/users/login',
    { ...logIn, config: { ...logIn.config, rateLimit: { max: limits.logInsPerAddress } } },
    async ({ body }) => session(await users.logIn(body)),
  );
}
