import type { LiveChannel } from '@lianmai/contract/rest';
import { readError } from './error-body.ts';

/** Why an answer did not come. `offline`: the device has no network; `unreachable`: the server did not answer, or not sensibly. */
export type AskFailure =
  | { kind: 'offline' }
  | { kind: 'unreachable' }
  | { kind: 'refused'; status: number; message: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: AskFailure };

/** Longer than this a page has no use for the answer. */
const TIMEOUT_MS = 8_000;

/** Most streams one page lists. */
const LIST_LIMIT = 100;

/** The streams that are live now, newest first. */
export async function fetchLiveList(signal: AbortSignal): Promise<Answer<LiveChannel[]>> {
  const answer = await getJson<{ items: LiveChannel[] }>(`/v1/live?limit=${LIST_LIMIT}`, signal);
  return answer.ok ? { ok: true, value: answer.value.items } : answer;
}

/** One stream, live or not; null when there is none of this name, or it cannot even be a name. */
export async function fetchLiveStream(stream: string, signal: AbortSignal): Promise<Answer<LiveChannel | null>> {
  const answer = await getJson<LiveChannel>(`/v1/live/${encodeURIComponent(stream)}`, signal);
  if (answer.ok) return answer;
  const { failure } = answer;
  const none = failure.kind === 'refused' && (failure.status === 404 || failure.status === 400);
  return none ? { ok: true, value: null } : answer;
}

/** Asks for what anybody may know. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.ok) return { ok: true, value: (await response.json()) as T };
    if (response.status >= 500) return { ok: false, failure: { kind: 'unreachable' } };
    return {
      ok: false,
      failure: { kind: 'refused', status: response.status, message: (await readError(response)).message },
    };
  } catch {
    return { ok: false, failure: { kind: navigator.onLine ? 'unreachable' : 'offline' } };
  }
}
