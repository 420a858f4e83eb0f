/** Of a document: whether anybody looks, and word of the change. */
export type LookedAt = Pick<Document, 'hidden'> & Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

/**
 * Keeps the screen on while the page is looked at. Browsers take the lock back when it is not: then another is taken.
 * @param lock undefined: the browser has none, the screen does as it always does.
 * @returns lets it sleep again; idempotent.
 */
export function keepAwake(lock: Pick<WakeLock, 'request'> | undefined, page: LookedAt): () => void {
  let isOver = false;
  let held: WakeLockSentinel | null = null;
  const take = async () => {
    if (!lock || page.hidden || isOver) return;
    try {
      const taken = await lock.request('screen');
      await held?.release();
      held = taken;
      if (isOver) await taken.release();
    } catch {
      // Little battery, or not allowed.
    }
  };
  const looked = () => void take();
  page.addEventListener('visibilitychange', looked);
  void take();
  return () => {
    isOver = true;
    page.removeEventListener('visibilitychange', looked);
    held?.release().catch(() => undefined);
  };
}
