import { join } from 'node:path';
import { spawnWithFiles } from '../processes.ts';
import { Generator } from './generators.ts';

export interface WatchTask {
  /** HTTP-FLV. */
  urls: readonly string[];
  /** Time of one picture. */
  pictureMs: number;
  warmS: number;
  measureS: number;
}

/** How punctual the pictures of some streams came, measured by the most punctual one of each. */
export interface Watched {
  pictures: number;
  /** By more than one picture's time. */
  late: number;
  longestMs: number;
}

/** One viewer of each stream: says `watching`, then `watched`, and stays until disposed. */
export function watchMixes(task: WatchTask): Generator {
  const program = join(import.meta.dirname, 'mix-watch.ts');
  const args = [program, JSON.stringify(task)];
  return new Generator(spawnWithFiles(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
}
