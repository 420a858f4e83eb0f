const WRAP = 2 ** 32;

/** A stream time in ms as FLV and RTMP write it: whole milliseconds modulo 2^32. */
export function wireTimestamp(ms: number): number {
  return Math.round(ms) >>> 0;
}

/**
 * The unwrapped time (ms) nearest to `near` whose low 32 bits are `wire`: follows a clock across the wrap at 2^32 ms
 * (49.7 days) and back again when frames come out of order.
 */
export function unwrapTimestamp(wire: number, near: number): number {
  const forward = (wire - wireTimestamp(near)) >>> 0;
  const distance = forward >= WRAP / 2 ? forward - WRAP : forward;
  return Math.round(near) + distance;
}
