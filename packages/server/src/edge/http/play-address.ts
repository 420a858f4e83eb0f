import { STREAM_NAME } from '@lianmai/contract';

/** An address below `/live/`: `{stream}.flv`, `{stream}.m3u8`, or a file of an HLS presentation `{stream}/{file}`. */
export interface PlayAddress {
  stream: string;
  kind: 'flv' | 'm3u8' | 'file';
  file: string | null;
  query: string;
}

/** null when the address is none, or its stream name is not one. */
export function parsePlayAddress(url: string): PlayAddress | null {
  const match = /^\/live\/([^/?]+)(?:\/([^/?]+))?(?:\?(.*))?$/s.exec(url);
  if (!match) return null;
  const [, first = '', file = null, query = ''] = match;
  const kind = file !== null ? 'file' : first.endsWith('.flv') ? 'flv' : first.endsWith('.m3u8') ? 'm3u8' : null;
  if (kind === null) return null;
  const stream = kind === 'file' ? first : first.slice(0, -kind.length - 1);
  return STREAM_NAME.test(stream) ? { stream, kind, file, query } : null;
}
