/**
 * Mixes to which something happens all the time, with their publishers and viewers in this process: `mix-soak-run.ts SECONDS`. Prints
 * a JSON line of what it holds every few seconds. Needs --expose-gc.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { Restless } from '../../packages/server/src/mixer/testing/restless.ts';
import type { SoakSample } from '../mix-soak.ts';

const SAMPLE_EVERY_MS = 10_000;
/** Between two events. */
const IDLE_MS = 100;

const [seconds = '', seed = ''] = process.argv.slice(2);
let state = Number(seed) >>> 0;
await using mixes = await Restless.start(random);
const beginMs = performance.now();
let events = 0;
let nextMs = beginMs;
while (performance.now() < beginMs + Number(seconds) * 1000) {
  await mixes.next();
  events++;
  await after(IDLE_MS);
  if (performance.now() < nextMs) continue;
  nextMs = performance.now() + SAMPLE_EVERY_MS;
  console.log(JSON.stringify(await sample()));
}

async function sample(): Promise<SoakSample> {
  // What is outside the heap is freed when its last view is collected.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await after(0);
  }
  const count = (what: string) => readdirSync(`/proc/self/${what}`).length;
  return {
    atS: (performance.now() - beginMs) / 1000,
    events,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
    files: count('fd'),
    threads: count('task'),
  };
}

/** The same numbers for the same seed. */
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
