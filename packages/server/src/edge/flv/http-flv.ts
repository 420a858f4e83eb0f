import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fanouts } from '../fanout/fanouts.ts';
import type { LiveStream } from '../hub/sink.ts';
import { endSocket } from './end-socket.ts';
import { flvFormatFor } from './format.ts';
import { takeSocket } from './take-socket.ts';

const HEADERS = {
  'Content-Type': 'video/x-flv',
  'Cache-Control': 'no-store',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': '*',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
};

/**
 * Without a length or chunks: the body ends with the connection (RFC 9112 6.3), which HTTP/1.0 clients understand too
 * and which lets all viewers share every later write.
 */
const RESPONSE_HEAD = Buffer.from(
  `HTTP/1.1 200 OK\r\n${Object.entries(HEADERS)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`,
);

/** A viewer has nothing to say after its request. */
const LONGEST_AFTERTHOUGHT = 16 << 10;

/**
 * Answers GET with the stream, from its newest key frame on, until it ends or the viewer goes; HEAD with the head alone.
 * Takes the socket from the HTTP server, which forgets the request.
 * @returns ends it; null when there is nothing to end.
 * @throws LiveError BAD_REQUEST before anything is written, when the request stands behind others on its connection.
 */
export function serveFlv(
  request: IncomingMessage,
  response: ServerResponse,
  stream: LiveStream,
  fanouts: Fanouts,
): (() => void) | null {
  if (request.method === 'HEAD') {
    response.writeHead(200, HEADERS).end();
    return null;
  }
  const format = flvFormatFor('flv', request.url ?? '');
  const socket = takeSocket(request, response);
  if (!socket) return null;
  const heard = socket.bytesRead;
  socket.on('data', () => {
    if (socket.bytesRead - heard > LONGEST_AFTERTHOUGHT) socket.destroy();
  });
  // The HTTP server's sockets stay half open otherwise: a viewer that hangs up while nothing comes would be kept.
  socket.on('end', () => socket.destroy());
  const viewer = fanouts.join(stream, format, socket, { ended: () => endSocket(socket) }, RESPONSE_HEAD);
  return () => {
    viewer.leave();
    endSocket(socket);
  };
}
