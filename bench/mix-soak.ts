import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchOptions } from './options.ts';
import { spawnWithFiles } from './processes.ts';
import { soakReport } from './report/soak-report.ts';

/** What the process of the mixes holds, after a collection of garbage. */
export interface SoakSample {
  atS: number;
  /** That have happened by then. */
  events: number;
  rssMb: number;
  heapMb: number;
  files: number;
  threads: number;
}

const PROGRAM = join(import.meta.dirname, 'load', 'mix-soak-run.ts');
const SEED = 1;
/** Something happens three times a second, as in an hour every five to ten. */
const MEASURE_S = 600;
const QUICK_S = 60;

/** `npm run bench mix-soak`: an hour and more of joins, leaves, stalls, changes of layout and codecs in ten minutes. */
export async function benchMixSoak(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const seconds = options.measureS ?? (options.quick ? QUICK_S : MEASURE_S);
  console.log(`mix-soak: ${seconds} s of one thing after another`);
  const args = ['--expose-gc', PROGRAM, String(seconds), String(SEED)];
  const child = spawnWithFiles(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const samples: SoakSample[] = [];
  for await (const line of createInterface({ input: child.stdout! })) samples.push(JSON.parse(line) as SoakSample);
  const [code] = await exited;
  if (code !== 0) throw new Error(`The mixes ended with ${code} after ${samples.at(-1)?.events ?? 0} events`);
  return { text: soakReport(samples), json: { seconds, samples } };
}
