import { readError } from '../live/error-body.ts';

/** The server did not take an offer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Of the server's error body, `STREAM_NOT_LIVE`; may be empty. */
  readonly errorName: string;
  /** When to try again, if it said so. */
  readonly retryAfterMs: number | null;

  constructor(status: number, errorName: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.status = status;
    this.errorName = errorName;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A session as the server made it. */
export interface RtcSession {
  /** SDP. */
  answer: string;
  /** Where it is ended; null when the server did not say. */
  location: string | null;
}

/** Offers and answers by HTTP, as WHIP (RFC 9725) and WHEP have it. */
export interface Signalling {
  /** @throws Refusal; whatever `fetch` throws when there is no answer. */
  begin(address: string, offer: string, signal: AbortSignal): Promise<RtcSession>;
  /**
   * Whether the server has the session; null: it did not say.
   * @param offer of the session.
   */
  ask(location: string, offer: string, signal: AbortSignal): Promise<boolean | null>;
  /**
   * Ends a session; also while the page is closing. Failing is of no interest: the server notices by itself.
   * @param again another session follows: a publisher's viewers wait for it.
   */
  end(location: string, again: boolean): void;
}

/** Longer than this no answer is waited for. */
const TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 3_000;

/** RFC 9725 4.2: the offer is posted, 201 has the answer and the session's address. */
export const httpSignalling: Signalling = {
  async begin(address, offer, signal) {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: offer,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.status !== 201) {
      const { name, message } = await readError(response);
      const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
      const retryAfterMs = retryAfterS >= 0 ? retryAfterS * 1000 : null;
      throw new Refusal(response.status, name, message || `status ${response.status}`, retryAfterMs);
    }
    const location = response.headers.get('location');
    return {
      answer: await response.text(),
      location: location === null ? null : new URL(location, response.url).href,
    };
  },

  /** RFC 9725 4.3.1: a fragment without candidates changes nothing, and is only accepted of a session that is there. */
  async ask(location, offer, signal) {
    try {
      const { status } = await fetch(location, {
        method: 'PATCH',
        headers: { 'content-type': 'application/trickle-ice-sdpfrag' },
        body: credentialsOf(offer),
        signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]),
      });
      if (status === 404 || status === 410) return false;
      return status < 500 ? true : null;
    } catch {
      return null;
    }
  },

  end(location, again) {
    const address = new URL(location);
    if (again) address.searchParams.set('again', '1');
    fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  },
};

/** Says of which ICE session a fragment is (RFC 8840 4.4). */
const credentialsOf = (offer: string): string =>
  ['ice-ufrag', 'ice-pwd'].map((name) => `${new RegExp(`^a=${name}:.*`, 'm').exec(offer)?.[0] ?? ''}\r\n`).join('');

/** The same address on the page's own origin: the server may know itself by another name than the one in the address bar. */
export function onThisOrigin(address: string): string {
  try {
    const { pathname, search } = new URL(address);
    return pathname + search;
  } catch {
    return address;
  }
}
