import { useEffect } from 'react';
import { keepAwake } from './keep-awake.ts';

/** Keeps the screen on for as long as the component is there: a phone that sleeps takes its camera off air. */
export function useWakeLock(): void {
  // Pages without TLS have none, nor have older browsers.
  useEffect(() => keepAwake(navigator.wakeLock as WakeLock | undefined, document), []);
}
