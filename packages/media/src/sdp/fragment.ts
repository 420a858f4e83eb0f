/** Candidates that come after the offer, as WHIP and WHEP carry them (RFC 8840 4.4, RFC 9725 4.3.1). */
import { WireError } from '../result.ts';
import { type IceCandidate, parseCandidate } from './candidate.ts';
import { ICE_PWD, ICE_UFRAG } from './offer.ts';

export interface IceFragment {
  iceUfrag: string | null;
  icePwd: string | null;
  candidates: readonly IceCandidate[];
}

const LONGEST_FRAGMENT = 16 << 10;
const MOST_CANDIDATES = 64;

/** Reads `application/trickle-ice-sdpfrag`. Candidates we have no use for are left out. */
export function parseIceFragment(text: string): IceFragment | WireError {
  if (text.length > LONGEST_FRAGMENT)
    return new WireError(`a fragment of at most ${LONGEST_FRAGMENT} characters`, String(text.length));
  const fragment = { iceUfrag: null as string | null, icePwd: null as string | null, candidates: [] as IceCandidate[] };
  let offset = 0;
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd();
    const at = offset;
    offset += raw.length + 1;
    if (line === '') continue;
    if (!/^[a-z]=/.test(line)) return new WireError('a line like "a=candidate:…"', 'something else', at);
    if (line.startsWith('a=ice-ufrag:')) fragment.iceUfrag ??= line.slice(12);
    else if (line.startsWith('a=ice-pwd:')) fragment.icePwd ??= line.slice(10);
    else if (line.startsWith('a=candidate:') && fragment.candidates.length < MOST_CANDIDATES) {
      const candidate = parseCandidate(line.slice(2));
      if (candidate) fragment.candidates.push(candidate);
    }
  }
  if (fragment.iceUfrag !== null && !ICE_UFRAG.test(fragment.iceUfrag))
    return new WireError('a=ice-ufrag of 4 to 256 characters', 'another');
  if (fragment.icePwd !== null && !ICE_PWD.test(fragment.icePwd))
    return new WireError('a=ice-pwd of 22 to 256 characters', 'another');
  return fragment;
}
