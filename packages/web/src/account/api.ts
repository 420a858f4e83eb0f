import type { OwnProfile, UserSession } from '@lianmai/contract/rest';
import { type Answer, ask } from './ask.ts';
import { currentSession, sessionOf, setSession } from './session.ts';

/** @returns how it went; when well, one is logged in. */
export const register = (nickname: string, password: string): Promise<Answer<UserSession>> =>
  enter('/v1/users/register', { nickname, password });

export const logIn = (nickname: string, password: string): Promise<Answer<UserSession>> =>
  enter('/v1/users/login', { nickname, password });

/** Forgets the session here at once; the server is told so that the token is worth nothing any more. */
export function logOut(): void {
  void ask('POST', '/v1/users/logout', {});
  setSession(null);
}

export async function changeProfile(change: {
  nickname?: string;
  avatar?: string | null;
}): Promise<Answer<OwnProfile>> {
  const answer = await ask<OwnProfile>('PATCH', '/v1/users/me', change);
  const session = currentSession();
  if (answer.ok && session) setSession({ ...session, user: answer.value });
  return answer;
}

/** @returns the picture's id. */
export async function uploadPicture(file: Blob): Promise<Answer<{ id: string; url: string }>> {
  return ask('POST', '/v1/pictures', file);
}

async function enter(path: string, body: object): Promise<Answer<UserSession>> {
  const answer = await ask<UserSession>('POST', path, body);
  if (answer.ok) setSession(sessionOf(answer.value));
  return answer;
}
