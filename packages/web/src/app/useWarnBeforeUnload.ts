import { useEffect } from 'react';

/** Asks whether to leave the page, while it is on air: a reload by mistake would be seen by everybody who watches. */
export function useWarnBeforeUnload(isOnAir: boolean): void {
  useEffect(() => {
    if (!isOnAir) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isOnAir]);
}
