import type { MixContent } from '../load/mix-source.ts';
import type { MixLiveRun, MixRun } from '../mix.ts';
import { figure, medianOf } from './figures.ts';
import { table } from './table.ts';

/** What is to be reached: CPU as a share of ffmpeg's, at how much less quality. */
const TARGETS = [
  { peer: 'lianmai', inputs: 4, share: 0.8, lessDb: 0.3 },
  { peer: 'lianmai', inputs: 9, share: 0.7, lessDb: 0.3 },
  { peer: 'lianmai-economy', inputs: 4, share: 0.65, lessDb: 0.7 },
  { peer: 'lianmai-economy', inputs: 9, share: 0.65, lessDb: 0.7 },
] as const;
const ROOM = 4;
const LEAST_INPUTS_PER_CORE = 18;
const MOST_MB = 160;
const LEAST_ON_TIME_PERCENT = 99.9;
const MOST_DELAY_MS = 80;

interface MixFigures {
  peer: string;
  content: MixContent;
  inputs: number;
  cpuPerS: number;
  inputsPerCore: number;
  peakMb: number;
  psnr: number | null;
  ssim: number | null;
  videoKbps: number | null;
}

/** The repeats' figures as a table, with the targets they meet or miss. */
export function mixReport(runs: readonly MixRun[], live: MixLiveRun | null): { text: string; figures: MixFigures[] } {
  const figures = [...Map.groupBy(runs, ({ peer, content, inputs }) => `${peer} ${content} ${inputs}`).values()].map(
    figuresOf,
  );
  const head = [
    'mixer',
    'inputs',
    'of',
    'CPU-s/s',
    '÷ ffmpeg',
    'inputs/core',
    'PSNR dB',
    '− ffmpeg',
    'SSIM',
    'kbit/s',
    'MB',
  ];
  const rows = figures.map((one) => {
    const ffmpeg = ffmpegOf(one, figures);
    return [
      one.peer,
      String(one.inputs),
      one.content,
      one.cpuPerS.toFixed(3),
      figure(ffmpeg && one.cpuPerS / ffmpeg.cpuPerS),
      figure(one.inputsPerCore),
      figure(one.psnr),
      figure(ffmpeg && lessDb(one, ffmpeg)),
      one.ssim?.toFixed(3) ?? '–',
      figure(one.videoKbps),
      figure(one.peakMb),
    ];
  });
  return { text: [table(head, rows), '', ...targets(figures), ...liveTargets(live)].join('\n'), figures };
}

/** Of repeats of one case. The least each took: other work on the machine makes it more, by its caches, and never less. */
export function cpuPerSecond(runs: readonly MixRun[]): number {
  const least = (of: (run: MixRun) => number) => Math.min(...runs.map(of));
  return (least(({ longS }) => longS) - least(({ shortS }) => shortS)) / runs[0]!.measureS;
}

function figuresOf(runs: readonly MixRun[]): MixFigures {
  const { peer, content, inputs } = runs[0]!;
  const median = (of: (run: MixRun) => number | undefined) => medianOf(runs.map(of));
  const cpuPerS = cpuPerSecond(runs);
  return {
    peer,
    content,
    inputs,
    cpuPerS,
    inputsPerCore: inputs / cpuPerS,
    peakMb: median((run) => run.peakMb)!,
    psnr: median(({ quality }) => quality?.psnr),
    ssim: median(({ quality }) => quality?.ssim),
    videoKbps: median(({ quality }) => quality?.videoKbps),
  };
}

/** ffmpeg's mix of as many inputs; null when it took no part. */
const ffmpegOf = ({ content, inputs }: MixFigures, all: readonly MixFigures[]) =>
  all.find((one) => one.peer === 'ffmpeg' && one.content === content && one.inputs === inputs) ?? null;

/** How much better than ffmpeg's, dB; null when one was not compared. */
const lessDb = (one: MixFigures, ffmpeg: MixFigures) =>
  one.psnr === null || ffmpeg.psnr === null ? null : one.psnr - ffmpeg.psnr;

function targets(figures: readonly MixFigures[]): string[] {
  const lines = TARGETS.flatMap((target) => {
    const found = figures.filter(({ peer, inputs }) => peer === target.peer && inputs === target.inputs);
    return found.flatMap((one) => targetLine(one, ffmpegOf(one, figures), target) ?? []);
  });
  const room = figures.find(
    ({ peer, content, inputs }) => peer === 'lianmai' && content === 'people' && inputs === ROOM,
  );
  if (!room) return lines;
  const { inputsPerCore, peakMb } = room;
  return [
    ...lines,
    `${mark(inputsPerCore >= LEAST_INPUTS_PER_CORE)} inputs per core in rooms of ${ROOM}: ${figure(inputsPerCore)} (at least ${LEAST_INPUTS_PER_CORE})`,
    `${mark(peakMb < MOST_MB)} memory of a mix of ${ROOM}: ${figure(peakMb)} MB (under ${MOST_MB})`,
  ];
}

function targetLine(
  one: MixFigures,
  ffmpeg: MixFigures | null,
  { share: most, lessDb: worst }: { share: number; lessDb: number },
): string | null {
  if (!ffmpeg) return null;
  const share = one.cpuPerS / ffmpeg.cpuPerS;
  const better = lessDb(one, ffmpeg) ?? Number.NaN;
  const what = `${one.peer}, ${one.inputs} × ${one.content}: CPU ÷ ffmpeg's ${figure(share)} (at most ${most})`;
  return `${mark(share <= most && better >= -worst)} ${what}, PSNR ${figure(better)} dB (at least −${worst})`;
}

function liveTargets(live: MixLiveRun | null): string[] {
  if (!live) return [];
  const { mixes, inputs, cpuPercent, pictures, latePictures, delayMs, underruns } = live;
  const onTime = (1 - latePictures / pictures) * 100;
  const load = `${mixes} mixes of ${inputs} in one process at ${figure(cpuPercent)} % of a core`;
  return [
    `${mark(onTime >= LEAST_ON_TIME_PERCENT)} ${load}: ${onTime.toFixed(2)} % of pictures out within one picture's time (at least ${LEAST_ON_TIME_PERCENT})`,
    `${mark(delayMs < MOST_DELAY_MS)} delay added, median: ${figure(delayMs)} ms (under ${MOST_DELAY_MS}); sound missing ${underruns} times`,
  ];
}

const mark = (isMet: boolean) => (isMet ? '✔' : '✖');
