import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../ports.ts';
import { until } from '../until.ts';
import { Program } from './program.ts';

/** Debian's nginx with its RTMP module, which relays whatever is published at it to another server. */
export class NginxRtmp implements AsyncDisposable {
  /** Publish here. */
  readonly url: string;
  readonly #program: Program;
  readonly #dir: string;

  private constructor(url: string, program: Program, dir: string) {
    this.url = url;
    this.#program = program;
    this.#dir = dir;
  }

  /** @param to the address it pushes to. */
  static async relaying(to: string): Promise<NginxRtmp> {
    const dir = await mkdtemp(join(tmpdir(), 'lianmai-nginx-'));
    const [port = 0] = await freePorts(1);
    const config = `
      load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
      daemon off; master_process off; pid ${dir}/nginx.pid; error_log stderr info;
      events {}
      rtmp { server { listen 127.0.0.1:${port}; application in { live on; push ${to}; } } }`;
    await writeFile(join(dir, 'nginx.conf'), config);
    const program = new Program('/usr/sbin/nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')]);
    await until('nginx listens', () => canConnect(port));
    return new NginxRtmp(`rtmp://127.0.0.1:${port}/in/stream`, program, dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
