import type { OwnProfile, UserSession } from '@lianmai/contract/rest';
import { recall, remember } from '../app/remember.ts';

/** Whoever is logged in on this device. */
export interface Session {
  token: string;
  user: OwnProfile;
}

const KEY = 'session';
const listeners = new Set<() => void>();
let session = read();

/** null: nobody is logged in. */
export const currentSession = (): Session | null => session;

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param next null: logged out. */
export function setSession(next: Session | null): void {
  session = next;
  remember(KEY, next === null ? '' : JSON.stringify(next));
  for (const listener of listeners) listener();
}

export const sessionOf = ({ token, user }: UserSession): Session => ({ token, user });

// Logging in or out in one tab does so in all.
addEventListener('storage', ({ key }) => {
  if (key !== `lianmai.${KEY}`) return;
  session = read();
  for (const listener of listeners) listener();
});

function read(): Session | null {
  try {
    const kept: unknown = JSON.parse(recall(KEY) || 'null');
    return isSession(kept) ? kept : null;
  } catch {
    return null;
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== 'object' || value === null) return false;
  const { token, user } = value as Partial<Session>;
  return typeof token === 'string' && typeof user?.userId === 'string' && typeof user.nickname === 'string';
}
