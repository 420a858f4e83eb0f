import { LiveError } from '@lianmai/contract';
import type { UserProfile } from '@lianmai/contract/rest';
import type { AppUserRow } from '../../store/schema.ts';

/** A log-in, a token and a UserSig of ours last so long. */
export const LOGGED_IN_FOR_MS = 30 * 86_400_000;

/** Ids that would stand in the way of `/v1/users/…`. */
const TAKEN_IDS: readonly string[] = ['me', 'register', 'login', 'logout', 'token'];

/** @throws LiveError BAD_REQUEST */
export function checkUserId(userId: string): void {
  if (TAKEN_IDS.includes(userId))
    throw new LiveError('BAD_REQUEST', `no user can have the id "${userId}": choose another`, 'userId');
}

/** A nickname as it is kept: composed letters, single blanks, none around. */
export const tidy = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();

/** A nickname as it is compared when somebody logs in by it: two that look alike in case or width are one. */
export const loginNameOf = (nickname: string): string => tidy(nickname).normalize('NFKC').toLowerCase();

const HERE = '/v1/pictures/';

/** A picture as it is kept: what is given as its address here becomes its id. */
export const pictureRef = (given: string | null): string | null =>
  given?.startsWith(HERE) ? given.slice(HERE.length) : given;

/** Where the picture is: an address elsewhere, or a path of this server. */
export const pictureUrl = (kept: string | null): string | null =>
  kept === null || /^https?:/.test(kept) ? kept : `${HERE}${kept}`;

export const profileOf = ({
  userId,
  nickname,
  avatar,
}: Pick<AppUserRow, 'userId' | 'nickname' | 'avatar'>): UserProfile => ({
  userId,
  nickname,
  avatar: pictureUrl(avatar),
});

export const userMissing = (userId: string): LiveError =>
  new LiveError('USER_NOT_FOUND', `there is no user "${userId}": check the id, or let it log in once`);

/** The same whether the name or the password is wrong. */
export const logInFailed = (): LiveError =>
  new LiveError('LOG_IN_FAILED', 'the name or the password is wrong: check both and try again');
