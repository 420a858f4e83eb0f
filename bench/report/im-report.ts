import type { ImRun } from '../im.ts';
import { figure, medianOf } from './figures.ts';
import { table } from './table.ts';

/** What is to be reached. */
const MIN_DELIVERIES_PER_S = 400_000;
const MAX_P99_MS = 250;
const MIN_TIMES_SOCKET_IO = 5;
const MAX_KB_PER_SOCKET = 12;
/** The crowd that the first two are about; with fewer, the memory of the server itself is more than theirs. */
const LARGE = 10_000;
/** A room of so many gets no more than is said: a few are on their way at either end of the measurement. */
const NEARLY = 0.99;

interface ImMedians {
  peer: string;
  sockets: number;
  deliveriesPerS: number;
  cpuUsPerDelivery: number;
  deliveriesPerCoreS: number;
  p50Ms: number;
  p99Ms: number;
  kbPerSocket: number;
  kbPerSocketAll: number;
}

/** The medians of the repeats as a table, with the targets they meet or miss. */
export function imReport(runs: readonly ImRun[]): { text: string; medians: ImMedians[] } {
  const medians = [...Map.groupBy(runs, ({ peer, sockets }) => `${peer} ${sockets}`).values()].map(mediansOf);
  const head = [
    'server',
    'sockets',
    'deliveries/s',
    'CPU µs/delivery',
    'deliveries/s per core',
    'p50 ms',
    'p99 ms',
    'KB/socket',
    'KB/socket, all processes',
  ];
  const rows = medians.map((one) => [
    one.peer,
    String(one.sockets),
    one.deliveriesPerS.toFixed(0),
    figure(one.cpuUsPerDelivery),
    one.deliveriesPerCoreS.toFixed(0),
    one.p50Ms.toFixed(0),
    one.p99Ms.toFixed(0),
    figure(one.kbPerSocket),
    figure(one.kbPerSocketAll),
  ]);
  return { text: [table(head, rows), '', ...targets(medians)].join('\n'), medians };
}

function mediansOf(runs: readonly ImRun[]): ImMedians {
  const { peer, sockets } = runs[0]!;
  const median = (of: (run: ImRun) => number) => medianOf(runs.map(of)) ?? 0;
  const cpuUsPerDelivery = median(({ load }) => load.cpuUsPerDelivery);
  return {
    peer,
    sockets,
    deliveriesPerS: median(({ load }) => load.deliveriesPerS),
    cpuUsPerDelivery,
    deliveriesPerCoreS: 1e6 / cpuUsPerDelivery,
    p50Ms: median(({ load }) => load.delayMs.p50),
    p99Ms: median(({ load }) => load.delayMs.p99),
    kbPerSocket: median(({ workerKbPerSocket }) => workerKbPerSocket),
    kbPerSocketAll: median(({ load }) => load.memoryKbPerClient),
  };
}

function targets(medians: readonly ImMedians[]): string[] {
  const lines: string[] = [];
  for (const one of medians.filter(({ peer }) => peer === 'lianmai')) {
    const others = medians.find(({ peer, sockets }) => peer === 'socket.io' && sockets === one.sockets);
    if (one.sockets >= LARGE) {
      const isMet = one.deliveriesPerS >= MIN_DELIVERIES_PER_S * NEARLY && one.p99Ms < MAX_P99_MS;
      lines.push(
        `${mark(isMet)} ${one.sockets} sockets: ${one.deliveriesPerS.toFixed(0)} deliveries/s (${MIN_DELIVERIES_PER_S}), p99 ${one.p99Ms} ms (under ${MAX_P99_MS})`,
      );
      lines.push(
        `${mark(one.kbPerSocket <= MAX_KB_PER_SOCKET)} KB/socket ${figure(one.kbPerSocket)} (at most ${MAX_KB_PER_SOCKET})`,
      );
    }
    if (!others) continue;
    const times = others.cpuUsPerDelivery / one.cpuUsPerDelivery;
    lines.push(
      `${mark(times >= MIN_TIMES_SOCKET_IO)} ${one.sockets} sockets: Socket.IO's CPU ÷ ours ${figure(times)} (at least ${MIN_TIMES_SOCKET_IO})`,
    );
  }
  return lines;
}

const mark = (isMet: boolean) => (isMet ? '✔' : '✖');
