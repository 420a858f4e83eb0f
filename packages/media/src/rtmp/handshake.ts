import { randomBytes } from 'node:crypto';
import { WireError } from '../result.ts';
import {
  CLIENT_KEY,
  DIGEST_PLACES,
  findDigest,
  HANDSHAKE_BYTES,
  SERVER_KEY,
  signedAnswer,
  signedBlock,
} from './digest.ts';

const VERSION = 3;
const HELLO_BYTES = 1 + HANDSHAKE_BYTES;
/** Program versions that peers know to speak the digest handshake. */
const SERVER_VERSION = 0x04050001;
const CLIENT_VERSION = 0x09007c02;
const EMPTY = Buffer.alloc(0);

/** What a handshake makes of the bytes it was given. */
export interface HandshakeStep {
  /** To be sent now; may be empty. */
  readonly send: Buffer;
  /** Bytes behind the handshake, once it is done; null before. */
  readonly rest: Buffer | null;
}

const WAIT: HandshakeStep = { send: EMPTY, rest: null };

/** Collects a fixed number of bytes. */
class Collector {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** Takes bytes and returns those it has no place for, or null while some are missing. */
  take(bytes: Buffer): Buffer | null {
    const copied = bytes.copy(this.#bytes, this.#length);
    this.#length += copied;
    return this.#length === this.#bytes.length ? bytes.subarray(copied) : null;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }
}

/** RTMP 1.0, 5.2.2. Encrypted RTMP (6, 8, 9) and HTTP or TLS on the wrong port end here. */
function checkVersion(byte: number | undefined): WireError | null {
  return byte === undefined || byte === VERSION ? null : new WireError(`RTMP version ${VERSION}`, String(byte));
}

/**
 * The server's side of the handshake: plain, or with digests when the client's are right. What the client answers (C2) is
 * not checked, as many fill it with anything.
 * @see RTMP 1.0, section 5.2.
 */
export class ServerHandshake {
  #hello: Collector | null = null;
  /** Bytes of C2 still to come, which nobody needs. */
  #answerLeft = HANDSHAKE_BYTES;
  #answered = false;

  read(bytes: Buffer): HandshakeStep | WireError {
    if (this.#answered) return this.#skipAnswer(bytes, EMPTY);
    if (this.#hello === null) {
      const wrong = checkVersion(bytes[0]);
      if (wrong !== null) return wrong;
      this.#hello = new Collector(HELLO_BYTES);
    }
    const rest = this.#hello.take(bytes);
    if (rest === null) return WAIT;
    const send = serverAnswer(this.#hello.bytes.subarray(1));
    this.#hello = null;
    this.#answered = true;
    return this.#skipAnswer(rest, send);
  }

  #skipAnswer(bytes: Buffer, send: Buffer): HandshakeStep {
    const skipped = Math.min(bytes.length, this.#answerLeft);
    this.#answerLeft -= skipped;
    return { send, rest: this.#answerLeft === 0 ? bytes.subarray(skipped) : null };
  }
}

/** S0, S1 and S2 for a C1. */
function serverAnswer(c1: Buffer): Buffer {
  const signed = c1.readUInt32BE(4) === 0 ? null : findDigest(c1, CLIENT_KEY);
  if (signed !== null) {
    const s1 = signedBlock(SERVER_KEY, signed.place, SERVER_VERSION);
    return Buffer.concat([Buffer.of(VERSION), s1, signedAnswer(SERVER_KEY, signed.digest)]);
  }
  const s1 = randomBytes(HANDSHAKE_BYTES).fill(0, 0, 8);
  return Buffer.concat([Buffer.of(VERSION), s1, c1]);
}

/**
 * The client's side, with digests; servers that know none see random bytes.
 * @see RTMP 1.0, section 5.2.
 */
export class ClientHandshake {
  /** C0 and C1, to be sent first. */
  readonly hello = Buffer.concat([Buffer.of(VERSION), signedBlock(CLIENT_KEY, DIGEST_PLACES[0], CLIENT_VERSION)]);
  readonly #answer = new Collector(HELLO_BYTES + HANDSHAKE_BYTES);
  #checked = false;

  read(bytes: Buffer): HandshakeStep | WireError {
    if (!this.#checked) {
      const wrong = checkVersion(bytes[0]);
      if (wrong !== null) return wrong;
      this.#checked = bytes.length > 0;
    }
    const rest = this.#answer.take(bytes);
    if (rest === null) return WAIT;
    const s1 = this.#answer.bytes.subarray(1, HELLO_BYTES);
    const signed = findDigest(s1, SERVER_KEY);
    return { send: signed === null ? s1 : signedAnswer(CLIENT_KEY, signed.digest), rest };
  }
}
