import { readError } from '../live/error-body.ts';

/** The server did not take an offer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Of the server's error body, `STREAM_NOT_LIVE`; may be empty. */
  readonly errorName: string;

  constructor(status: number, errorName: string, message: string) {
    super(message);
    this.status = status;
    this.errorName = errorName;
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
  /** Ends a session; also while the page is closing. Failing is of no interest: the server notices by itself. */
  /** @param again another session follows: a publisher's viewers wait for it. */
  end(location: string, again: boolean): void;
}

/** Longer than this no answer is waited for. */
const TIMEOUT_MS = 10_000;

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
      throw new Refusal(response.status, name, message || `status ${response.status}`);
    }
    const location = response.headers.get('location');
    return {
      answer: await response.text(),
      location: location === null ? null : new URL(location, response.url).href,
    };
  },

  end(location, again) {
    const address = new URL(location);
    if (again) address.searchParams.set('again', '1');
    fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  },
};

/** The same address on the page's own origin: the server may know itself by another name than the one in the address bar. */
export function onThisOrigin(address: string): string {
  try {
    const { pathname, search } = new URL(address);
    return pathname + search;
  } catch {
    return address;
  }
}
