/** Even who has nothing keeps a piece of the bar, so that the number can be read. */
const LEAST = 0.16;

/** How much of the score bar is the left side's, 0 to 1. */
export function leftShare(left: number, right: number): number {
  const share = left + right === 0 ? 0.5 : left / (left + right);
  return Math.min(1 - LEAST, Math.max(LEAST, share));
}

/** Until this state ends by itself. @param expiresAt ISO time; null: it does not. */
export function secondsLeft(expiresAt: string | null, nowMs: number): number {
  return expiresAt === null ? 0 : Math.max(0, Math.ceil((Date.parse(expiresAt) - nowMs) / 1000));
}
