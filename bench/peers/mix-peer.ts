import { readFileSync } from 'node:fs';
import type { Tile } from '../load/mix-canvas.ts';
import { spawnWithFiles } from '../processes.ts';

/** One mix to be made as fast as it goes. */
export interface MixTask {
  /** FLV files. */
  inputs: readonly string[];
  tiles: readonly Tile[];
  /** So much of them. */
  seconds: number;
  /** FLV file to be written. */
  output: string;
}

export interface MixCost {
  /** User and kernel, of all its threads and all its life. */
  cpuS: number;
  /** Most memory of its own: code, which its other processes share, is not counted. */
  peakMb: number;
}

export interface MixPeer {
  readonly name: string;
  /** Why it cannot take part here, in a sentence; null when it can. */
  missing(): string | null;
  mix(task: MixTask): Promise<MixCost>;
}

const LOOK_EVERY_MS = 100;
const KEPT_WORDS = 2000;

/**
 * Runs a program to its end. What it used is read by the shell that started it, which is told by the kernel when it has ended.
 * @throws Error with its last words when it fails.
 */
export async function runTimed(command: string, args: readonly string[]): Promise<MixCost> {
  const script = '"$0" "$@" >/dev/null & trap "kill $!" TERM; echo $!; wait $!; code=$?; times; exit $code';
  const shell = spawnWithFiles('/bin/sh', ['-c', script, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaints = '';
  let peakMb = 0;
  shell.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  shell.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-KEPT_WORDS);
  });
  const look = setInterval(() => {
    peakMb = Math.max(peakMb, ownMemoryMb(Number.parseInt(said, 10)));
  }, LOOK_EVERY_MS);
  const code = await new Promise((resolve, reject) => shell.once('error', reject).once('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${command} failed (${code}):\n${complaints}`);
  return { cpuS: childSeconds(said), peakMb };
}

/** The last line of `times`: user and system time of the shell's children, as `0m1.230000s 0m0.120000s`. */
function childSeconds(text: string): number {
  const last = text.trim().split('\n').at(-1) ?? '';
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`The shell's times are not understood: ${text}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

function ownMemoryMb(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
