import type { CallState, ConferenceJoin } from '@lianmai/contract/rest';
import { readError } from '../live/error-body.ts';

/** Why a call's server did not do what was asked. `away`: it did not answer, or can't at the moment. */
export type CallProblem =
  | { kind: 'offline' | 'away' }
  | { kind: 'refused' /** Of the server's error body. */; name: string; message: string };

export type CallAnswer<T> = { ok: true; value: T } | { ok: false; problem: CallProblem };

/** Who one is in a call, and what proves it. */
export interface Identity {
  userId: string;
  token: string;
}

export interface Muted {
  audio: boolean;
  video: boolean;
}

/** What people in a call ask of the server. */
export interface CallApi {
  join(conference: string, nickname: string, identity: Identity | null): Promise<CallAnswer<ConferenceJoin>>;
  /** Waits for a version other than `since`, or half a minute. */
  news(conference: string, token: string, since: number, signal: AbortSignal): Promise<CallAnswer<CallState>>;
  /** Also while the page is closing. */
  leave(conference: string, self: Identity): void;
  /** @param target another member; null: oneself. */
  mute(
    conference: string,
    self: Identity,
    target: string | null,
    muted: Partial<Muted>,
  ): Promise<CallAnswer<undefined>>;
  kick(conference: string, self: Identity, target: string): Promise<CallAnswer<undefined>>;
}

const TIMEOUT_MS = 10_000;
/** The server waits up to 25 s for news. */
const NEWS_TIMEOUT_MS = 40_000;

export const callApi: CallApi = {
  join: (conference, nickname, identity) => post(conference, 'join', { nickname, ...identity }),
  news: (conference, token, since, signal) =>
    ask(`${pathOf(conference)}?${new URLSearchParams({ token, since: String(since) })}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(NEWS_TIMEOUT_MS)]),
    }),
  leave: (conference, { userId, token }) => {
    void ask(`${pathOf(conference)}/leave`, { ...asJson({ userId, token }), keepalive: true });
  },
  mute: (conference, { userId, token }, target, muted) =>
    post(conference, 'mute', { userId, token, ...(target === null ? {} : { target }), ...muted }),
  kick: (conference, { userId, token }, target) => post(conference, 'kick', { userId, token, target }),
};

const pathOf = (conference: string) => `/v1/calls/${encodeURIComponent(conference)}`;

const asJson = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

function post<T>(conference: string, action: string, body: object): Promise<CallAnswer<T>> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return ask(`${pathOf(conference)}/${action}`, { ...asJson(body), signal });
}

async function ask<T>(path: string, request: RequestInit): Promise<CallAnswer<T>> {
  try {
    const response = await fetch(path, request);
    if (response.status === 204) return { ok: true, value: undefined as T };
    if (response.ok) return { ok: true, value: (await response.json()) as T };
    if (response.status >= 500 || response.status === 429) return { ok: false, problem: { kind: 'away' } };
    return { ok: false, problem: { kind: 'refused', ...(await readError(response)) } };
  } catch {
    return { ok: false, problem: { kind: navigator.onLine ? 'away' : 'offline' } };
  }
}
