import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnWithFiles } from '../processes.ts';
import { compileLoad, type LoadProgram } from './compile.ts';
import { sourceFile } from './source.ts';

export interface Spread {
  median: number;
  p95: number;
  max: number;
}

interface Cost {
  measuredS: number;
  cpuPercent: number;
  userPercent: number;
  systemPercent: number;
  generatorCpuPercent: number;
  machineBusyPercent: number;
}

/** What a crowd of viewers cost the server, and what they got. */
export interface ViewerMeasurement extends Cost {
  viewers: number;
  cpuUsPerViewerS: number;
  memoryBeforeKb: number;
  memoryKb: number;
  memoryKbPerViewer: number;
  watching: number;
  dead: number;
  stalled: number;
  badTags: number;
  rateKBps: { min: number; p1: number; median: number; max: number };
  longestGapMs: Spread | null;
  firstByteMs: Spread | null;
  firstKeyFrameMs: Spread | null;
}

/** Viewers that came one after another: how soon after its request each had its first key frame. */
export interface Probe {
  viewers: number;
  failed: number;
  firstByteMs: Spread | null;
  firstKeyFrameMs: Spread | null;
}

export interface PublisherMeasurement extends Cost {
  publishers: number;
  live: number;
  cpuUsPerPublisherS: number;
  memoryKbPerPublisher: number;
  kbps: number;
  lateMs: Spread;
}

export interface ViewerTarget {
  protocol: 'flv' | 'rtmp';
  port: number;
  /** `/live/s.flv`, or `live/s` for RTMP. */
  path: string;
}

/** A generator that runs: what it prints, and the way to end it. */
export class Generator implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #events: AsyncIterator<string>;

  /** @param child it prints JSON lines and ends with its standard input. */
  constructor(child: ChildProcess) {
    this.#child = child;
    this.#events = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line, which must be this event. @throws Error when the generator ended instead. */
  async next<T>(event: string): Promise<T> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error(`The load generator ended before it had "${event}"`);
    const parsed = JSON.parse(value) as T & { event: string };
    if (parsed.event !== event) throw new Error(`The load generator said "${parsed.event}" in place of "${event}"`);
    return parsed;
  }

  /** It does nothing any more, but its connections stay. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  /** Resolves when it has ended, which it does when its standard input does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGCONT');
    this.#child.stdin!.end();
    await exited;
  }
}

export async function generate(
  program: LoadProgram,
  options: Record<string, string | number | true>,
): Promise<Generator> {
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  const child = spawnWithFiles(await compileLoad(program), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Generator(child);
}

/**
 * Publishers that go on until disposed.
 * @param file the FLV they play over and over; the one of all benchmarks by default.
 * @throws Error when the server refuses one.
 */
export async function startPublishers(
  port: number,
  targets: readonly string[],
  measured?: { pids: readonly number[]; warmS: number; measureS: number },
  file?: string,
): Promise<Generator> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-targets-'));
  try {
    const list = join(folder, 'targets');
    await writeFile(list, `${targets.join('\n')}\n`);
    const generator = await generate('publish-load', {
      file: file ?? (await sourceFile()),
      targets: list,
      port,
      hold: true,
      ...(measured ? { pids: measured.pids.join(','), warm: measured.warmS, measure: measured.measureS } : {}),
    });
    const { refused } = await generator.next<{ refused: number }>('publishing');
    if (refused === 0) return generator;
    await generator[Symbol.asyncDispose]();
    throw new Error(`The server refused ${refused} of ${targets.length} publishers`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Viewers that come at `rampPerS`, are measured, and stay until disposed. */
export async function startViewers(
  target: ViewerTarget,
  options: { viewers: number; pids: readonly number[]; rampPerS: number; warmS: number; measureS: number },
): Promise<Generator> {
  return await generate('viewer-load', {
    ...target,
    viewers: options.viewers,
    pids: options.pids.join(','),
    ramp: options.rampPerS,
    warm: options.warmS,
    measure: options.measureS,
    hold: true,
  });
}

export async function probeViewers(target: ViewerTarget, viewers: number): Promise<Probe> {
  await using generator = await generate('viewer-load', { ...target, viewers, probe: true });
  return await generator.next<Probe>('probed');
}
