import { LiveError } from '@lianmai/contract';
import { LogOut, OwnProfile, UpdatedUser, UpdateUser } from '@lianmai/contract/rest';
import type { AppUserRow } from '../../store/schema.ts';
import type { Principal, UserPrincipal } from '../auth/principal.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import type { UserDesk } from './desk.ts';
import { userMissing } from './rules.ts';
import type { UserTokens } from './tokens.ts';

/** `/v1/users/me`: what users do with themselves, by their token. */
export function meRoutes(api: Api, { users, tokens }: { users: UserDesk; tokens: UserTokens }): void {
  const self = async (principal: Principal | null): Promise<AppUserRow> => {
    const caller = userOf(principal);
    const user = await users.find(caller);
    if (!user) throw userMissing(caller.userId);
    return user;
  };

  api.get(
    '/v1/users/me',
    endpoint(
      'user',
      { operationId: 'getMe', tag: 'Users', summary: 'Oneself', errors: ['USER_NOT_FOUND'] },
      { response: { 200: OwnProfile } },
    ),
    async ({ principal }) => users.ownProfile(await self(principal)),
  );

  api.patch(
    '/v1/users/me',
    endpoint(
      'user',
      {
        operationId: 'updateMe',
        tag: 'Users',
        summary: 'Change nickname, avatar or password',
        description:
          'Whoever logs in by the nickname logs in by the new one from then on. A new password ends all log-ins, this one too: the answer has a new token.',
        errors: ['BAD_REQUEST', 'USER_NOT_FOUND', 'CONFLICT'],
      },
      { body: UpdateUser, response: { 200: UpdatedUser } },
    ),
    async ({ body, principal }) => {
      const user = await users.change(await self(principal), body);
      const profile = await users.ownProfile(user);
      return body.password ? { ...profile, token: tokens.issue(user).token } : profile;
    },
  );

  api.post(
    '/v1/users/logout',
    endpoint(
      'user',
      {
        operationId: 'logOut',
        tag: 'Users',
        summary: 'Log out here, or everywhere',
        description: 'The token is worth nothing any more. `everywhere` ends all tokens and all UserSigs of the user.',
        errors: ['BAD_REQUEST'],
      },
      { body: LogOut, response: { 204: NOTHING } },
    ),
    async ({ body, principal }, reply) => {
      const caller = userOf(principal);
      await users.logOut(caller, body.everywhere ? null : caller);
      return reply.code(204).send(null);
    },
  );
}

/** The route lets nobody else through. @throws LiveError FORBIDDEN */
export function userOf(principal: Principal | null): UserPrincipal {
  if (principal?.kind !== 'user') throw new LiveError('FORBIDDEN', "this takes a user's token");
  return principal;
}
