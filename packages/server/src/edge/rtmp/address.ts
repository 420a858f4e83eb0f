import { STREAM_NAME } from '@lianmai/contract';
import type { AmfObject, AmfValue } from '@lianmai/media/amf';

/** The application every stream is in (`rtmp://host/live/{stream}`). */
export const APP = 'live';

const LONGEST_NAME = 4096;

/** Where a client connected to, from its `connect` command. */
export interface RtmpApp {
  readonly name: string;
  /** Queries of app and tcUrl, where some SDKs put what belongs to the stream. */
  readonly query: string;
}

export interface StreamAddress {
  readonly stream: string;
  /** Without `?`; the stream's own parameters before those of the connection. */
  readonly query: string;
}

/** Reads `app` and `tcUrl`; each may carry a query, and the app may be known from the URL only. */
export function parseApp(connect: AmfObject): RtmpApp {
  const [appName, appQuery] = splitQuery(text(connect['app']));
  const [url, urlQuery] = splitQuery(text(connect['tcUrl']));
  const path = /^rtmps?:\/\/[^/]*\/(.*)$/.exec(url)?.[1] ?? '';
  return {
    name: (appName || path).replace(/\/+$/, ''),
    query: joinQueries(appQuery, urlQuery === appQuery ? '' : urlQuery),
  };
}

/** Reads a name given to `publish` or `play`: `{stream}?{query}`. Null when it is no stream name. */
export function parseStreamAddress(name: AmfValue, app: RtmpApp): StreamAddress | null {
  if (typeof name !== 'string' || name.length > LONGEST_NAME) return null;
  const [stream, query] = splitQuery(name);
  return STREAM_NAME.test(stream) ? { stream, query: joinQueries(query, app.query) } : null;
}

function splitQuery(address: string): [path: string, query: string] {
  const at = address.indexOf('?');
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}

const joinQueries = (...queries: string[]): string => queries.filter((query) => query !== '').join('&');
const text = (value: AmfValue): string => (typeof value === 'string' ? value.slice(0, LONGEST_NAME) : '');
