import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const DEBIAN_PACKAGE = 'postgresql';
const VERSIONS = '/usr/lib/postgresql';

/** Why no cluster can be started here, or null. */
export function postgresMissing(): string | null {
  return binaries() ? null : `PostgreSQL is not installed: apt-get install ${DEBIAN_PACKAGE}`;
}

function binaries(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
  const bin = newest === undefined ? null : join(VERSIONS, newest, 'bin');
  return bin !== null && existsSync(join(bin, 'initdb')) ? bin : null;
}

interface RunAs {
  uid?: number;
  gid?: number;
}

/**
 * A PostgreSQL cluster of a test's own, in a temporary folder, on a unix socket only. It ends with {@link close}, or
 * with the test's process however that ends: the shell that holds it waits on a pipe from here.
 */
export class PostgresCluster {
  readonly #bin: string;
  readonly #folder: string;
  readonly #user: RunAs;
  #process: ChildProcess | null = null;
  #databases = 0;

  private constructor(bin: string, folder: string, user: RunAs) {
    this.#bin = bin;
    this.#folder = folder;
    this.#user = user;
  }

  static async start(): Promise<PostgresCluster> {
    const bin = binaries();
    if (!bin) throw new Error(postgresMissing() ?? '');
    const folder = mkdtempSync(join(tmpdir(), 'lianmai-pg-'));
    // PostgreSQL refuses to run as root.
    const user: RunAs = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
    const cluster = new PostgresCluster(bin, folder, user);
    execFileSync(
      join(bin, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8'],
      { ...user, cwd: folder, stdio: 'ignore' },
    );
    await cluster.run();
    return cluster;
  }

  /** Starts the server again after {@link halt}. */
  async run(): Promise<void> {
    const quick = ['fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'autovacuum=off'];
    const settings = [...quick, 'listen_addresses=', `unix_socket_directories=${this.#folder}`];
    const options = settings.map((setting) => `-c "${setting}"`).join(' ');
    const script = `"${this.#bin}/postgres" -D "${this.#folder}/data" ${options} & p=$!; read _; kill -QUIT $p; wait $p`;
    const child = spawn('/bin/sh', ['-c', script], {
      ...this.#user,
      cwd: this.#folder,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#process = child;
    let said = '';
    const ended = once(child, 'exit').then(() => {
      throw new Error(`PostgreSQL ended: ${said}`);
    });
    ended.catch(() => {});
    const ready = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk;
        if (said.includes('ready to accept connections')) resolve();
      });
    });
    await Promise.race([ready, ended]);
  }

  /** Stops the server at once, as a crash would. */
  async halt(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    child.stdin?.end('\n');
    await once(child, 'exit');
  }

  /** A database nobody else uses; answers its URL. */
  async createDatabase(): Promise<string> {
    const name = `t${++this.#databases}`;
    const client = new pg.Client({ connectionString: this.url('postgres') });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    return this.url(name);
  }

  url(database: string, user = 'tester'): string {
    return `postgresql:///${database}?host=${encodeURIComponent(this.#folder)}&user=${user}`;
  }

  async close(): Promise<void> {
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const idOf = (flag: '-u' | '-g') => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
