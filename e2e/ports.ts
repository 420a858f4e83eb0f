import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Several test files run at a time, and a port that is only looked at may be taken by another before the server that
 * it is for listens. So whoever takes one holds the same port of a second loopback address until its process ends.
 */
const HELD_AT = '127.0.0.2';
const USED_AT = '127.0.0.1';
const held: (Server | Socket)[] = [];

/** TCP ports nobody listens on at the moment, all different, and given to no other test. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const holder = createServer().unref().listen(0, HELD_AT);
    held.push(holder);
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, USED_AT);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

/** The first of so many UDP ports in a row that nobody has at the moment, given to no other test. */
export async function freeUdpPorts(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    if (await holdUdp(first, count)) return first;
  }
}

/** @returns whether all of them are held now. */
async function holdUdp(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    const holder = await bind(port, HELD_AT);
    if (!holder) return false;
    held.push(holder.unref());
    const user = await bind(port, USED_AT);
    if (!user) return false;
    user.close();
  }
  return true;
}

async function bind(port: number, address: string): Promise<Socket | null> {
  const socket = createSocket('udp4');
  const bound = once(socket, 'listening');
  socket.bind(port, address);
  try {
    await bound;
    return socket;
  } catch {
    socket.close();
    return null;
  }
}
