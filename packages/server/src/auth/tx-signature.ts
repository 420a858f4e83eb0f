import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * `missing`: the query has no signature. `wrong`: none of the keys made it, for this stream and time. `expired`: one did,
 * but its time is over.
 */
export type TxVerdict = 'ok' | 'missing' | 'expired' | 'wrong';

export interface TxSignatureCheck {
  /** Main and backup key, so that keys can be rotated; whichever fits is good. */
  keys: readonly string[];
  stream: string;
  /** Raw query of the URL, without `?`. */
  query: string;
  nowMs: number;
}

/** Up to 64 bits: anything longer is no time. */
const HEX_TIME = /^[0-9A-Fa-f]{1,16}$/;

/**
 * The query that signs a push or play URL: `txSecret=MD5(KEY + stream + txTime)&txTime=` the UNIX expiry in upper-case hex.
 * Parts of a second are cut off, so the URL never lives longer than asked.
 */
export function signTx(key: string, stream: string, expiresAtMs: number): string {
  const txTime = Math.floor(expiresAtMs / 1000)
    .toString(16)
    .toUpperCase();
  return `txSecret=${secret(key, stream, txTime).toString('hex')}&txTime=${txTime}`;
}

/** Checks what {@link signTx} made; secrets are compared in constant time. Hex digits may be of either case. */
export function verifyTxSignature({ keys, stream, query, nowMs }: TxSignatureCheck): TxVerdict {
  const parameters = new URLSearchParams(query);
  const txSecret = parameters.get('txSecret');
  const txTime = parameters.get('txTime');
  if (!txSecret || !txTime) return 'missing';
  if (!HEX_TIME.test(txTime)) return 'wrong';
  const given = Buffer.from(txSecret, 'hex');
  // Every key is tried, so that the time taken does not tell which one fits.
  const fitting = keys.filter((key) => {
    const expected = secret(key, stream, txTime);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (fitting.length === 0) return 'wrong';
  return Number.parseInt(txTime, 16) * 1000 > nowMs ? 'ok' : 'expired';
}

function secret(key: string, stream: string, txTime: string): Buffer {
  return createHash('md5')
    .update(key + stream + txTime)
    .digest();
}
