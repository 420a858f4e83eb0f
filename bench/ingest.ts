import { type PublisherMeasurement, startPublishers } from './load/generators.ts';
import { SOURCE } from './load/source.ts';
import type { BenchOptions } from './options.ts';
import { choosePeers } from './peers/peers.ts';
import type { Peer } from './peers/server.ts';
import { figure, medianOf } from './report/figures.ts';
import { table } from './report/table.ts';

interface IngestRun {
  peer: string;
  publishers: number;
  repeat: number;
  load: PublisherMeasurement;
}

interface IngestMedians {
  peer: string;
  publishers: number;
  cpuUsPerPublisherS: number;
  /** How many would fill one core at this cost. */
  publishersPerCore: number;
  memoryKbPerPublisher: number;
  lateMs: number;
  gone: number;
}

const WARM_S = 4;

/** `npm run bench ingest`: what a publisher costs, and how many a core takes, beside nginx-rtmp. */
export async function benchIngest(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const measureS = options.measureS ?? (options.quick ? 5 : 10);
  const counts = options.publishers ?? (options.quick ? [50] : [50, 200]);
  const peers = choosePeers(options.servers);
  console.log(
    `ingest: RTMP publishers of ${SOURCE.totalKbps} kbit/s each, nobody watches, ${repeats} × ${measureS} s each`,
  );
  const runs: IngestRun[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const peer of peers) {
      for (const publishers of counts) {
        const load = await measure(peer, publishers, measureS);
        runs.push({ peer: peer.name, publishers, repeat, load });
        console.log(
          `  ${repeat}. ${peer.name} ${publishers} publishers: ${figure(load.cpuUsPerPublisherS)} µs/publisher-s`,
        );
      }
    }
  const medians = [...Map.groupBy(runs, ({ peer, publishers }) => `${peer} ${publishers}`).values()].map(mediansOf);
  return { text: report(medians), json: { source: SOURCE, measureS, repeats, medians, runs } };
}

async function measure(peer: Peer, publishers: number, measureS: number): Promise<PublisherMeasurement> {
  await using server = await peer.start(null);
  const streams = await server.streams(publishers);
  const targets = streams.map(({ push }) => push);
  await using load = await startPublishers(server.rtmpPort, targets, { pids: server.pids, warmS: WARM_S, measureS });
  return await load.next<PublisherMeasurement>('measured');
}

function mediansOf(runs: readonly IngestRun[]): IngestMedians {
  const { peer, publishers } = runs[0]!;
  const cpuUsPerPublisherS = medianOf(runs.map(({ load }) => load.cpuUsPerPublisherS))!;
  return {
    peer,
    publishers,
    cpuUsPerPublisherS,
    publishersPerCore: Math.floor(1e6 / cpuUsPerPublisherS),
    memoryKbPerPublisher: medianOf(runs.map(({ load }) => load.memoryKbPerPublisher))!,
    lateMs: medianOf(runs.map(({ load }) => load.lateMs.max))!,
    gone: runs.reduce((total, { load }) => total + load.publishers - load.live, 0),
  };
}

function report(medians: readonly IngestMedians[]): string {
  const head = [
    'server',
    'publishers',
    'CPU µs/publisher-s',
    '÷ nginx-rtmp',
    'publishers/core',
    'KB/publisher',
    'late ms',
    'gone',
  ];
  const rows = medians.map((one) => {
    const nginx = medians.find(({ peer, publishers }) => peer === 'nginx-rtmp' && publishers === one.publishers);
    return [
      one.peer,
      String(one.publishers),
      figure(one.cpuUsPerPublisherS),
      figure(nginx ? one.cpuUsPerPublisherS / nginx.cpuUsPerPublisherS : null),
      String(one.publishersPerCore),
      figure(one.memoryKbPerPublisher),
      figure(one.lateMs),
      String(one.gone),
    ];
  });
  return table(head, rows);
}
