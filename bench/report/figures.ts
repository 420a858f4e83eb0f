/** Of an odd or even number of values; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of the values that are there; null when none is. */
export function medianOf(values: readonly (number | null | undefined)[]): number | null {
  const there = values.filter((value) => typeof value === 'number');
  return there.length === 0 ? null : median(there);
}

/** Their spread; null of none. */
export function spreadOf(values: readonly number[]): { median: number; p95: number; max: number } | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const p95 = sorted[Math.round((sorted.length - 1) * 0.95)]!;
  return { median: median(sorted), p95, max: sorted.at(-1)! };
}

/** As many digits as say something: 3 of small numbers, whole numbers from 100 on. */
export function figure(value: number | null): string {
  if (value === null) return '–';
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}
