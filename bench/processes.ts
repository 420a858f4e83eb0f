import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';

const STOP_MS = 10_000;
const KEPT_WORDS = 2000;

/**
 * Starts a program that may open as many files as the machine lets it: thousands of connections need more than the
 * usual 1,024. The process it returns is the program, not a shell.
 */
export function spawnWithFiles(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const script = 'ulimit -n 65535 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';
  const child = spawn('/bin/sh', ['-c', script, command, ...args], options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts a server: its complaints are kept to be shown when it fails, not poured over the table. */
export function spawnServer(command: string, args: readonly string[]): ServerProcess {
  const child = spawnWithFiles(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const server = { child, lastWords: '' };
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    server.lastWords = (server.lastWords + text).slice(-KEPT_WORDS);
  });
  return server;
}

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly lastWords: string;
}

/** Waits until a server that was just started answers. @throws Error with its last words when it ends or never does. */
export async function untilServing(
  server: ServerProcess,
  timeoutMs: number,
  answers: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await answers())) {
    const { exitCode, signalCode } = server.child;
    const ended = exitCode !== null || signalCode !== null;
    if (!ended && performance.now() < end) await after(50);
    else throw new Error(`The server ${ended ? 'ended' : 'did not answer'} at its start:\n${server.lastWords}`);
  }
}

/** Ends a process that was started here, kindly and then by force. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(force);
}

const running = new Set<ChildProcess>();

/** A benchmark that is ended takes what it started with it. */
export function endChildrenOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, async () => {
      await Promise.all([...running].map(stop));
      process.exit(1);
    });
}

/** The process and everything below it. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(`/proc/${entry}/stat`);
    if (stat) parents.set(Number(entry), stat);
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) for (const [child, parent] of parents) if (parent === tree[i]) tree.push(child);
  return tree;
}

/** CPU time of all threads of the processes so far, s, to the nanosecond: the first field of a thread's schedstat. */
export function cpuSeconds(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids)
    for (const thread of tryReading(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
      const stat = tryReading(() => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
      nanoseconds += Number(stat?.split(' ')[0] ?? 0);
    }
  return nanoseconds / 1e9;
}

/** Resident memory of the processes, KB. */
export function residentKb(pids: readonly number[]): number {
  const of = (pid: number) => tryReading(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  return pids.reduce((total, pid) => total + Number(/^VmRSS:\s+(\d+)/m.exec(of(pid))?.[1] ?? 0), 0);
}

/** null: the process or thread is gone. */
function tryReading<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** The parent's id; null when the process is gone. */
function readStat(file: string): number | null {
  if (!existsSync(file)) return null;
  try {
    const text = readFileSync(file, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** TCP ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** UDP ports that were free a moment ago. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4').bind(0, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  const ports = sockets.map((socket) => socket.address().port);
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  return ports;
}

/** Asks again and again until the answer is yes. @throws Error when it never is. */
export async function until(what: string, timeoutMs: number, ask: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
    await after(50);
  }
}
