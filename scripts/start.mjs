/**
 * `npm start`: sets up, then runs the server on the pinned Node and stays as its guard: killed, it is started again.
 * Ending this process with SIGTERM or SIGINT drains the server.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { node24, root, say, setUp } from './setup.mjs';

const QUICK_DEATH_MS = 5000;
const MOST_QUICK_DEATHS = 10;

setUp();
let stopping = false;
let server = null;
let quickDeaths = 0;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => {
    stopping = true;
    server?.kill('SIGTERM');
  });
start();

function start() {
  const startedAt = Date.now();
  server = spawn(node24(), [join(root, 'packages/server/src/main.ts'), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'lianmai') },
  });
  server.once('error', (error) => {
    say(`The server could not be started: ${error.message}`);
    process.exit(1);
  });
  server.once('exit', (code, signal) => {
    if (code !== null || stopping) process.exit(code ?? 1);
    quickDeaths = Date.now() - startedAt < QUICK_DEATH_MS ? quickDeaths + 1 : 0;
    if (quickDeaths >= MOST_QUICK_DEATHS) {
      say(`The server was ended by ${signal} ${quickDeaths} times in a row: giving up`);
      process.exit(1);
    }
    say(`The server was ended by ${signal}; starting it again …`);
    start();
  });
}
