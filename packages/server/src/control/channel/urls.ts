import type { PlayUrls, PushUrls } from '@lianmai/contract/rest';
import { signTx } from '../../auth/tx-signature.ts';
import type { Addresses } from '../addresses.ts';
import { rfc3339 } from '../rest/time.ts';

/** Long enough to keep an encoder's settings for a while; a rotation of the keys ends it sooner. */
export const URLS_LAST_MS = 30 * 86_400_000;

/**
 * Where to push the stream to.
 * @param key signs the URLs; null: open push.
 */
export function pushUrls(to: Addresses, stream: string, key: string | null, expiresAtMs: number): PushUrls {
  const query = queryOf(stream, key, expiresAtMs);
  return {
    rtmp: `${to.rtmp}/live/${stream}${query}`,
    ...(to.rtmps === null ? {} : { rtmps: `${to.rtmps}/live/${stream}${query}` }),
    whip: `${to.http}/live/${stream}.whip${query}`,
    server: `${to.rtmp}/live`,
    streamKey: `${stream}${query}`,
    expiresAt: expiryOf(key, expiresAtMs),
  };
}

/**
 * Where to play the stream from.
 * @param key signs the URLs; null: open play.
 */
export function playUrls(from: Addresses, stream: string, key: string | null, expiresAtMs: number): PlayUrls {
  const query = queryOf(stream, key, expiresAtMs);
  return {
    rtmp: `${from.rtmp}/live/${stream}${query}`,
    ...(from.rtmps === null ? {} : { rtmps: `${from.rtmps}/live/${stream}${query}` }),
    flv: `${from.http}/live/${stream}.flv${query}`,
    wsFlv: `${from.ws}/live/${stream}.flv${query}`,
    hls: `${from.http}/live/${stream}.m3u8${query}`,
    whep: `${from.http}/live/${stream}.whep${query}`,
    watch: `${from.http}/watch/${stream}${query}`,
    expiresAt: expiryOf(key, expiresAtMs),
  };
}

const queryOf = (stream: string, key: string | null, expiresAtMs: number): string =>
  key === null ? '' : `?${signTx(key, stream, expiresAtMs)}`;

/** Whole seconds, as the signature has them. */
const expiryOf = (key: string | null, expiresAtMs: number): string | null =>
  key === null ? null : rfc3339(Math.floor(expiresAtMs / 1000) * 1000);
