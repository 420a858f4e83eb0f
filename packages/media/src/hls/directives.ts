import { WireError } from '../result.ts';

/** What a player asks of a media playlist request (draft-pantos-hls-rfc8216bis 6.2.5). */
export interface DeliveryDirectives {
  /** Answer once the playlist has this media sequence number; null: at once. */
  msn: number | null;
  /** ... and this part of it, counted from 0. */
  part: number | null;
  /** A delta update will do. */
  skip: boolean;
}

/** Up to 2^53 - 1 has 16 digits; one fewer is always exact. */
const LONGEST_MSN = 15;
const LONGEST_PART = 6;

/**
 * Reads the delivery directives out of a raw query (without `?`). Directives the draft does not define are ignored, as it
 * asks; numbers that are none, and a part without a sequence number, are errors, for which it asks 400 (6.2.5.2).
 */
export function parseDeliveryDirectives(query: string): DeliveryDirectives | WireError {
  if (!query.includes('_HLS_')) return { msn: null, part: null, skip: false };
  const parameters = new URLSearchParams(query);
  const msn = integer(parameters, '_HLS_msn', LONGEST_MSN);
  if (msn instanceof WireError) return msn;
  const part = integer(parameters, '_HLS_part', LONGEST_PART);
  if (part instanceof WireError) return part;
  if (part !== null && msn === null)
    return new WireError('_HLS_msn with _HLS_part', 'none', query.indexOf('_HLS_part'));
  const skip = parameters.get('_HLS_skip');
  return { msn, part, skip: skip === 'YES' || skip === 'v2' };
}

function integer(parameters: URLSearchParams, name: string, longest: number): number | null | WireError {
  const text = parameters.get(name);
  if (text === null) return null;
  if (text.length <= longest && /^\d+$/.test(text)) return Number(text);
  return new WireError(
    `${name} to be a decimal integer of at most ${longest} digits`,
    JSON.stringify(text.slice(0, 32)),
  );
}
