/** The runtime samples its loop with a timer of so many ms, and counts them in. */
const SAMPLE_MS = 20;

/** The longest pause of a media worker's event loop since the metrics were last read, ms; null when they hold none. */
export function longestPauseMs(prometheusText: string): number | null {
  const pauses = prometheusText
    .split('\n')
    .filter((line) => line.startsWith('lianmai_nodejs_eventloop_lag_max_seconds{') && line.includes('process="edge-'))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)) * 1000 - SAMPLE_MS);
  return pauses.length === 0 ? null : Math.max(0, ...pauses);
}
