import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, freeUdpPorts } from './ports.ts';
import { Rest } from './rest.ts';
import { PATIENT_MS, until, within } from './until.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const API_KEY = 'e2e-operator-key-0123456789';
/** A second on a quiet machine. */
const START_WITHIN_MS = PATIENT_MS;

export interface LianmaiOptions {
  workers?: number;
  /** More settings, without the dashes: `{ 'publish-grace-ms': '2000' }`. */
  settings?: Record<string, string>;
  /** Start by scripts/start.mjs, which starts a killed server again. */
  launcher?: boolean;
}

export interface LogLine {
  level: number;
  msg: string;
  name: string;
  [field: string]: unknown;
}

interface Ports {
  http: number;
  rtmp: number;
  /** First of as many UDP ports as there are workers. */
  rtc: number;
}

/** The whole system, as `npm start` runs it, on free ports and an empty data folder. */
export class Lianmai implements AsyncDisposable {
  readonly httpPort: number;
  readonly rtmpPort: number;
  /** Of the first worker's WebRTC; the others follow. */
  readonly rtcPort: number;
  readonly http: string;
  readonly rtmp: string;
  readonly apiKey = API_KEY;
  readonly rest: Rest;
  /** All JSON log lines so far. */
  readonly log: LogLine[] = [];
  /** Everything else it printed. */
  printed = '';
  readonly #process: ChildProcess;
  readonly #exited: Promise<{ code: number | null; signal: string | null }>;
  readonly dataDir: string;
  readonly #launcher: boolean;
  #stopped = false;

