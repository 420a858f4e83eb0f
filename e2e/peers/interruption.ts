import { setTimeout as after } from 'node:timers/promises';

/** Within this a picture of 5 a second and more comes; a gap that is longer is one. */
const GAP_MS = 400;
const LOOK_MS = 50;

/** How long no new picture came. */
export interface Interruption {
  longestMs: number;
  /** All gaps together: on a busy machine there are some that nobody made. */
  totalMs: number;
}

/**
 * Watches a picture from now on until it has gone on for a while.
 * @param pictures decoded so far, of a counter that may begin anew; null: none is shown.
 * @param calmMs what it must have gone on for: more than is buffered.
 * @throws Error when it does not within `timeoutMs`.
 */
export async function interruption(
  what: string,
  pictures: () => Promise<number | null>,
  { calmMs = 3_000, timeoutMs = 45_000 } = {},
): Promise<Interruption> {
  const startedMs = performance.now();
  let shown = await pictures();
  let shownMs = startedMs;
  let calmSinceMs = startedMs;
  const gaps: number[] = [];
  while (performance.now() - startedMs < timeoutMs) {
    await after(LOOK_MS);
    const now = await pictures();
    const nowMs = performance.now();
    // A counter that begins anew is no picture yet.
    const isNew = now !== null && now > (shown ?? 0);
    shown = now;
    if (isNew) {
      if (nowMs - shownMs > GAP_MS) {
        gaps.push(Math.round(nowMs - shownMs));
        if (nowMs - shownMs > calmMs / 3) calmSinceMs = nowMs;
      }
      shownMs = nowMs;
    }
    if (nowMs - shownMs < GAP_MS && nowMs - calmSinceMs > calmMs)
      return { longestMs: Math.max(0, ...gaps), totalMs: gaps.reduce((sum, ms) => sum + ms, 0) };
  }
  throw new Error(`${what}: no lasting picture within ${timeoutMs} ms`);
}
