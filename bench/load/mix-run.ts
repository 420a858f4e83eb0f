/**
 * The server's mixer in a process of its own, to be measured: `mix-run.ts cost JSON` makes one mix as fast as it goes,
 * `mix-run.ts live JSON` makes some in the time that a core of its own would take, and says how well it keeps to it.
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
import { OwnTime } from './own-time.ts';

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
  /** Encoded more than one picture's time after they were due. */
  latePictures: number;
  underruns: number;
  /** From an input's frame to the output's that shows it, encoded: medians. */
  delayMs: number;
  memoryMb: number;
}

/** Frames arrive for so long before the first picture. */
const WARM_MS = 200;
/** Inputs send at different moments. */
const INPUTS_APART_MS = 9;

const [mode, json = ''] = process.argv.slice(2);
if (mode === 'cost') makeOne(JSON.parse(json));
else if (mode === 'live') console.log(JSON.stringify(makeLive(JSON.parse(json))));
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

function makeLive({ inputs, tiles, preset, mixes, seconds }: MixLiveTask): MixLive {
  const { fps } = MIX_CANVAS;
  const time = new OwnTime();
  const files = Array.from({ length: mixes }, () => inputs.map((file) => new MixInputFile(file)));
  const beginMs = time.now() + 500;
  const all = files.map((its, i): LiveMix => {
    // Mixes do not begin in the same moment.
    const startMs = beginMs + (i * 1000) / fps / mixes;
    return {
      engine: new MixEngine({ tiles, preset, playhead: null }),
      // The first picture comes when inputs have shown something.
      schedule: new OutputSchedule({ fps, blockMs: BLOCK_MS, startMs: startMs + WARM_MS, now: time.now }),
      files: its,
      startMs,
      madeAfterMs: [],
    };
  });
  time.sleepUntil(beginMs);
  const before = process.cpuUsage();
  const endMs = beginMs + WARM_MS + seconds * 1000;
  while (time.now() < endMs) {
    for (const mix of all) turn(mix, time.now);
    time.sleepUntil(Math.min(...all.map(nextMs)));
  }
  const used = process.cpuUsage(before);
  const madeAfterMs = all.flatMap((mix) => mix.madeAfterMs);
  const result = {
    cpuPercent: (used.user + used.system) / 10 / (time.now() - beginMs),
    pictures: all.reduce((sum, { schedule }) => sum + schedule.made, 0),
    latePictures: madeAfterMs.filter((ms) => ms > 1000 / fps).length,
    underruns: all.reduce((sum, { engine }) => sum + engine.underruns, 0),
    delayMs: median(all.flatMap(({ engine }) => engine.delaysMs)) + median(madeAfterMs),
    memoryMb: process.memoryUsage.rss() / 2 ** 20,
  };
  for (const { engine } of all) engine.close();
  return result;
}

/** What one mix has to do now. */
function turn({ engine, schedule, files, startMs, madeAfterMs }: LiveMix, now: () => number): void {
  for (const [i, file] of files.entries()) {
    const offsetMs = startMs + i * INPUTS_APART_MS;
    const nowMs = now();
    for (let frame = file.take(nowMs - offsetMs); frame; frame = file.take(nowMs - offsetMs))
      engine.take(i, frame, nowMs);
  }
  schedule.run({
    picture: (index, atMs) => {
      if (engine.picture(index, atMs)) madeAfterMs.push(now() - atMs);
    },
    block: (atMs) => void engine.block(atMs),
  });
}

function nextMs({ schedule, files, startMs }: LiveMix): number {
  return Math.min(schedule.nextMs, ...files.map((file, i) => startMs + i * INPUTS_APART_MS + file.nextMs));
}
