/** Where a stream is played, on the page's own origin. */
export function playPath(stream: string, extension: 'flv' | 'm3u8' | 'whep', query: string): string {
  return `/live/${encodeURIComponent(stream)}.${extension}${query}`;
}

/** The same address as a WebSocket. @param origin of the page, `http://host:port` */
export function webSocketAddress(path: string, origin: string): string {
  const address = new URL(path, origin);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

/** The part of a watch page's query, or of a play address, that signs: `?txSecret=…&txTime=…`, or nothing. */
export function playQuery(pageQuery: string): string {
  const page = new URLSearchParams(pageQuery);
  const play = new URLSearchParams();
  for (const name of ['txSecret', 'txTime']) {
    const value = page.get(name);
    if (value !== null) play.set(name, value);
  }
  const text = play.toString();
  return text === '' ? '' : `?${text}`;
}

/** Whether a signature's time is up: `txTime` is when, in seconds since 1970, in hexadecimal. */
export function isOver(query: string, nowMs: number): boolean {
  const txTime = new URLSearchParams(query).get('txTime') ?? '';
  return /^[0-9a-f]{1,10}$/i.test(txTime) && Number.parseInt(txTime, 16) * 1000 <= nowMs;
}
