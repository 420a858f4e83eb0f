import { LiveError } from '@lianmai/contract';
import { mayUseApp, type Principal } from '../auth/principal.ts';
import type { Gathering } from './state.ts';
import { conferenceMissing } from './store.ts';

/**
 * For whom a call is: with a key, for the user it names; a user calls for itself.
 * @throws LiveError BAD_REQUEST, FORBIDDEN.
 */
export function actingUser(principal: Principal | null, named: string | undefined): string {
  const own = principal?.kind === 'user' ? principal.userId : undefined;
  const userId = named ?? own;
  if (userId === undefined)
    throw new LiveError('BAD_REQUEST', 'userId is required with an API key: for whom?', 'userId');
  if (own !== undefined && userId !== own)
    throw new LiveError('FORBIDDEN', `you are "${own}": only an API key acts for others`, 'userId');
  return userId;
}

/** What a caller wants of a conference: to know of it, to be in it, or to decide about it and those in it. */
export type Wish = 'see' | 'join' | 'rule';

/**
 * A key may do everything with its app's conferences. A user rules its own, and sees and joins them, those that are open to
 * all, and those it was let into.
 * @throws LiveError CONFERENCE_NOT_FOUND: others' are not to be known of; FORBIDDEN.
 */
export function checkCaller({ conference, members }: Gathering, principal: Principal | null, wish: Wish): void {
  const { id, appId, ownerId, open } = conference;
  if (principal?.kind !== 'user') {
    if (!principal || !mayUseApp(principal, appId)) throw conferenceMissing(id);
    return;
  }
  const { userId } = principal;
  const owns = ownerId === userId;
  const knows = owns || open === 1 || members.some((member) => member.userId === userId);
  if (principal.appId !== appId || !knows) throw conferenceMissing(id);
  if (wish === 'rule' && !owns) throw new LiveError('FORBIDDEN', "this is the owner's to decide");
}
