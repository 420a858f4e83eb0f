import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIX_CANVAS, MIX_SIZES, tilesOf } from './load/mix-canvas.ts';
import { type MixQuality, qualityOf } from './load/mix-quality.ts';
import type { MixLive } from './load/mix-run.ts';
import { MIX_CONTENTS, MIX_SOURCE, type MixContent, mixSourceFiles } from './load/mix-source.ts';
import type { BenchOptions } from './options.ts';
import { mixLive } from './peers/lianmai-mix.ts';
import type { MixPeer, MixTask } from './peers/mix-peer.ts';
import { chooseMixPeers } from './peers/peers.ts';
import { figure } from './report/figures.ts';
import { cpuPerSecond, mixReport } from './report/mix-report.ts';

export interface MixRun {
  peer: string;
  content: MixContent;
  inputs: number;
  repeat: number;
  /** CPU time of a run over {@link START_S} and `measureS` seconds, and of one over {@link START_S}: what starting costs. */
  longS: number;
  shortS: number;
  measureS: number;
  peakMb: number;
  /** Of the first repeat: the others make the same. */
  quality: MixQuality | null;
}

export interface MixLiveRun extends MixLive {
  mixes: number;
  inputs: number;
}

const START_S = 5;
/** Sizes that are mixed of patterns, too. */
const HARD_SIZES: readonly number[] = [4, 9];
const LONGEST_S = 20;
const LIVE_INPUTS = 4;
/** Of a core: as full as one would let it get. */
const LIVE_LOAD = 0.8;

/** `npm run bench mix`: what mixing costs for so many inputs at which quality, beside ffmpeg and GStreamer. */
export async function benchMix(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const measureS = Math.min(LONGEST_S, options.measureS ?? (options.quick ? 8 : LONGEST_S));
  const sizes = options.inputs ?? (options.quick ? [4, 9] : [...MIX_SIZES]);
  const peers = chooseMixPeers(options.servers);
  const { width, height, fps, videoKbps } = MIX_CANVAS;
  const source = `${MIX_SOURCE.width}x${MIX_SOURCE.height}@${MIX_SOURCE.fps}`;
  console.log(`mix: ${source} → ${width}x${height}@${fps} ${videoKbps} kbit/s, ${repeats} × ${measureS} s each`);
  const most = Math.max(...sizes, LIVE_INPUTS);
  const files = {
    people: await mixSourceFiles('people', most, LONGEST_S + START_S),
    patterns: await mixSourceFiles('patterns', most, LONGEST_S + START_S),
  };
  const cases = MIX_CONTENTS.flatMap((content) =>
    sizes.filter((size) => content === 'people' || HARD_SIZES.includes(size)).map((inputs) => ({ content, inputs })),
  );
  const runs: MixRun[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const { content, inputs } of cases)
      for (const peer of peers) {
        const measured = await measure(peer, files[content].slice(0, inputs), { measureS, withQuality: repeat === 1 });
        const run = { peer: peer.name, content, inputs, repeat, ...measured };
        runs.push(run);
        console.log(progress(run));
      }
  const live = await measureLive(runs, files.people.slice(0, LIVE_INPUTS), measureS);
  const report = mixReport(runs, live);
  const json = { source: MIX_SOURCE, canvas: MIX_CANVAS, measureS, repeats, figures: report.figures, live, runs };
  return { text: report.text, json };
}

async function measure(
  peer: MixPeer,
  inputs: readonly string[],
  { measureS, withQuality }: { measureS: number; withQuality: boolean },
): Promise<Omit<MixRun, 'peer' | 'content' | 'inputs' | 'repeat'>> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-mix-'));
  try {
    const task: MixTask = {
      inputs,
      tiles: tilesOf(inputs.length),
      seconds: measureS + START_S,
      output: join(folder, 'mix.flv'),
    };
    const short = await peer.mix({ ...task, seconds: START_S });
    const long = await peer.mix(task);
    return {
      longS: long.cpuS,
      shortS: short.cpuS,
      measureS,
      peakMb: long.peakMb,
      quality: withQuality ? await qualityOf(task) : null,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As many mixes at a time as fill a core to four fifths; null when the mixer takes no part. */
async function measureLive(
  runs: readonly MixRun[],
  inputs: readonly string[],
  seconds: number,
): Promise<MixLiveRun | null> {
  const own = runs.filter((run) => run.peer === 'lianmai' && run.content === 'people' && run.inputs === inputs.length);
  if (own.length === 0) return null;
  const mixes = Math.max(1, Math.floor(LIVE_LOAD / cpuPerSecond(own)));
  const live = await mixLive({ inputs, tiles: tilesOf(inputs.length), preset: 'quality', mixes, seconds });
  return { ...live, mixes, inputs: inputs.length };
}

function progress(run: MixRun): string {
  const { peer, content, inputs, repeat, quality } = run;
  const seen = quality ? `, ${figure(quality.psnr)} dB` : '';
  return `  ${repeat}. ${peer} ${inputs} × ${content}: ${cpuPerSecond([run]).toFixed(3)} CPU-s/s${seen}`;
}
