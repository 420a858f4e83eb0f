import { setTimeout as after } from 'node:timers/promises';
import { Browser } from '../e2e/peers/chromium.ts';
import {
  delays,
  type Moment,
  paintedNumbers,
  paintNumbers,
  seenNumbers,
  watchNumbers,
} from '../e2e/peers/numbered-page.ts';
import { PacedPush } from '../e2e/peers/paced-push.ts';
import { whep, whip } from '../e2e/peers/webrtc-page.ts';
import { PAINTED_MS, painted } from '../packages/server/src/mixer/testing/painted.ts';
import type { BenchOptions } from './options.ts';
import { lianmai } from './peers/lianmai.ts';
import type { RunningServer } from './peers/server.ts';
import { until } from './processes.ts';
import { figure, spreadOf } from './report/figures.ts';
import { loadAverage } from './report/machine.ts';
import { table } from './report/table.ts';

type Names = { push: string; play: string };

/** How a picture comes to the server, and to the page. */
const PATHS = [
  { name: 'WHIP → WHEP', from: 'page', player: 'whep' },
  { name: 'WHIP → HTTP-FLV (mpegts.js)', from: 'page', player: 'flv' },
  { name: 'RTMP → WHEP', from: 'encoder', player: 'whep' },
] as const;
type Path = (typeof PATHS)[number];

/** Players find their place at the live edge. */
const SETTLE_MS = 10_000;
const START_MS = 90_000;
const SIZE = { width: 640, height: 480 };

/** `npm run bench delay`: from a picture's painting to its showing in Chromium, and how soon a viewer has one. */
export async function benchDelay(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const measureS = options.measureS ?? (options.quick ? 5 : 20);
  const joins = options.quick ? 10 : 30;
  console.log(`delay: ${measureS} s of pictures on each path, ${joins} joins; load average ${loadAverage()}`);
  await using server = await lianmai.start(null);
  await using browser = await Browser.start();
  const streams = await server.streams(PATHS.length + 1);
  const measured: Record<string, number[]> = {};
  for (const [i, path] of PATHS.entries()) {
    measured[path.name] = await measure(server, browser, path, streams[i]!, measureS);
    console.log(`  ${path.name}: ${figure(spreadOf(measured[path.name]!)?.median ?? null)} ms`);
  }
  measured['first picture (WHEP)'] = await firstPictures(server, browser, streams[PATHS.length]!, joins);
  const rows = Object.entries(measured).map(([name, all]) => {
    const spread = spreadOf(all);
    return [name, figure(spread?.median ?? null), figure(spread?.p95 ?? null), String(all.length)];
  });
  return { text: table(['', 'median ms', '95 % ms', 'measured'], rows), json: { measureS, measured } };
}

async function measure(
  server: RunningServer,
  browser: Browser,
  { from, player }: Path,
  names: Names,
  measureS: number,
): Promise<number[]> {
  const http = `http://127.0.0.1:${server.httpPort}`;
  // A page that paints is the one that watches: its clock is the only one.
  const page = await browser.open(`${http}/${names.play.replace('live/', 'watch/')}?player=${player}`, SIZE);
  let encoder: { push: PacedPush; startMs: number } | null = null;
  try {
    if (from === 'page') {
      await paintNumbers(page);
      await publish(await whip(page, whipUrl(server, names)));
    } else encoder = await pushNumbers(server, names);
    const playing = () => page.evaluate(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    await until('playing', START_MS, playing);
    await after(SETTLE_MS);
    await watchNumbers(page);
    await after(measureS * 1000);
    const seen = await seenNumbers(page);
    return delays(encoder ? sent(encoder.startMs, seen.at(-1)) : await paintedNumbers(page), seen);
  } finally {
    encoder?.push[Symbol.dispose]();
    await page.close();
  }
}

/** Encoded before, so that only the way is measured. */
async function pushNumbers(server: RunningServer, { push }: Names): Promise<{ push: PacedPush; startMs: number }> {
  const frames = painted({ kind: 'number' });
  const startMs = performance.now() + 200;
  const options = {
    port: server.rtmpPort,
    streamKey: push.replace('live/', ''),
    frames,
    lengthMs: PAINTED_MS,
    startMs,
  };
  return { push: await PacedPush.start(options), startMs };
}

/** When each picture left, Unix ms. */
function sent(startMs: number, last: Moment | undefined): Moment[] {
  const fromMs = performance.timeOrigin + startMs;
  const count = last ? Math.ceil((last[1] - fromMs) / 40) : 0;
  const round = PAINTED_MS / 40;
  return Array.from({ length: count }, (_, i) => [i % round, fromMs + i * 40]);
}

async function firstPictures(server: RunningServer, browser: Browser, names: Names, joins: number): Promise<number[]> {
  const http = `http://127.0.0.1:${server.httpPort}`;
  const [publisher, page] = [await browser.open(`${http}/healthz`, SIZE), await browser.open(`${http}/healthz`, SIZE)];
  await publish(await whip(publisher, whipUrl(server, names)));
  const join = () => whep(page, `${http}/${names.play}.whep`);
  await until('playing', START_MS, async () => (await join()).status === 201);
  const tookMs: number[] = [];
  for (let i = 0; i < joins; i++) {
    const { ms, location } = await join();
    tookMs.push(ms);
    await fetch(new URL(location ?? '', http), { method: 'DELETE' });
  }
  for (const one of [page, publisher]) await one.close();
  return tookMs;
}

function whipUrl({ httpPort }: RunningServer, { push }: Names): string {
  const [path, query] = push.split('?');
  return `http://127.0.0.1:${httpPort}/${path}.whip?${query}`;
}

async function publish({ status, body }: { status: number; body: string }): Promise<void> {
  if (status !== 201) throw new Error(`WHIP was answered ${status} ${body}`);
}
