import type { Identity } from '../conference/api.ts';

const keyOf = (conference: string) => `lianmai.call.${conference}`;

/**
 * Who one is in a call: by the invitation in the page's address (`?userId=…&token=…`), or by an earlier join in this tab
 * that was not left (the browser broke down).
 */
export function identityOf(conference: string, query: string): Identity | null {
  const invited = new URLSearchParams(query);
  const userId = invited.get('userId');
  const token = invited.get('token');
  if (userId !== null && token !== null) return { userId, token };
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(conference)) ?? 'null');
    return isIdentity(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** @param identity null: forgotten. */
export function rememberIdentity(conference: string, identity: Identity | null): void {
  try {
    if (identity) sessionStorage.setItem(keyOf(conference), JSON.stringify(identity));
    else sessionStorage.removeItem(keyOf(conference));
  } catch {
    // Without storage, an earlier join is not gone on with.
  }
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false;
  const { userId, token } = value as Partial<Identity>;
  return typeof userId === 'string' && typeof token === 'string';
}
