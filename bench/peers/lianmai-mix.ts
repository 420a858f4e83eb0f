import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MixPreset } from '../load/mix-engine.ts';
import type { MixLive, MixLiveTask } from '../load/mix-run.ts';
import { type MixPeer, runTimed } from './mix-peer.ts';

const PROGRAM = join(import.meta.dirname, '..', 'load', 'mix-run.ts');

/** This repository's mixer in a process of its own. */
export const lianmaiMix = (preset: MixPreset): MixPeer => ({
  name: preset === 'quality' ? 'lianmai' : `lianmai-${preset}`,
  missing: () => null,
  mix: (task) => runTimed(process.execPath, [PROGRAM, 'cost', JSON.stringify({ ...task, preset })]),
});

/** Makes mixes as time goes by. */
export async function mixLive(task: MixLiveTask): Promise<MixLive> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'live', JSON.stringify(task)]);
  return JSON.parse(stdout) as MixLive;
}
