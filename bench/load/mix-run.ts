/**
 * The server's mixer in a process of its own, to be measured: `mix-run.ts cost JSON` makes one mix as fast as it goes,
 * `mix-run.ts live JSON` makes some as time goes by, and says how well it kept to it.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { flvFileHeader, writeFlvTag } from '../../packages/media/src/flv/index.ts';
import type { AudioFrame, VideoFrame } from '../../packages/media/src/index.ts';
import { OutputSchedule } from '../../packages/server/src/mixer/job/output-schedule.ts';
import { BLOCK_MS, SAMPLES_PER_MS } from '../../packages/server/src/mixer/sound/planes.ts';
import type { MixTask } from '../peers/mix-peer.ts';
import { median } from '../report/figures.ts';
import { MIX_CANVAS } from './mix-canvas.ts';
import { MixEngine, type MixPreset } from './mix-engine.ts';
import { MixInputFile } from './mix-inputs.ts';

export interface MixLiveTask {
  inputs: readonly string[];
  tiles: MixTask['tiles'];
  preset: MixPreset;
  /** Mixes of the same inputs at a time. */
  mixes: number;
  seconds: number;
}

export interface MixLive {
  /** Of one core. */
  cpuPercent: number;
  pictures: number;
  /** Encoded more than one picture's time after they were due, or left out. */
  latePictures: number;
  underruns: number;
  /** From an input's frame to the output's that shows it, encoded: medians. */
  delayMs: number;
  memoryMb: number;
}

const [mode, json = ''] = process.argv.slice(2);
if (mode === 'cost') makeOne(JSON.parse(json));
else if (mode === 'live') console.log(JSON.stringify(await makeLive(JSON.parse(json))));
else throw new Error('mix-run.ts takes cost or live, and a task');

function makeOne({ inputs, tiles, seconds, output, preset }: MixTask & { preset: MixPreset }): void {
  // Each picture of the output shows the inputs' pictures of the same time, so that they can be compared.
  const engine = new MixEngine({ tiles, preset, playhead: { playheadMs: (nowMs) => nowMs } });
  const files = inputs.map((file) => new MixInputFile(file));
  const out = openSync(output, 'w');
  const write = (frame: VideoFrame | AudioFrame) => writeSync(out, writeFlvTag(frame));
  const frameOf = {
    video: { track: 'video', codec: 'h264', cts: 0 },
    audio: { track: 'audio', codec: 'aac', cts: 0 },
  } as const;
  writeSync(out, flvFileHeader(true, true));
  write({ ...frameOf.video, type: 'config', dts: 0, data: engine.pictureConfig });
  write({ ...frameOf.audio, type: 'config', dts: 0, data: engine.soundConfig });
  let blocks = 0;
  for (let index = 0; index < seconds * MIX_CANVAS.fps; index++) {
    const nowMs = (index * 1000) / MIX_CANVAS.fps;
    for (const [i, file] of files.entries())
      for (let frame = file.take(nowMs); frame; frame = file.take(nowMs)) engine.take(i, frame, nowMs);
    const encoded = engine.picture(index, nowMs);
    if (encoded) write({ ...frameOf.video, type: encoded.type, dts: nowMs, data: encoded.data });
    for (; blocks * BLOCK_MS <= nowMs; blocks++)
      for (const { ptsSamples, data } of engine.block(blocks * BLOCK_MS))
        write({ ...frameOf.audio, type: 'key', dts: Math.max(0, ptsSamples / SAMPLES_PER_MS), data });
  }
  engine.close();
  closeSync(out);
}

interface LiveMix {
  engine: MixEngine;
  schedule: OutputSchedule;
  files: MixInputFile[];
  startMs: number;
  /** From when a picture was due to its being encoded, ms. */
  madeAfterMs: number[];
}

async function makeLive({ inputs, tiles, preset, mixes, seconds }: MixLiveTask): Promise<MixLive> {
  const { fps } = MIX_CANVAS;
  const now = () => performance.now();
  const beginMs = now() + 200;
  const all = Array.from({ length: mixes }, (_, i): LiveMix => {
    // Mixes do not begin in the same moment, and their inputs not either.
    const startMs = beginMs + (i * 1000) / fps / mixes;
    return {
      engine: new MixEngine({ tiles, preset, playhead: null }),
      schedule: new OutputSchedule({ fps, blockMs: BLOCK_MS, startMs, now }),
      files: inputs.map((file) => new MixInputFile(file)),
      startMs,
      madeAfterMs: [],
    };
  });
  const before = process.cpuUsage();
  while (now() < beginMs + seconds * 1000) {
    for (const mix of all) {
      deliver(mix, now());
      mix.schedule.run({
        picture: (index, atMs) => {
          if (mix.engine.picture(index, atMs)) mix.madeAfterMs.push(now() - atMs);
        },
        block: (atMs) => void mix.engine.block(atMs),
      });
    }
    const nextMs = Math.min(...all.map(({ schedule }) => schedule.nextMs));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(5, nextMs - now()))));
  }
  const used = process.cpuUsage(before);
  const madeAfterMs = all.flatMap((mix) => mix.madeAfterMs);
  const due = mixes * seconds * fps;
  const delays = all.flatMap(({ engine }) => engine.delaysMs);
  const result = {
    cpuPercent: (used.user + used.system) / 10_000 / (seconds + 0.2),
    pictures: due,
    latePictures: due - madeAfterMs.filter((ms) => ms <= 1000 / fps).length,
    underruns: all.reduce((sum, { engine }) => sum + engine.underruns, 0),
    delayMs: median(delays) + median(madeAfterMs),
    memoryMb: process.memoryUsage.rss() / 2 ** 20,
  };
  for (const { engine } of all) engine.close();
  return result;
}

/** Inputs' frames arrive when their time has come, each input a little later than the one before. */
function deliver({ engine, files, startMs }: LiveMix, nowMs: number): void {
  for (const [i, file] of files.entries()) {
    const sinceMs = nowMs - startMs - i * 9;
    for (let frame = file.take(sinceMs); frame; frame = file.take(sinceMs)) engine.take(i, frame, nowMs);
  }
}
