import type { MixLoadRun } from '../mix-load.ts';
import { figure } from './figures.ts';
import { table } from './table.ts';

const LEAST_INPUTS_PER_CORE = 18;
const LEAST_ON_TIME_PERCENT = 99.9;
/** Mixes tell how they are once a second: what a window lacks by no more than that may only have been told of before or after it. */
const TOLD_EVERY_S = 1;

interface MixLoadFigures {
  kind: string;
  rooms: number;
  /** Cores of the mixers, for one room with all its pictures. */
  cpuPerRoom: number;
  allCpuPerRoom: number;
  inputsPerCore: number;
  /** Of a core, for each mixer. */
  loadPercent: number;
  onTimePercent: number;
  seenOnTimePercent: number;
  seenLongestMs: number;
  mbPerRoom: number;
}

/** What rooms cost and how punctual they were, with the targets they meet or miss. */
export function mixLoadReport(runs: readonly MixLoadRun[]): { text: string; figures: MixLoadFigures[] } {
  const figures = runs.map(figuresOf);
  const head = [
    ...['rooms of', 'rooms', 'mixer %', 'CPU-s/s per room', 'with all processes', 'inputs/core'],
    ...['on time %', 'seen on time %', 'longest ms', 'MB/room'],
  ];
  const rows = figures.map((one) => [
    one.kind,
    String(one.rooms),
    figure(one.loadPercent),
    one.cpuPerRoom.toFixed(3),
    one.allCpuPerRoom.toFixed(3),
    figure(one.inputsPerCore),
    one.onTimePercent.toFixed(2),
    one.seenOnTimePercent.toFixed(2),
    figure(one.seenLongestMs),
    figure(one.mbPerRoom),
  ]);
  return { text: [table(head, rows), '', ...figures.flatMap(targets), ...runs.flatMap(refusals)].join('\n'), figures };
}

function figuresOf({ kind, rooms, inputs, mixers, measureS, fps, watched, ...run }: MixLoadRun): MixLoadFigures {
  const perSecond = rooms * fps;
  const due = perSecond * measureS;
  // A mixer that is too slow makes fewer pictures, and does not call those late that it did not mean to make.
  const unmade = beyond(due - run.frames, perSecond * TOLD_EVERY_S);
  const late = Math.max(run.lateFrames, unmade);
  // As if all pictures had been made: those left out cost next to nothing.
  const all = due / Math.max(1, due - unmade);
  const cpuPerRoom = (run.mixerCpuS / measureS / rooms) * all;
  // A window begins and ends between two pictures of each room.
  const seenLate = watched.late + beyond(due - watched.pictures, rooms);
  return {
    kind,
    rooms,
    cpuPerRoom,
    allCpuPerRoom: (run.serverCpuS / measureS / rooms) * all,
    inputsPerCore: inputs / cpuPerRoom,
    loadPercent: (run.mixerCpuS / measureS / mixers) * 100,
    onTimePercent: (1 - late / due) * 100,
    seenOnTimePercent: (1 - seenLate / due) * 100,
    seenLongestMs: watched.longestMs,
    mbPerRoom: run.mixerMb / rooms,
  };
}

/** What is missing, when it is more than can be missing by chance. */
const beyond = (missing: number, byChance: number) => (missing > byChance ? missing : 0);

function targets({ kind, inputsPerCore, onTimePercent, seenOnTimePercent, loadPercent }: MixLoadFigures): string[] {
  const onTime = Math.min(onTimePercent, seenOnTimePercent);
  return [
    `${mark(inputsPerCore >= LEAST_INPUTS_PER_CORE)} ${kind}: ${figure(inputsPerCore)} inputs per core (at least ${LEAST_INPUTS_PER_CORE})`,
    `${mark(onTime >= LEAST_ON_TIME_PERCENT)} ${kind}: ${onTime.toFixed(2)} % of pictures out within one picture's time at ${figure(loadPercent)} % of a core (at least ${LEAST_ON_TIME_PERCENT})`,
  ];
}

const refusals = ({ kind, refused }: MixLoadRun): string[] =>
  refused > 0 ? [`${kind}: ${refused} more rooms were not let in`] : [];

const mark = (isMet: boolean) => (isMet ? '✔' : '✖');
