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

/** The part of a watch page's query that signs its play address: `?txSecret=…&txTime=…`, or nothing. */
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
