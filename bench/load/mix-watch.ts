/**
 * One viewer each of some HTTP-FLV streams, in a process of its own: `mix-watch.ts JSON`, the JSON a {@link WatchTask}. Prints JSON
 * lines: "watching" when all streams play, "watched" with how punctual their pictures came. Ends with its standard input.
 */
import { request } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { FlvReader } from '../../packages/media/src/flv/index.ts';
import { WireError } from '../../packages/media/src/index.ts';
import { Arrivals } from './arrivals.ts';
import type { Watched, WatchTask } from './mix-watching.ts';

const PATIENCE_MS = 30_000;
const RETRY_MS = 500;

const task = JSON.parse(process.argv[2]!) as WatchTask;
process.stdin.on('end', () => process.exit(0)).resume();
const streams = await Promise.all(task.urls.map(watch));
say({ event: 'watching' });
await after(task.warmS * 1000);
const fromMs = performance.now();
await after(task.measureS * 1000);
const toMs = performance.now();
const lateMs = streams.flatMap((arrivals) => arrivals.lateness(fromMs, toMs)).sort((a, b) => a - b);
const watched: Watched = {
  pictures: lateMs.length,
  late: lateMs.filter((ms) => ms > task.pictureMs).length,
  longestMs: lateMs.at(-1) ?? Number.NaN,
};
say({ event: 'watched', ...watched });

/** Resolves with its first picture; a mix may have nothing to show yet. @throws Error when it does not play. */
async function watch(url: string): Promise<Arrivals> {
  for (const untilMs = performance.now() + PATIENCE_MS; ; await after(RETRY_MS)) {
    try {
      return await play(url);
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
  }
}

function play(url: string): Promise<Arrivals> {
  const { promise, resolve, reject } = Promise.withResolvers<Arrivals>();
  const arrivals = new Arrivals();
  const reader = new FlvReader();
  const failed = (why: string) => reject(new Error(`${url}: ${why}`));
  request(url, (response) => {
    if (response.statusCode !== 200) return failed(`status ${response.statusCode}`);
    response.on('data', (bytes: Buffer) => {
      const tags = reader.push(bytes);
      if (tags instanceof WireError) return failed(tags.message);
      for (const { track, dts } of tags) if (track === 'video') arrivals.note(dts, performance.now());
      resolve(arrivals);
    });
    response.on('close', () => failed('it ended'));
  })
    .on('error', ({ message }) => failed(message))
    .end();
  return promise;
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
