import { setTimeout as after } from 'node:timers/promises';
import { probeRtcViewers, type RtcMeasurement, type RtcProbe, startRtcViewers } from './load/rtc-load.ts';
import { RTC_SOURCE, rtcSourceFiles } from './load/rtc-source.ts';
import type { BenchOptions } from './options.ts';
import { chooseRtcPeers } from './peers/peers.ts';
import type { RtcPeer } from './peers/rtc-server.ts';
import { figure } from './report/figures.ts';
import { rtcReport } from './report/rtc-report.ts';

export interface RtcRun {
  peer: string;
  viewers: number;
  repeat: number;
  load: RtcMeasurement;
  probe: RtcProbe;
}

/** Lets the stream fill the server's GOP cache, and the server's code get warm. */
const BEFORE_VIEWERS_MS = 4000;
const WARM_S = 3;
const PROBES = 15;

/** `npm run bench rtc`: what a packet to a WebRTC viewer costs, and viewers in memory, beside Janus. */
export async function benchRtc(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const measureS = options.measureS ?? (options.quick ? 5 : 8);
  const crowds = options.viewers ?? (options.quick ? [50, 200] : [50, 200, 500]);
  const peers = chooseRtcPeers(options.servers);
  const { totalKbps, width, height, fps, gopS } = RTC_SOURCE;
  console.log(
    `rtc: ${totalKbps} kbit/s (H.264 ${width}x${height}@${fps}, GOP ${gopS} s, Opus), ${repeats} × ${measureS} s each`,
  );
  await rtcSourceFiles();
  const runs: RtcRun[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const viewers of crowds)
      for (const peer of peers) {
        const run = { peer: peer.name, viewers, repeat, ...(await measure(peer, viewers, measureS)) };
        runs.push(run);
        console.log(progress(run));
      }
  const report = rtcReport(runs);
  return { text: report.text, json: { source: RTC_SOURCE, measureS, repeats, medians: report.medians, runs } };
}

async function measure(peer: RtcPeer, viewers: number, measureS: number): Promise<Pick<RtcRun, 'load' | 'probe'>> {
  await using server = await peer.start();
  await using _publisher = await server.publish();
  await after(BEFORE_VIEWERS_MS);
  const { target, pids } = server;
  await using crowd = startRtcViewers({ target, viewers, pids, warmS: WARM_S, measureS });
  await crowd.next('watching');
  const load = await crowd.next<RtcMeasurement>('measured');
  const probe = await probeRtcViewers(target, PROBES);
  return { load, probe };
}

function progress({ peer, viewers, repeat, load }: RtcRun): string {
  const trouble = load.lostPackets + load.gone > 0 ? `, ${load.lostPackets} lost, ${load.gone} gone` : '';
  return `  ${repeat}. ${peer} ${viewers} viewers: ${figure(load.cpuUsPerPacket)} µs/packet, ${figure(load.memoryMbPerViewer)} MB/viewer (receivers: ${figure(load.generatorCpuPercent)} % CPU)${trouble}`;
}
