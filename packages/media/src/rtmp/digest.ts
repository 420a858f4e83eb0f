import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The "digest" handshake, which the specification leaves out: both sides sign their 1536 bytes with keys that every Flash
 * player and server had, to show that they are none but these. Some peers (older players, librtmp, ffmpeg) check it.
 */
export const HANDSHAKE_BYTES = 1536;
const DIGEST_BYTES = 32;
const SECRET = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const CLIENT_NAME = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER_NAME = Buffer.from('Genuine Adobe Flash Media Server 001');

/** Whose signature: its name signs the digest, name and secret sign the answer. */
export interface HandshakeKey {
  readonly digest: Buffer;
  readonly answer: Buffer;
}
export const CLIENT_KEY: HandshakeKey = { digest: CLIENT_NAME, answer: Buffer.concat([CLIENT_NAME, SECRET]) };
export const SERVER_KEY: HandshakeKey = { digest: SERVER_NAME, answer: Buffer.concat([SERVER_NAME, SECRET]) };

/** Where the four bytes are that say where the digest is. Peers use one of the two. */
export const DIGEST_PLACES = [8, 772] as const;
const OFFSETS = 728;

const hmac = (key: Buffer, ...parts: readonly Buffer[]): Buffer => {
  const sum = createHmac('sha256', key);
  for (const part of parts) sum.update(part);
  return sum.digest();
};

/** The digest's position: the sum of four bytes, folded into the space behind them. */
function digestOffset(block: Buffer, place: number): number {
  const sum = block[place]! + block[place + 1]! + block[place + 2]! + block[place + 3]!;
  return place + 4 + (sum % OFFSETS);
}

const digestOf = (block: Buffer, offset: number, key: HandshakeKey): Buffer =>
  hmac(key.digest, block.subarray(0, offset), block.subarray(offset + DIGEST_BYTES));

/** The digest in C1 or S1 and its place, when it is signed with this key; else null. */
export function findDigest(block: Buffer, key: HandshakeKey): { digest: Buffer; place: number } | null {
  for (const place of DIGEST_PLACES) {
    const offset = digestOffset(block, place);
    const digest = block.subarray(offset, offset + DIGEST_BYTES);
    if (timingSafeEqual(digest, digestOf(block, offset, key))) return { digest, place };
  }
  return null;
}

/**
 * A C1 or S1: random bytes, signed.
 * @param version of the program that speaks, four bytes; not 0, which means "no digest".
 */
export function signedBlock(key: HandshakeKey, place: number, version: number): Buffer {
  const block = randomBytes(HANDSHAKE_BYTES);
  block.writeUInt32BE(0, 0);
  block.writeUInt32BE(version, 4);
  const offset = digestOffset(block, place);
  digestOf(block, offset, key).copy(block, offset);
  return block;
}

/** A C2 or S2: random bytes, signed in a way that shows the peer's digest was read. */
export function signedAnswer(key: HandshakeKey, peerDigest: Buffer): Buffer {
  const block = randomBytes(HANDSHAKE_BYTES);
  const end = HANDSHAKE_BYTES - DIGEST_BYTES;
  hmac(hmac(key.answer, peerDigest), block.subarray(0, end)).copy(block, end);
  return block;
}