  private constructor(ports: Ports, dataDir: string, options: LianmaiOptions) {
    this.httpPort = ports.http;
    this.rtmpPort = ports.rtmp;
    this.rtcPort = ports.rtc;
    this.http = `http://127.0.0.1:${ports.http}`;
    this.rtmp = `rtmp://127.0.0.1:${ports.rtmp}`;
    this.rest = new Rest(this.http, API_KEY);
    this.dataDir = dataDir;
    this.#launcher = options.launcher ?? false;
    const script = join(ROOT, this.#launcher ? 'scripts/start.mjs' : 'packages/server/src/main.ts');
    this.#process = spawn(process.execPath, [script, ...flags(ports, dataDir, options)], {
      cwd: ROOT,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = lineSplitter((line) => this.#takeLine(line));
    this.#process.stdout?.setEncoding('utf8').on('data', take);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
    });
    this.#exited = once(this.#process, 'exit').then(([code, signal]) => ({ code, signal }));
    // A test file that crashes leaves nothing behind.
    process.once('exit', this.#killAll);
  }

  /** Resolves when every part can serve. */
  static async start(options: LianmaiOptions = {}): Promise<Lianmai> {
    const dataDir = await mkdtemp(join(tmpdir(), 'lianmai-e2e-'));
    const [http = 0, rtmp = 0] = await freePorts(2);
    const rtc = await freeUdpPorts(options.workers ?? 2);
    const lianmai = new Lianmai({ http, rtmp, rtc }, dataDir, options);
    try {
      await lianmai.healthy(START_WITHIN_MS);
    } catch (error) {
      await lianmai.#kill();
      throw new Error(`It did not start. It printed: ${lianmai.printed.slice(-2000)}\n${lianmai.story()}`, {
        cause: error,
      });
    }
    return lianmai;
  }

  /** Waits until `/healthz` is 200. */
  async healthy(timeoutMs = PATIENT_MS): Promise<void> {
    await until(
      '/healthz is 200',
      async () => {
        if (this.#process.exitCode !== null) throw new Error(`it ended with ${this.#process.exitCode}`);
        const answer = await fetch(`${this.http}/healthz`, { signal: AbortSignal.timeout(2000) });
        await answer.arrayBuffer();
        return answer.status === 200;
      },
      timeoutMs,
    );
  }

  /** Its processes by name (`main`, `control`, `edge-0`, …) with their ids. */
  processes(): Map<string, number> {
    const main = this.#launcher ? childrenOf(this.#process.pid).at(0) : this.#process.pid;
    const all = main === undefined ? [] : [main, ...childrenOf(main)];
    const named = all.map((pid) => [/^lianmai-([a-z0-9-]+)/.exec(titleOf(pid))?.[1], pid] as const);
    return new Map(named.filter((entry): entry is [string, number] => entry[0] !== undefined));
  }

  /** Kills one of its processes by name; resolves with how many ms passed until another one of that name ran and all was healthy. */
  async killAndAwaitReturn(name: string): Promise<number> {
    const pid = this.#pid(name);
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    await until(`${name} runs again`, () => {
      const now = this.processes().get(name);
      return now !== undefined && now !== pid;
    });
    await this.healthy();
    return Math.round(performance.now() - killedAt);
  }

  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    process.kill(this.#pid(name), signal);
  }

  /** Resident memory of all media workers together, MB. */
  workersMemoryMb(): number {
    let kb = 0;
    for (const [name, pid] of this.processes())
      if (name.startsWith('edge'))
        kb += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return kb / 1024;
  }

  /** What all media workers together hold of the machine: memory in MB, threads, open files and sockets. */
  workersUse(): { memoryMb: number; threads: number; files: number } {
    const workers = [...this.processes()].filter(([name]) => name.startsWith('edge')).map(([, pid]) => pid);
    const threads = workers.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/task`).length, 0);
    const files = workers.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
    return { memoryMb: Math.round(this.workersMemoryMb()), threads, files };
  }

  /** Connections between the workers over which streams are relayed now. */
  relays(): number {
    const own = new Set(
      [...this.processes()].flatMap(([name, pid]) => (name.startsWith('edge') ? socketsOf(pid) : [])),
    );
    // Fields of proc(5) net/unix: state 03 is connected, then the inode and the address.
    const lines = readFileSync('/proc/net/unix', 'utf8').matchAll(/ 03 +(\d+) \S+\.relay$/gm);
    return [...lines].filter(([, inode]) => own.has(inode ?? '')).length;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  /** Resolves with the first log line, past or coming, that the test accepts. */
  logged(what: string, test: (line: LogLine) => boolean, timeoutMs = PATIENT_MS): Promise<LogLine> {
    return until(`a log line: ${what}`, () => this.log.find(test), timeoutMs);
  }

  /** Sends SIGTERM and expects a clean end without an error in the log. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#process.kill('SIGTERM');
    try {
      const { code, signal } = await within(20_000, 'SIGTERM ends it', this.#exited);
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, `its exit; the log: ${this.story()}`);
      const errors = this.log.filter(({ level }) => level >= 50);
      assert.deepEqual(errors, [], 'no error in the log');
      assert.doesNotMatch(this.printed, /Warning:|Error:|\n\s+at /, 'nothing went wrong unnoticed');
    } finally {
      await this.#kill();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stopped) await this.stop();
  }

  /** The log's tail, for a failing test. */
  story(): string {
    return this.log
      .slice(-40)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }

  #pid(name: string): number {
    const pid = this.processes().get(name);
    if (pid === undefined)
      throw new Error(`${name} does not run; there are ${[...this.processes().keys()].join(', ')}`);
    return pid;
  }

  readonly #killAll = (): void => {
    const pids = [...this.processes().values()];
    this.#process.kill('SIGKILL');
    for (const pid of pids) killQuietly(pid);
  };

  async #kill(): Promise<void> {
    process.off('exit', this.#killAll);
    this.#killAll();
    await this.#exited;
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #takeLine(line: string): void {
    if (!line.startsWith('{"level"')) {
      this.printed += `${line}\n`;
      return;
    }
    this.log.push(JSON.parse(line) as LogLine);
  }
}

/** Runs the server's command line to its end, for settings that stop the start. */
export async function runToEnd(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'packages/server/src/main.ts'), ...args], {
    cwd: ROOT,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), START_WITHIN_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  return { code, stdout, stderr };
}

function flags(ports: Ports, dataDir: string, options: LianmaiOptions): string[] {
  const settings = {
    'http-port': ports.http,
    'rtmp-port': ports.rtmp,
    'rtc-port': ports.rtc,
    host: '127.0.0.1',
    'public-host': '127.0.0.1',
    'data-dir': dataDir,
    'api-key': API_KEY,
    'log-format': 'json',
    workers: options.workers ?? 2,
    ...options.settings,
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LIANMAI_') && !name.startsWith('NODE_TEST')),
  );
}

function childrenOf(pid: number | undefined): number[] {
  try {
    const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return ids === '' ? [] : ids.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Inodes of a process's sockets. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function lineSplitter(take: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}
