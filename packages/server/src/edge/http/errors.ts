import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LiveError } from '@lianmai/contract';

/** Answers with the error body every address of the system uses; does nothing when an answer has begun. */
export function sendError(response: ServerResponse, error: unknown, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const known =
    error instanceof LiveError
      ? error
      : new LiveError('INTERNAL', 'the server failed at this request; its log says why');
  const body = JSON.stringify(known.toBody());
  response.writeHead(known.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** A client still sending would lose the answer to a reset, so what it sends is read and dropped for so long. */
const LINGER_MS = 2000;

/** The same on a bare socket: an upgrade that is refused, or a request too broken to have become one. */
export function sendSocketError(socket: Socket, error: LiveError): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(error.toBody());
  socket.end(
    `HTTP/1.1 ${error.status} ${error.name}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
  socket
    .removeAllListeners('data')
    .on('error', () => {})
    .resume();
}

/** What to tell a client whose request the HTTP parser gave up on. */
export function parserError(code: string | undefined): LiveError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new LiveError('TOO_LARGE', 'the request head is larger than 16 KiB: shorten its address or headers');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new LiveError('BAD_REQUEST', 'the request did not arrive in time: send its head at once');
    default:
      return new LiveError('BAD_REQUEST', 'this is not an HTTP/1.1 request');
  }
}

/** Rejects anything but the methods an address serves; answers OPTIONS itself. @returns whether the request goes on. */
export function allowMethods(
  request: IncomingMessage,
  response: ServerResponse,
  ...methods: readonly string[]
): boolean {
  if (methods.includes(request.method ?? '')) return true;
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (request.method === 'OPTIONS')
    response.writeHead(204, { allow, 'access-control-allow-methods': allow, 'access-control-max-age': '86400' }).end();
  else sendError(response, new LiveError('METHOD_NOT_ALLOWED', `this address takes ${allow}`), { allow });
  return false;
}
