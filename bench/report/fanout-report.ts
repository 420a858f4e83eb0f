import type { FanoutCase, FanoutRun } from '../fanout.ts';
import { figure, medianOf } from './figures.ts';
import { table } from './table.ts';

/** What is to be reached: CPU by crowd and tick, and what holds for every crowd. */
const CPU_TARGETS = [
  { viewers: 1000, tickMs: 350, maxUs: 55 },
  { viewers: 1000, tickMs: 100, maxUs: 105 },
  { viewers: 5000, tickMs: 350, maxUs: 45 },
];
const MAX_KB_PER_VIEWER = 20;
const MAX_LOOP_PAUSE_MS = 20;
const MAX_FIRST_KEY_FRAME_MS = 5;
/** With fewer viewers the memory of the server itself, which comes and goes, is more than theirs. */
const FEWEST_FOR_MEMORY = 1000;

/** Load generators' publisher, kernel threads and the like stay below. */
const QUIET_PERCENT = 15;

interface FanoutMedians extends FanoutCase {
  cpuUsPerViewerS: number;
  memoryKbPerViewer: number;
  longestGapMs: number | null;
  loopPauseMs: number | null;
  firstKeyFrameMs: number | null;
  /** Sums over the repeats. */
  stalled: number;
  gone: number;
  badTags: number;
}

/** The medians of the repeats as a table, with the targets they meet or miss. */
export function fanoutReport(runs: readonly FanoutRun[]): { text: string; medians: FanoutMedians[] } {
  const groups = Map.groupBy(runs, ({ peer, protocol, viewers, tickMs }) => `${peer} ${protocol} ${viewers} ${tickMs}`);
  const medians = [...groups.values()].map(mediansOf);
  const rows = medians.map((one) => row(one, medians));
  const head = [
    'server',
    'protocol',
    'viewers',
    'tick ms',
    'CPU µs/viewer-s',
    '÷ nginx-rtmp',
    'KB/viewer',
    'longest gap ms',
    'loop pause ms',
    'first key frame ms',
    'stalled',
    'gone',
    'bad tags',
  ];
  const lines = [...targets(medians), ...disturbance(runs)];
  return { text: `${table(head, rows)}\n\n${lines.join('\n')}`, medians };
}

/** Other programs take caches and turns: what they cost the servers is in the figures. */
function disturbance(runs: readonly FanoutRun[]): string[] {
  const others = medianOf(
    runs.map(({ load }) => load.machineBusyPercent - load.cpuPercent - load.generatorCpuPercent),
  )!;
  if (others < QUIET_PERCENT) return [];
  return [`! Other work used ${others.toFixed(0)} % of a CPU meanwhile: on a quiet machine the figures are lower.`];
}

function mediansOf(runs: readonly FanoutRun[]): FanoutMedians {
  const { peer, protocol, viewers, tickMs } = runs[0]!;
  const sum = (of: (run: FanoutRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  return {
    peer,
    protocol,
    viewers,
    tickMs,
    cpuUsPerViewerS: medianOf(runs.map(({ load }) => load.cpuUsPerViewerS))!,
    memoryKbPerViewer: medianOf(runs.map(({ load }) => load.memoryKbPerViewer))!,
    longestGapMs: medianOf(runs.map(({ load }) => load.longestGapMs?.max)),
    loopPauseMs: medianOf(runs.map(({ loopPauseMs }) => loopPauseMs)),
    firstKeyFrameMs: medianOf(runs.map(({ probe }) => probe.firstKeyFrameMs?.median)),
    stalled: sum(({ load }) => load.stalled),
    gone: sum(({ load }) => load.dead),
    badTags: sum(({ load }) => load.badTags),
  };
}

function row(one: FanoutMedians, all: readonly FanoutMedians[]): string[] {
  const nginx = all.find(({ peer, viewers }) => peer === 'nginx-rtmp' && viewers === one.viewers);
  return [
    one.peer,
    one.protocol,
    String(one.viewers),
    one.tickMs === null ? '–' : one.tickMs === 0 ? 'adapts' : String(one.tickMs),
    figure(one.cpuUsPerViewerS),
    figure(nginx ? one.cpuUsPerViewerS / nginx.cpuUsPerViewerS : null),
    figure(one.memoryKbPerViewer),
    figure(one.longestGapMs),
    figure(one.loopPauseMs),
    figure(one.firstKeyFrameMs),
    String(one.stalled),
    String(one.gone),
    String(one.badTags),
  ];
}

function targets(medians: readonly FanoutMedians[]): string[] {
  const own = medians.filter(({ peer }) => peer === 'lianmai');
  if (own.length === 0) return [];
  const lines = CPU_TARGETS.flatMap(({ viewers, tickMs, maxUs }) =>
    own
      .filter((one) => one.viewers === viewers && one.tickMs === tickMs)
      .map((one) =>
        target(`CPU, ${one.protocol}, ${viewers} viewers, ${tickMs} ms: µs/viewer-s`, one.cpuUsPerViewerS, maxUs),
      ),
  );
  const worst = (of: (one: FanoutMedians) => number | null, among = own) => {
    const values = among.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : Math.max(...values);
  };
  const crowds = own.filter(({ viewers }) => viewers >= FEWEST_FOR_MEMORY);
  return [
    ...lines,
    target(
      'memory, worst case: KB/viewer',
      worst((one) => one.memoryKbPerViewer, crowds),
      MAX_KB_PER_VIEWER,
    ),
    target(
      'event loop held up, worst case: ms',
      worst((one) => one.loopPauseMs),
      MAX_LOOP_PAUSE_MS,
    ),
    target(
      'first key frame after the request, worst case: ms',
      worst((one) => one.firstKeyFrameMs),
      MAX_FIRST_KEY_FRAME_MS,
    ),
    target(
      'viewers stalled or gone',
      worst((one) => one.stalled + one.gone),
      0,
    ),
    target(
      'broken tags, or times that went back',
      worst((one) => one.badTags),
      0,
    ),
  ];
}

function target(what: string, value: number | null, max: number): string {
  const mark = value === null ? '?' : value <= max ? '✔' : '✖';
  return `${mark} ${what} ${figure(value)} (at most ${max})`;
}
