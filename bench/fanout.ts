import { setTimeout as after } from 'node:timers/promises';
import {
  type Probe,
  probeViewers,
  startPublishers,
  startViewers,
  type ViewerMeasurement,
  type ViewerTarget,
} from './load/generators.ts';
import { SOURCE } from './load/source.ts';
import type { BenchOptions } from './options.ts';
import { choosePeers } from './peers/peers.ts';
import type { Peer } from './peers/server.ts';
import { fanoutReport } from './report/fanout-report.ts';

/** One crowd on one server. `tickMs` 0: the server's own choice; null: it has no tick. */
export interface FanoutCase {
  peer: string;
  protocol: 'flv' | 'rtmp';
  viewers: number;
  tickMs: number | null;
}

export interface FanoutRun extends FanoutCase {
  repeat: number;
  load: ViewerMeasurement;
  /** Longest hold-up of the event loop from before the measurement to its end. */
  loopPauseMs: number | null;
  probe: Probe;
}

/** Lets the stream fill the server's GOP cache, and the server's code get warm. */
const BEFORE_VIEWERS_MS = 4000;
const RAMP_PER_S = 1000;
/** A server collects the garbage of its start and of so many newcomers for some seconds. */
const WARM_S = 8;
const PROBES = 40;

/** `npm run bench fanout`: what viewers of one stream cost, in CPU time and memory, beside nginx-rtmp. */
export async function benchFanout(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const measureS = options.measureS ?? (options.quick ? 5 : 8);
  const peers = choosePeers(options.servers);
  const cases = peers.flatMap((peer) => casesOf(peer, options).map((one) => ({ ...one, server: peer })));
  console.log(
    `fanout: ${SOURCE.totalKbps} kbit/s (H.264 ${SOURCE.width}x${SOURCE.height}@${SOURCE.fps}, GOP ${SOURCE.gopS} s, AAC), ${cases.length} cases, ${repeats} × ${measureS} s each`,
  );
  const runs: FanoutRun[] = [];
  // Repeats outside, cases inside: a disturbance of the machine hits one repeat of several cases, not all of one.
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const { server, ...one } of cases) {
      const run = { ...one, repeat, ...(await measure(server, one, measureS)) };
      runs.push(run);
      console.log(progress(run));
    }
  const report = fanoutReport(runs);
  return { text: report.text, json: { source: SOURCE, measureS, repeats, medians: report.medians, runs } };
}

function casesOf(peer: Peer, options: BenchOptions): FanoutCase[] {
  const viewers = options.viewers ?? (options.quick ? [200, 1000] : [200, 1000, 5000]);
  const ticks = options.ticks ?? (options.quick ? [350] : [20, 100, 350]);
  const protocols = peer.protocols.filter((protocol) => options.protocols?.includes(protocol) ?? true);
  return protocols.flatMap((protocol) =>
    viewers.flatMap((count) =>
      (peer.hasTick ? ticks : [null]).map((tickMs) => ({ peer: peer.name, protocol, viewers: count, tickMs })),
    ),
  );
}

async function measure(peer: Peer, { protocol, viewers, tickMs }: FanoutCase, measureS: number) {
  await using server = await peer.start(tickMs || null);
  const [stream] = await server.streams(1);
  await using _publisher = await startPublishers(server.rtmpPort, [stream!.push]);
  await after(BEFORE_VIEWERS_MS);
  const target: ViewerTarget =
    protocol === 'flv'
      ? { protocol, port: server.httpPort!, path: `/${stream!.play}.flv` }
      : { protocol, port: server.rtmpPort, path: stream!.play };
  await using crowd = await startViewers(target, {
    viewers,
    pids: server.pids,
    rampPerS: RAMP_PER_S,
    warmS: WARM_S,
    measureS,
  });
  await crowd.next('watching');
  await server.loopPauseMs();
  const load = await crowd.next<ViewerMeasurement>('measured');
  const loopPauseMs = await server.loopPauseMs();
  const probe = await probeViewers(target, PROBES);
  return { load, loopPauseMs, probe };
}

function progress({ peer, protocol, viewers, tickMs, repeat, load }: FanoutRun): string {
  const tick = tickMs === null ? '' : ` tick ${tickMs || 'adapting'}`;
  const trouble = load.stalled + load.dead > 0 ? `, ${load.stalled} stalled, ${load.dead} gone` : '';
  return `  ${repeat}. ${peer} ${protocol} ${viewers} viewers${tick}: ${load.cpuUsPerViewerS.toFixed(1)} µs/viewer-s, ${load.memoryKbPerViewer.toFixed(1)} KB/viewer${trouble}`;
}
