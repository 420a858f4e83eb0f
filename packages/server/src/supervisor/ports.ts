import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Settings } from '../settings/settings.ts';

/**
 * Says which port another program holds, before the workers share them: with SO_REUSEPORT a second Lianmai would
 * silently take half of the first one's clients.
 * @returns a sentence, or null when all are free.
 */
export async function findTakenPort(settings: Settings): Promise<string | null> {
  const ports: [string, number][] = [
    ['--http-port', settings.httpPort],
    ['--rtmp-port', settings.rtmpPort],
  ];
  if (settings.tlsCert !== null) ports.push(['--https-port', settings.httpsPort], ['--rtmps-port', settings.rtmpsPort]);
  for (const [flag, port] of ports) {
    const problem = await tryPort(settings.host, port);
    if (problem) return taken(settings, port, problem, flag);
  }
  for (let worker = 0; worker < settings.workers; worker++) {
    const port = settings.rtcPort + worker;
    const problem = await tryUdpPort(settings.host, port);
    if (problem) return taken(settings, port, `UDP, ${problem}`, '--rtc-port');
  }
  return null;
}

const taken = ({ host }: Settings, port: number, problem: string, flag: string) =>
  `Cannot listen on ${host}:${port} (${problem}): choose another with ${flag}, or end the program that holds it`;

function tryUdpPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const done = (problem: string | null) => socket.close(() => resolve(problem));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.bind({ address: host, port, exclusive: true }, () => done(null));
  });
}

function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}
