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
    if (problem)
      return `Cannot listen on ${settings.host}:${port} (${problem}): choose another with ${flag}, or end the program that holds it`;
  }
  return null;
}

function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}
