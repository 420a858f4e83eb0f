const LONGEST_DELAY_MS = 5000;

/** How long to wait before starting a process again that died quickly so many times in a row: at once the first two times, then ever longer. */
export function restartDelayMs(quickDeaths: number): number {
  return quickDeaths <= 2 ? 0 : Math.min(LONGEST_DELAY_MS, 100 * 2 ** (quickDeaths - 3));
}
