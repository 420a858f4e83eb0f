import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LiveError } from '@lianmai/contract';
import sirv from 'sirv';
import { sendError } from './errors.ts';

/**
 * What the pages may load: themselves, media from this server, and pictures from where operators allow it. `blob:` is how
 * MSE players attach, and how a picture is shown before it is uploaded.
 */
const securityHeaders = (pictureSources: readonly string[]) => ({
  'content-security-policy': [
    "default-src 'self'",
    "connect-src 'self' ws: wss: http: https:",
    "media-src 'self' blob: http: https:",
    ["img-src 'self' blob:", ...pictureSources].join(' '),
    "worker-src 'self' blob:",
    "style-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    "form-action 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
});

/**
 * The web app's files; any other address that is not a file shows the app, which finds its page itself.
 * @param pictureSources besides this server, as a Content-Security-Policy has them.
 */
export function openPages(
  folder: URL,
  pictureSources: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => void {
  const headers = Object.entries(securityHeaders(pictureSources));
  if (!existsSync(folder))
    return (_, response) =>
      sendError(response, new LiveError('NOT_FOUND', 'the web pages are not built: run npm start'));
  const serve = sirv(folder.pathname, {
    single: true,
    etag: true,
    gzip: true,
    brotli: true,
    setHeaders(response, path) {
      for (const [name, value] of headers) response.setHeader(name, value);
      // Built files carry a hash in their names; the page that names them must be asked for each time.
      response.setHeader(
        'cache-control',
        path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  return (request, response) => {
    // A file that was there at the start may be gone, when the pages are built anew below a running server.
    response.once('pipe', (file) => file.once('error', () => response.destroy()));
    serve(request, response, () => sendError(response, new LiveError('NOT_FOUND', 'there is nothing at this address')));
  };
}
