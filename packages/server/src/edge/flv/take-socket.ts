import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const taken = new WeakSet<IncomingMessage>();

/**
 * Takes the socket of a request away from the HTTP server, for a response that is written to it directly. What the client
 * still sends goes nowhere: read it or drop it.
 *
 * `upgrade` makes the server let go of its parser, listeners and the request once the handler returned, as it does for a
 * WebSocket: 8 KB less for each viewer. It then emits `upgrade`, whose listener asks {@link isTaken}. Too late when the
 * handler returned before; then they stay until the socket closes.
 *
 * @returns null when the client is gone already.
 */
export function takeSocket(request: IncomingMessage & { upgrade?: boolean }, response: ServerResponse): Socket | null {
  const { socket } = request;
  if (socket.destroyed) return null;
  response.detachSocket(socket);
  // The parser's: a request sent after this one must not be answered into the stream.
  socket.removeAllListeners('data');
  socket.setTimeout(0);
  request.upgrade = true;
  taken.add(request);
  process.nextTick(() => socket.resume());
  return socket;
}

/** Whether an `upgrade` event is only the server letting go of a taken socket. */
export function isTaken(request: IncomingMessage): boolean {
  return taken.has(request);
}
