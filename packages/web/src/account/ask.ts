import { readError } from '../live/error-body.ts';
import { currentSession, setSession } from './session.ts';

/** Why the server did not do what was asked. `away`: it did not answer, or can't at the moment. */
export type Problem =
  | { kind: 'offline' | 'away' }
  | { kind: 'refused' /** Of the server's error body. */; name: string; message: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem };

const TIMEOUT_MS = 10_000;

/** Asks the server in the name of whoever is logged in. A token that is worth nothing any more logs out. */
export async function ask<T>(
  method: string,
  path: string,
  body?: object | Blob,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const session = currentSession();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(session ? { authorization: `Bearer ${session.token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': body instanceof Blob ? body.type : 'application/json' }),
      },
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (response.status === 204) return { ok: true, value: undefined as T };
    if (response.ok) return { ok: true, value: (await response.json()) as T };
    const problem = await readError(response);
    if (response.status === 401 && session && currentSession() === session && problem.name === 'UNAUTHENTICATED')
      setSession(null);
    if (response.status >= 500) return { ok: false, problem: { kind: 'away' } };
    return { ok: false, problem: { kind: 'refused', ...problem } };
  } catch {
    return { ok: false, problem: { kind: navigator.onLine ? 'away' : 'offline' } };
  }
}
