import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { Answer } from './api.ts';
import { Poll, type PollSnapshot } from './poll.ts';

const NOTHING: PollSnapshot<never> = { value: undefined, failure: null };

/**
 * Polls while the component is mounted and the page is visible.
 * @param ask and `everyMs` must not change between renders.
 */
export function usePoll<T>(
  ask: (signal: AbortSignal) => Promise<Answer<T>>,
  everyMs: (snapshot: PollSnapshot<T>) => number,
): { snapshot: PollSnapshot<T>; askNow(): void } {
  const [poll, setPoll] = useState<Poll<T> | null>(null);
  useEffect(() => {
    const started = new Poll<T>({ ask, everyMs, visible: () => !document.hidden, random: Math.random });
    setPoll(started);
    const changed = () => started.visibilityChanged();
    const online = () => started.askNow();
    document.addEventListener('visibilitychange', changed);
    window.addEventListener('online', online);
    return () => {
      document.removeEventListener('visibilitychange', changed);
      window.removeEventListener('online', online);
      started.close();
    };
  }, [ask, everyMs]);
  const subscribe = useCallback((listener: () => void) => poll?.subscribe(listener) ?? (() => undefined), [poll]);
  const snapshot = useSyncExternalStore<PollSnapshot<T>>(subscribe, () => poll?.snapshot ?? NOTHING);
  const askNow = useCallback(() => poll?.askNow(), [poll]);
  return { snapshot, askNow };
}
