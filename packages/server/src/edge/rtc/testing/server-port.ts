import { createSocket, type Socket } from 'node:dgram';

/** A loopback address that neither clients nor other tests bind UDP ports at. */
export const SERVER_ADDRESS = '127.0.0.3';

/** A socket at a UDP port that nobody had, below those that the system gives away by itself. To be closed. */
export async function takeServerPort(): Promise<Socket> {
  for (;;) {
    const socket = createSocket('udp4');
    const isBound = await new Promise<boolean>((resolve) => {
      socket.once('listening', () => resolve(true)).once('error', () => resolve(false));
      socket.bind(20_000 + Math.floor(Math.random() * 12_000), SERVER_ADDRESS);
    });
    if (isBound) return socket;
    socket.close();
  }
}

/** A UDP port that nobody has now. */
export async function freeServerPort(): Promise<number> {
  const socket = await takeServerPort();
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
