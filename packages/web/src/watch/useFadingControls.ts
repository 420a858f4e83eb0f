import { useCallback, useEffect, useRef, useState } from 'react';

/** Untouched for so long, the controls leave the picture alone. */
const SHOWN_MS = 3_000;

/** Whether the controls are shown: always while `keep`, else for a while after the last sign of the viewer. */
export function useFadingControls(keep: boolean): { shown: boolean; wake(): void; toggle(): void } {
  const [awake, setAwake] = useState(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const wake = useCallback(() => {
    setAwake(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAwake(false), SHOWN_MS);
  }, []);
  const toggle = useCallback(() => {
    if (!awake) return wake();
    clearTimeout(timer.current);
    setAwake(false);
  }, [awake, wake]);
  useEffect(() => {
    if (!keep) wake();
    return () => clearTimeout(timer.current);
  }, [keep, wake]);
  return { shown: keep || awake, wake, toggle };
}
