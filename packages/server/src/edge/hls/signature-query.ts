const SIGNATURE = /^[0-9A-Za-z]{1,64}$/;
const TOKEN = /^[0-9A-Za-z._-]{1,256}$/;

/**
 * The part of a play address's query that lets it in (a signature, or a conference member's token), to be carried on into the
 * addresses in playlists; '' when it has none.
 */
export function signatureQuery(query: string): string {
  if (!query.includes('txSecret') && !query.includes('token')) return '';
  const parameters = new URLSearchParams(query);
  const txSecret = parameters.get('txSecret') ?? '';
  const txTime = parameters.get('txTime') ?? '';
  const token = parameters.get('token') ?? '';
  const parts = [];
  if (SIGNATURE.test(txSecret) && SIGNATURE.test(txTime)) parts.push(`txSecret=${txSecret}&txTime=${txTime}`);
  if (TOKEN.test(token)) parts.push(`token=${token}`);
  return parts.join('&');
}

/** A query of what is not empty, with its `?`. */
export function queryOf(...parts: string[]): string {
  const query = parts.filter((part) => part !== '').join('&');
  return query === '' ? '' : `?${query}`;
}
