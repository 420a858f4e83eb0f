import type { IncomingMessage, ServerResponse } from 'node:http';
import { Content } from './content.ts';

/** A successful answer, whoever made it. */
export interface Reply {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly content: Content;
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const MEDIA_TYPE = 'video/mp4';
/** Names of media files are never used again, so nothing has to be asked twice. */
const FOR_EVER = 'public, max-age=3600, immutable';

export const mediaReply = (chunks: readonly Buffer[]): Reply => ({
  contentType: MEDIA_TYPE,
  cacheControl: FOR_EVER,
  content: new Content(chunks),
});

/** @param maxAgeS 0: caches must not keep it. */
export const playlistReply = (content: Content, maxAgeS: number): Reply => ({
  contentType: PLAYLIST_TYPE,
  cacheControl: maxAgeS > 0 ? `public, max-age=${maxAgeS}` : 'no-store',
  content,
});

export const isPlaylist = (reply: Reply): boolean => reply.contentType === PLAYLIST_TYPE;

/**
 * Sends it; a client that takes nothing for `stallMs` is closed.
 * @returns bytes of the body.
 */
export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply, stallMs: number): number {
  if (response.destroyed) return 0;
  const { contentType, cacheControl, content } = reply;
  const playlist = isPlaylist(reply);
  const gzipped = playlist && acceptsGzip(request) ? content.gzipped() : null;
  const bytes = gzipped?.length ?? content.bytes;
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': bytes,
    'cache-control': cacheControl,
    ...(playlist && { vary: 'accept-encoding' }),
    ...(gzipped && { 'content-encoding': 'gzip' }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return 0;
  }
  response.setTimeout(stallMs, () => response.destroy());
  response.cork();
  for (const chunk of gzipped ? [gzipped] : content.chunks) response.write(chunk);
  response.end();
  response.uncork();
  return bytes;
}

function acceptsGzip(request: IncomingMessage): boolean {
  const accepted = request.headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(accepted);
}
