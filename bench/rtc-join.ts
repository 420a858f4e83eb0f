import { setTimeout as after } from 'node:timers/promises';
import { type RtcProbe, startRtcStorm } from './load/rtc-load.ts';
import { rtcSourceFiles } from './load/rtc-source.ts';
import type { BenchOptions } from './options.ts';
import { startLianmaiRtc } from './peers/lianmai-rtc.ts';
import { cpuSeconds, until } from './processes.ts';
import { figure } from './report/figures.ts';
import { table } from './report/table.ts';

interface JoinRun {
  viewers: number;
  joined: RtcProbe;
  joiningPauseMs: number | null;
  /** Of a viewer that is sent nothing but reports, above the server without viewers. */
  idleCpuUsPerViewerS: number;
  /** From the first goodbye until the server knows of no viewer. */
  leftAfterMs: number;
  leavingPauseMs: number | null;
}

const BEFORE_VIEWERS_MS = 4000;
const SETTLED_MS = 2000;
/** Shorter than the server waits for a publisher that says nothing. */
const IDLE_MS = 5000;
const LEFT_WITHIN_MS = 30_000;

/** `npm run bench rtc-join`: many WebRTC viewers that come in the same second, watch a stream that stands still, and leave at once. */
export async function benchRtcJoin(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  await rtcSourceFiles();
  const runs: JoinRun[] = [];
  for (const viewers of options.viewers ?? (options.quick ? [50] : [50, 200])) runs.push(await measure(viewers));
  const head = [
    ...['joins in 1 s', 'failed', 'first key frame ms: median', '95 %', 'most', 'loop pause ms'],
    ...['idle CPU µs/viewer-s', 'all gone after ms', 'loop pause ms'],
  ];
  const rows = runs.map(({ viewers, joined, joiningPauseMs, idleCpuUsPerViewerS, leftAfterMs, leavingPauseMs }) => [
    String(viewers),
    String(joined.failed),
    figure(joined.firstKeyFrameMs?.median ?? null),
    figure(joined.firstKeyFrameMs?.p95 ?? null),
    figure(joined.firstKeyFrameMs?.max ?? null),
    figure(joiningPauseMs),
    figure(idleCpuUsPerViewerS),
    figure(leftAfterMs),
    figure(leavingPauseMs),
  ]);
  return { text: table(head, rows), json: { runs } };
}

async function measure(viewers: number): Promise<JoinRun> {
  await using server = await startLianmaiRtc();
  const without = await cpuOf(server.pids, BEFORE_VIEWERS_MS);
  await using publisher = await server.publish();
  await after(BEFORE_VIEWERS_MS);
  await server.loopPauseMs();
  const storm = startRtcStorm(server.target, viewers);
  try {
    const joined = await storm.next<RtcProbe>('joined');
    const joiningPauseMs = await server.loopPauseMs();
    await after(SETTLED_MS);
    publisher.pause();
    await after(1000);
    const idle = await cpuOf(server.pids, IDLE_MS);
    await server.loopPauseMs();
    const leaving = performance.now();
    const left = storm[Symbol.asyncDispose]();
    await until('the end of all sessions', LEFT_WITHIN_MS, async () => (await server.watching()) === 0);
    const leftAfterMs = performance.now() - leaving;
    const leavingPauseMs = await server.loopPauseMs();
    await left;
    const idleCpuUsPerViewerS = ((idle - without) * 1e6) / viewers;
    return { viewers, joined, joiningPauseMs, idleCpuUsPerViewerS, leftAfterMs, leavingPauseMs };
  } finally {
    await storm[Symbol.asyncDispose]();
  }
}

/** Seconds of CPU in a second, of all processes. */
async function cpuOf(pids: readonly number[], forMs: number): Promise<number> {
  const [before, from] = [cpuSeconds(pids), performance.now()];
  await after(forMs);
  return ((cpuSeconds(pids) - before) * 1000) / (performance.now() - from);
}
