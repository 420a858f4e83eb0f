const SIGNATURE = /^[0-9A-Za-z]{1,64}$/;
const TOKEN = /^[0-9A-Za-z._-]{1,256}$/;

/** The part of a play address's query that signs it, to be carried on into the addresses in playlists; '' when it has none. */
export function signatureQuery(query: string): string {
  if (query.includes('token=')) return tokenQuery(query);
  if (!query.includes('txSecret')) return '';
  const parameters = new URLSearchParams(query);
  const txSecret = parameters.get('txSecret') ?? '';
  const txTime = parameters.get('txTime') ?? '';
  return SIGNATURE.test(txSecret) && SIGNATURE.test(txTime) ? `txSecret=${txSecret}&txTime=${txTime}` : '';
}

/** A conference member's. */
function tokenQuery(query: string): string {
  const token = new URLSearchParams(query).get('token') ?? '';
  return TOKEN.test(token) ? `token=${token}` : '';
}

/** A query of what is not empty, with its `?`. */
export function queryOf(...parts: string[]): string {
  const query = parts.filter((part) => part !== '').join('&');
  return query === '' ? '' : `?${query}`;
}
