/** NTP timestamps of RTCP (RFC 3550 4): seconds since 1900 with 32 bits of fraction. */
const UNIX_EPOCH_SECONDS = 2_208_988_800;

/** Unix ms as an NTP timestamp, whose seconds wrap in 2036 (RFC 5905 6). */
export function toNtp(unixMs: number): bigint {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor(((unixMs - seconds * 1000) / 1000) * 2 ** 32);
  return BigInt.asUintN(64, (BigInt(seconds + UNIX_EPOCH_SECONDS) << 32n) | BigInt(fraction));
}

/** An NTP timestamp as Unix ms. A sender's clock may be anything: only differences count. */
export function fromNtp(ntp: bigint): number {
  return (Number(ntp >> 32n) - UNIX_EPOCH_SECONDS) * 1000 + (Number(ntp & 0xffffffffn) / 2 ** 32) * 1000;
}

/** The middle 32 bits of {@link toNtp}. */
export function toShortNtp(unixMs: number): number {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor(((unixMs - seconds * 1000) / 1000) * 2 ** 16);
  return (((seconds + UNIX_EPOCH_SECONDS) << 16) | fraction) >>> 0;
}

/** The middle 32 bits, as report blocks carry them. */
export function shortNtp(ntp: bigint): number {
  return Number((ntp >> 16n) & 0xffffffffn);
}
