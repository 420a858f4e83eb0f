import { LiveError } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import { type DeliveryDirectives, parseDeliveryDirectives } from '@lianmai/media/hls';
import { type MediaFile, parseHlsFile } from './hls-file.ts';
import { signatureQuery } from './signature-query.ts';

/** What is asked of a stream's presentation. */
export type HlsRequest =
  | { kind: 'multivariant'; signature: string }
  | { kind: 'playlist'; directives: DeliveryDirectives; session: string | null; signature: string }
  | { kind: 'media'; name: string; file: MediaFile };

/**
 * @param file the address's last part; null for the stream's own address.
 * @param query raw, without `?`
 * @throws LiveError NOT_FOUND, BAD_REQUEST
 */
export function parseHlsRequest(file: string | null, query: string): HlsRequest {
  const signature = signatureQuery(query);
  if (file === null) return { kind: 'multivariant', signature };
  const parsed = parseHlsFile(file);
  if (parsed === null) throw new LiveError('NOT_FOUND', 'a stream has no such file: begin at /live/{stream}.m3u8');
  if (parsed.kind !== 'playlist') return { kind: 'media', name: file, file: parsed };
  const directives = parseDeliveryDirectives(query);
  if (directives instanceof WireError) throw new LiveError('BAD_REQUEST', directives.message);
  return { kind: 'playlist', directives, session: new URLSearchParams(query).get('session'), signature };
}

/** The directives as a query that is the same for all who ask the same. */
export function directivesQuery({ msn, part, skip }: DeliveryDirectives): string {
  const parts: string[] = [];
  if (msn !== null) parts.push(`_HLS_msn=${msn}`);
  if (part !== null) parts.push(`_HLS_part=${part}`);
  if (skip) parts.push('_HLS_skip=YES');
  return parts.join('&');
}
