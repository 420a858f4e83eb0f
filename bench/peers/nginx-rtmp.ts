import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, processTree, spawnServer, stop, untilServing } from '../processes.ts';
import type { Peer, RunningServer } from './server.ts';

const START_MS = 5000;
const PROGRAM = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/**
 * What costs it least, by trial: one worker, no logs, large chunks (4,096: 3 % more), no pings, no resynchronisation.
 * `buffer` with `out_cork`, its merged writes, changed nothing: sound is sent at once whatever they say.
 */
const configuration = (folder: string, port: number) => `
load_module ${MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/pid;
error_log ${folder}/error.log error;
events { use epoll; worker_connections 12000; multi_accept on; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 60000;
    out_queue 1024;
    ping 0;
    application live { live on; sync 0; wait_key on; wait_video on; }
  }
}
`;

/** Debian's nginx with its RTMP module: the server people compare with; it plays RTMP only. */
export const nginxRtmp: Peer = {
  name: 'nginx-rtmp',
  protocols: ['rtmp'],
  hasTick: false,
  missing: () =>
    existsSync(PROGRAM) && existsSync(MODULE)
      ? null
      : 'nginx-rtmp is not installed and left out: apt-get install nginx libnginx-mod-rtmp',
  start,
};

async function start(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-nginx-'));
  const [rtmpPort] = (await freePorts(1)) as [number];
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, rtmpPort));
  const nginx = spawnServer(PROGRAM, ['-p', folder, '-c', file]);
  const end = async () => {
    await stop(nginx.child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilServing(nginx, START_MS, () => answers(rtmpPort));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    pids: processTree(nginx.child.pid!),
    rtmpPort,
    httpPort: null,
    streams: async (count) =>
      Array.from({ length: count }, (_, i) => ({ push: `live/bench-${i}`, play: `live/bench-${i}` })),
    loopPauseMs: async () => null,
    [Symbol.asyncDispose]: end,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
