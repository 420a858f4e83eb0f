import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LiveError } from '@lianmai/contract';

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
 * @throws LiveError BAD_REQUEST when answers to earlier requests are still to be sent on this connection.
 */
export function takeSocket(request: IncomingMessage & { upgrade?: boolean }, response: ServerResponse): Socket | null {
  const { socket } = request;
  if (socket.destroyed) return null;
  if (response.socket !== socket)
    throw new LiveError('BAD_REQUEST', 'a stream needs a connection of its own: do not send its request after others');
  // The parser's: nothing sent from here on is a request.
  socket.removeAllListeners('data');
  socket.setTimeout(0);
  request.upgrade = true;
  taken.add(request);
  // Not before the packet is parsed to its end: a request in it would find the socket free and be answered into the stream.
  process.nextTick(() => {
    if (response.socket) response.detachSocket(socket);
    socket.resume();
  });
  return socket;
}

/** Whether an `upgrade` event is only the server letting go of a taken socket. */
export function isTaken(request: IncomingMessage): boolean {
  return taken.has(request);
}
