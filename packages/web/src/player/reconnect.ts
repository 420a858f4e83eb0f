/**
 * When to try again. Doubles from half a second to ten, and draws each wait at random from its upper half, so that
 * the viewers a restart has sent away don't come back in one moment.
 */
export interface ReconnectPolicy {
  firstMs: number;
  capMs: number;
}

export const RECONNECT: ReconnectPolicy = { firstMs: 500, capMs: 10_000 };

/** A picture that stays so long wipes out the failures before it. */
export const STABLE_MS = 10_000;

/**
 * @param attempt 1 for the first try after a loss.
 * @param random from 0 to 1, as Math.random gives it.
 * @returns ms to wait before the attempt.
 */
export function reconnectDelayMs(attempt: number, random: number, policy: ReconnectPolicy = RECONNECT): number {
  const doublings = Math.min(Math.max(0, attempt - 1), 30);
  const whole = Math.min(policy.capMs, policy.firstMs * 2 ** doublings);
  return whole * (0.5 + random / 2);
}
