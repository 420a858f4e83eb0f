import type { LiveChannel } from '@lianmai/contract/rest';
import { useCallback, useMemo, useRef } from 'react';
import { fetchLiveStream } from '../live/api.ts';
import type { PollSnapshot } from '../live/poll.ts';
import { usePoll } from '../live/usePoll.ts';
import type { StreamStatus } from '../player/player.ts';

export interface LiveView {
  /** What is known, also of a stream that is not live; the last that was known when nothing is now; undefined before that. */
  channel: LiveChannel | undefined;
  /** The same while it is live or interrupted. */
  live: LiveChannel | undefined;
  status: StreamStatus;
  askNow(): void;
}

/** A live stream's figures change slowly; whether it is there matters more. */
function everyMs({ value, failure }: PollSnapshot<LiveChannel | null>): number {
  if (failure) return 3_000;
  if (value?.state === 'live') return 10_000;
  return value?.state === 'interrupted' ? 2_000 : 4_000;
}

/** What the server says of one stream, asked gently as long as the page is looked at. */
export function useLiveView(stream: string): LiveView {
  const ask = useCallback((signal: AbortSignal) => fetchLiveStream(stream, signal), [stream]);
  const { snapshot, askNow } = usePoll(ask, everyMs);
  const status = useMemo(() => statusOf(snapshot), [snapshot]);
  const known = useRef<LiveChannel>(undefined);
  if (snapshot.value) known.current = snapshot.value;
  const { state } = snapshot.value ?? {};
  const live = snapshot.value && (state === 'live' || state === 'interrupted') ? snapshot.value : undefined;
  return { channel: known.current, live, status, askNow };
}

function statusOf({ value, failure }: PollSnapshot<LiveChannel | null>): StreamStatus {
  if (failure) return { is: 'unreachable' };
  if (value === undefined) return { is: 'unknown' };
  if (value === null || value.state === 'idle') return { is: 'off' };
  if (value.state === 'ended') return { is: 'ended' };
  return { is: value.state, codecs: { video: value.video?.codec ?? null, audio: value.audio?.codec ?? null } };
}
