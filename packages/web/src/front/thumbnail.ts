import { onThisOrigin } from '../rtc/endpoint.ts';

/** The server makes another picture after some 20 s. */
const EVERY_MS = 25_000;

/**
 * Where to have a room's newest picture from: another address every 25 s, the same in all browsers, so that caches between
 * have it once. @param address of the room; null: it has none.
 */
export function thumbnailSrc(address: string | null, nowMs: number): string | null {
  if (address === null) return null;
  return `${onThisOrigin(address)}${address.includes('?') ? '&' : '?'}at=${Math.floor(nowMs / EVERY_MS)}`;
}
