import type { Socket } from 'node:net';

/** How long the peer may go on without taking anything once its stream is over. */
const LINGER_MS = 5000;

/** Lets a socket send what it still has, then closes it: at once, or with `last` when the peer has closed its side too. */
export function endSocket(socket: Socket, last?: Buffer): void {
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  if (last) socket.end(last);
  else socket.destroySoon();
}
