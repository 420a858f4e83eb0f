import type { EndReason, IngestProtocol, PlayPolicy, StreamHolder } from '@lianmai/contract';

/** A stream that is live, or was a moment ago and may come back. */
export interface LiveEntry {
  readonly stream: string;
  readonly channelId: string;
  readonly accountId: string;
  readonly sessionId: string;
  readonly worker: string;
  readonly protocol: IngestProtocol;
  /** As the workers know it from the lease. */
  readonly play: PlayPolicy;
  /** When this publisher began. */
  readonly startedAtMs: number;
  /** When the show began: a publisher that takes over within the grace goes on with it. */
  readonly sinceMs: number;
  /** Not null: the publisher is gone since, viewers wait. */
  readonly interruptedAtMs: number | null;
}

/** What is learnt of a stream. */
export type LiveInput =
  /** A worker holds the stream's lease. */
  | { type: 'held'; stream: string; holder: StreamHolder }
  /** Nobody holds it any more. */
  | { type: 'released'; atMs: number }
  /** The worker says that the session is over, or control ends it. */
  | { type: 'ended'; sessionId: string; reason: EndReason; atMs: number }
  /** The grace of an interruption is over. */
  | { type: 'expired'; sessionId: string };

export type LiveChange =
  | { type: 'began' | 'resumed' | 'interrupted'; entry: LiveEntry }
  | { type: 'ended'; entry: LiveEntry; reason: EndReason; atMs: number };

/**
 * The life of one stream: idle (null) → live ⇄ interrupted → idle. Leases say what is live; the workers' word only says why
 * something ended, so that a late or repeated event changes nothing.
 */
export function advance(entry: LiveEntry | null, input: LiveInput): { entry: LiveEntry | null; changes: LiveChange[] } {
  switch (input.type) {
    case 'held':
      return hold(entry, input.stream, input.holder);
    case 'released': {
      if (!entry || entry.interruptedAtMs !== null) return { entry, changes: [] };
      const waiting = { ...entry, interruptedAtMs: input.atMs };
      return { entry: waiting, changes: [{ type: 'interrupted', entry: waiting }] };
    }
    case 'ended':
      if (entry?.sessionId !== input.sessionId) return { entry, changes: [] };
      return { entry: null, changes: [{ type: 'ended', entry, reason: input.reason, atMs: input.atMs }] };
    case 'expired':
      if (entry?.sessionId !== input.sessionId || entry.interruptedAtMs === null) return { entry, changes: [] };
      return { entry: null, changes: [vanished(entry, entry.interruptedAtMs)] };
  }
}

function hold(entry: LiveEntry | null, stream: string, holder: StreamHolder) {
  const next = entryOf(stream, holder, entry);
  if (entry?.sessionId === holder.sessionId) {
    const changes: LiveChange[] = entry.interruptedAtMs === null ? [] : [{ type: 'resumed', entry: next }];
    return { entry: next, changes };
  }
  const changes: LiveChange[] = [{ type: 'began', entry: next }];
  if (entry) changes.unshift(vanished(entry, entry.interruptedAtMs ?? holder.startedAtMs));
  return { entry: next, changes };
}

const vanished = (entry: LiveEntry, atMs: number): LiveChange => ({ type: 'ended', entry, reason: 'vanished', atMs });

function entryOf(stream: string, holder: StreamHolder, before: LiveEntry | null): LiveEntry {
  const { channelId, accountId, sessionId, worker, protocol, play, startedAtMs } = holder;
  const sinceMs = before?.channelId === channelId ? before.sinceMs : startedAtMs;
  return {
    stream,
    channelId,
    accountId,
    sessionId,
    worker,
    protocol,
    play,
    startedAtMs,
    sinceMs,
    interruptedAtMs: null,
  };
}
