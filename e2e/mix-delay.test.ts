import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Looker, PAINTED_MS, type Part, painted } from '../packages/server/src/mixer/testing/painted.ts';
import { Lianmai } from './lianmai.ts';
import { FlvClient } from './peers/flv-client.ts';
import { PacedPush } from './peers/paced-push.ts';
import { isConfig } from './peers/rtmp-client.ts';
import { until } from './until.ts';

interface Mix {
  id: string;
  play: { flv: string };
  inputs: { status: { delayMs: number; bufferMs: number } | null }[];
}

const WHOLE: Part = { x: 0, y: 0, width: 1, height: 1 };
const TOP_LEFT: Part = { x: 0, y: 0, width: 0.5, height: 0.5 };
/** A machine that has nothing else to do needs less than 80. */
const SOON_MS = 1000;
const MOST_MIB = 200;

let lianmai: Lianmai;
before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '1' } });
});
after(async () => {
  await lianmai?.stop();
});

/** MiB in memory, and of them what is no file's. */
function memoryOf(process: string): { all: number; own: number } {
  const status = readFileSync(`/proc/${lianmai.processes().get(process)}/status`, 'utf8');
  const field = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
  return { all: field('VmRSS'), own: field('RssAnon') };
}

/** When each number was first seen, from then on, in a part of a stream's picture. */
function numbersIn({ tags }: FlvClient, part: Part, fromMs: number): Map<number, number> {
  const seen = new Map<number, number>();
  const video = tags.filter(({ type }) => type === 9);
  const looker = new Looker(video.find(isConfig)!.payload.subarray(5));
  for (const tag of video) {
    const number = !isConfig(tag) && looker.decode(tag.payload.subarray(5)) ? looker.number(part) : null;
    if (number !== null && tag.atMs >= fromMs && !seen.has(number)) seen.set(number, tag.atMs);
  }
  looker.close();
  return seen;
}

describe('a mix of four cameras', () => {
  it('shows their pictures soon after they came, and takes little memory', async (t) => {
    const idle = memoryOf('mixer-0');
    const frames = painted({ kind: 'number' });
    using pushes = new DisposableStack();
    const names = ['a', 'b', 'c', 'd'];
    const play: string[] = [];
    for (const name of names) {
      const { push, play: addresses } = await lianmai.rest.createChannel(name);
      const { streamKey } = push;
      const { rtmpPort: port } = lianmai;
      pushes.use(await PacedPush.start({ port, streamKey, frames, lengthMs: PAINTED_MS }));
      play.push(addresses.flv);
    }
    const body = { inputs: names, layout: 'grid', output: { transitionMs: 0 } };
    const mix = await lianmai.rest.ok<Mix>('POST', '/v1/mixes', body);
    using mixed = await until('the mix plays', () => FlvClient.open(mix.play.flv));
    using direct = await until('an input plays', () => FlvClient.open(play[0]!));
    // A process that has just begun is slow, and inputs' jitter is remembered for a while.
    await mixed.more(400, 9, 60_000);
    const fromMs = performance.now();
    await Promise.all([mixed.more(200, 9, 60_000), direct.more(200, 9, 60_000)]);
    const memory = memoryOf('mixer-0');
    const { inputs } = await lianmai.rest.ok<Mix>('GET', `/v1/mixes/${mix.id}`);
    const [came, shown] = [numbersIn(direct, WHOLE, fromMs), numbersIn(mixed, TOP_LEFT, fromMs)];
    const delays = [...shown]
      .map(([number, ms]) => ({ ms, cameMs: came.get(number) ?? Number.NaN }))
      .flatMap(({ ms, cameMs }) => (ms > cameMs ? [ms - cameMs] : []))
      .sort((a, b) => a - b);
    const at = (share: number) => Math.round(delays[Math.floor(delays.length * share)] ?? Number.NaN);
    t.diagnostic(`the mix adds ${at(0.5)} ms to an input, ${at(0.05)} to ${at(0.95)}, of ${delays.length} pictures`);
    t.diagnostic(`as it tells: ${JSON.stringify(inputs.map(({ status }) => [status?.delayMs, status?.bufferMs]))}`);
    t.diagnostic(`the mixer: ${JSON.stringify(idle)} MiB idle, ${JSON.stringify(memory)} with the mix`);
    assert.ok(delays.length > 20 && at(0.5) < SOON_MS, `${delays.length} pictures`);
    assert.ok(memory.all < MOST_MIB, `${memory.all} MiB`);
  });
});
