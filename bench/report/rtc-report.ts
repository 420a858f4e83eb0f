import type { RtcRun } from '../rtc.ts';
import { figure, medianOf } from './figures.ts';
import { table } from './table.ts';

/** What is to be reached with every crowd. */
const MAX_CPU_US = 9;
const MIN_TIMES_JANUS = 2.5;
const MAX_MB_PER_VIEWER = 0.25;
/** With fewer viewers the memory of the server itself, which comes and goes, is more than theirs. */
const FEWEST_FOR_MEMORY = 200;

interface RtcMedians {
  peer: string;
  viewers: number;
  cpuUsPerPacket: number;
  packetsPerViewerS: number;
  viewersPerCore: number;
  memoryMbPerViewer: number;
  firstPacketMs: number | null;
  firstKeyFrameMs: number | null;
  /** Of all repeats, as are those gone. */
  lostPercent: number;
  gone: number;
}

/** The medians of the repeats as a table, with the targets they meet or miss. */
export function rtcReport(runs: readonly RtcRun[]): { text: string; medians: RtcMedians[] } {
  const medians = [...Map.groupBy(runs, ({ peer, viewers }) => `${peer} ${viewers}`).values()].map(mediansOf);
  const head = [
    'server',
    'viewers',
    'CPU µs/packet',
    '÷ janus',
    'packets/viewer-s',
    'viewers/core',
    'MB/viewer',
    'first packet ms',
    'first key frame ms',
    'lost %',
    'gone',
  ];
  const rows = medians.map((one) => [
    one.peer,
    String(one.viewers),
    figure(one.cpuUsPerPacket),
    figure(ofJanus(one, medians)),
    figure(one.packetsPerViewerS),
    String(one.viewersPerCore),
    figure(one.memoryMbPerViewer),
    figure(one.firstPacketMs),
    figure(one.firstKeyFrameMs),
    figure(one.lostPercent),
    String(one.gone),
  ]);
  return { text: [table(head, rows), '', ...targets(medians)].join('\n'), medians };
}

function mediansOf(runs: readonly RtcRun[]): RtcMedians {
  const { peer, viewers } = runs[0]!;
  const median = (of: (run: RtcRun) => number | undefined) => medianOf(runs.map(of));
  const sum = (of: (run: RtcRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  return {
    peer,
    viewers,
    cpuUsPerPacket: median(({ load }) => load.cpuUsPerPacket)!,
    packetsPerViewerS: median(({ load }) => load.packetsPerViewerS)!,
    viewersPerCore: median(({ load }) => load.viewersPerCore)!,
    memoryMbPerViewer: median(({ load }) => load.memoryMbPerViewer)!,
    firstPacketMs: median(({ probe }) => probe.firstPacketMs?.median),
    firstKeyFrameMs: median(({ probe }) => probe.firstKeyFrameMs?.median),
    lostPercent: (sum(({ load }) => load.lostPackets) / sum(({ load }) => load.packets)) * 100,
    gone: sum(({ load }) => load.gone),
  };
}

/** CPU per packet as a share of Janus' with as many viewers; null when it did not take part. */
const ofJanus = (one: RtcMedians, all: readonly RtcMedians[]) => shareOf('janus', one, all);

function shareOf(peer: string, one: RtcMedians, all: readonly RtcMedians[]): number | null {
  const other = all.find((of) => of.peer === peer && of.viewers === one.viewers);
  return other ? one.cpuUsPerPacket / other.cpuUsPerPacket : null;
}

function targets(medians: readonly RtcMedians[]): string[] {
  const own = medians.filter(({ peer }) => peer === 'lianmai');
  const lines = own.map((one) => {
    const what = `CPU, ${one.viewers} viewers: µs/packet ${figure(one.cpuUsPerPacket)} (at most ${MAX_CPU_US})`;
    return `${mark(one.cpuUsPerPacket <= MAX_CPU_US)} ${what}`;
  });
  const shares = own.flatMap((one) => ofJanus(one, medians) ?? []);
  if (shares.length > 0) {
    const times = 1 / Math.max(...shares);
    lines.push(
      `${mark(times >= MIN_TIMES_JANUS)} Janus' CPU ÷ ours, worst case: ${figure(times)} (at least ${MIN_TIMES_JANUS})`,
    );
  }
  lines.push(...floor(medians));
  const crowds = own.filter(({ viewers }) => viewers >= FEWEST_FOR_MEMORY).map((one) => one.memoryMbPerViewer);
  if (crowds.length > 0) {
    const worst = Math.max(...crowds);
    lines.push(
      `${mark(worst <= MAX_MB_PER_VIEWER)} memory, worst case: MB/viewer ${figure(worst)} (at most ${MAX_MB_PER_VIEWER})`,
    );
  }
  return lines;
}

/** What the native transport takes alone: no target can be below. */
function floor(medians: readonly RtcMedians[]): string[] {
  return medians
    .filter(({ peer }) => peer === 'bare-transport')
    .map((bare) => {
      const own = medians.find(({ peer, viewers }) => peer === 'lianmai' && viewers === bare.viewers);
      const above = own ? `, ours ${figure(own.cpuUsPerPacket - bare.cpuUsPerPacket)} more` : '';
      const share = ofJanus(bare, medians);
      const times = share === null ? '' : `, Janus' CPU ÷ its ${figure(1 / share)}`;
      return `  the bare transport, ${bare.viewers} viewers: µs/packet ${figure(bare.cpuUsPerPacket)}${above}${times}`;
    });
}

const mark = (isMet: boolean) => (isMet ? '✔' : '✖');
