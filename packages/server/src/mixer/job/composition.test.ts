import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Frame } from '@lianmai/media';
import { type Came, type CompressedInput, CompressedMix, planOfTiles } from '../testing/compressed-mix.ts';
import { Listener, Looker, PAINTED_MS, painted } from '../testing/painted.ts';

const CANVAS = { width: 640, height: 360 };
const TILES = ['a', 'b', 'c', 'd'].map((input, i) => ({
  input,
  x: (i % 2) / 2,
  y: Math.floor(i / 2) / 2,
  width: 0.5,
  height: 0.5,
}));
const PICTURE_MS = 40;
/** Longer than encoding a picture of 1280x720 and two relays take on a quiet machine. */
const ELSEWHERE_MS = 20;
const MOST_DELAY_MS = 80;
const RECORDED_S = 12;
/** Jitter is known by then. */
const STEADY_MS = 8000;

/** A small generator of the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const configOf = (came: readonly Came[], track: Frame['track']) => {
  const config = came.find(({ frame }) => frame.track === track && frame.type === 'config');
  assert.ok(config, `no configuration of ${track}`);
  return config.frame.data;
};
const framesOf = <C extends Came>(came: readonly C[], track: Frame['track']): C[] =>
  came.filter(({ frame }) => frame.track === track && frame.type !== 'config');
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Of the mix: when it came out, since the inputs began. */
interface CameLater extends Came {
  sinceMs: number;
}

/** Makes a mix of these for a while, and gives what it made. */
async function made(inputs: ReadonlyMap<string, CompressedInput>): Promise<CameLater[]> {
  const came: CameLater[] = [];
  using mix = await CompressedMix.start(planOfTiles(TILES.slice(0, inputs.size), CANVAS), inputs);
  mix.pass(2000);
  mix.watch((it) => came.push({ ...it, sinceMs: mix.sinceStartMs }));
  mix.pass(RECORDED_S * 1000);
  return came;
}

describe('a picture of an input', () => {
  const frames = painted({ kind: 'number' });
  const delays = async (t: TestContext, what: string, lateMs: (i: number) => (frame: Frame) => number) => {
    const came = await made(
      new Map(TILES.map(({ input }, i) => [input, { frames, lengthMs: PAINTED_MS, lateMs: lateMs(i) }])),
    );
    const looker = new Looker(configOf(came, 'video'));
    const delaysMs = TILES.map((): number[] => []);
    const seen = TILES.map(() => new Set<number>());
    for (const { frame, sinceMs } of framesOf(came, 'video')) {
      if (!looker.decode(frame.data)) continue;
      for (const [i, tile] of TILES.entries()) {
        const number = looker.number(tile);
        if (number === null || seen[i]!.has(number)) continue;
        seen[i]!.add(number);
        // Of the input's constant lateness nothing is the mix's.
        const delayMs = (sinceMs - i * 10 - number * PICTURE_MS) % PAINTED_MS;
        if (sinceMs > STEADY_MS) delaysMs[i]!.push(delayMs);
      }
    }
    looker.close();
    const medians = delaysMs.map(median);
    t.diagnostic(
      `${what}: ${medians.join(', ')} ms; the longest ${delaysMs.map((all) => Math.max(...all)).join(', ')} ms`,
    );
    for (const all of delaysMs) assert.ok(all.length > 100, `${all.length} pictures seen`);
    return medians;
  };

  it('is in the mix soon after it came, wherever between two pictures of the mix that is', async (t) => {
    for (const delayMs of await delays(t, 'clean inputs', (i) => () => i * 10))
      assert.ok(delayMs < MOST_DELAY_MS - ELSEWHERE_MS, `${delayMs} ms`);
  });

  it('and hardly later when its frames come up to 20 ms late', async (t) => {
    const next = random(7);
    for (const delayMs of await delays(t, '20 ms of jitter', (i) => () => i * 10 + next() * 20))
      assert.ok(delayMs < MOST_DELAY_MS, `${delayMs} ms`);
  });
});

describe('a flash and a beep of an input', () => {
  it('come out of the mix together, each input with its own jitter', async (t) => {
    const next = random(3);
    const jittersMs = [0, 60];
    const inputs = jittersMs.map((jitterMs, i): [string, CompressedInput] => {
      const frames = painted({ kind: 'beat', afterMs: i * 500, tone: 1000 });
      return [TILES[i]!.input, { frames, lengthMs: PAINTED_MS, lateMs: () => next() * jitterMs }];
    });
    const came = await made(new Map(inputs));
    const beeps = onsets(samplesOf(came).map(({ ms, sample }) => ({ ms, isOn: Math.abs(sample) > 0.1 })));
    const looker = new Looker(configOf(came, 'video'));
    const looks = framesOf(came, 'video').flatMap(({ frame }) =>
      looker.decode(frame.data) ? [{ ms: frame.dts, are: TILES.map((tile) => looker.isFlash(tile)) }] : [],
    );
    looker.close();
    for (const [i, jitterMs] of jittersMs.entries()) {
      const flashes = onsets(looks.map(({ ms, are }) => ({ ms, isOn: are[i]! })));
      const offs = flashes.slice(2).flatMap((flash) => {
        const beep = beeps.find((ms) => Math.abs(ms - flash) < 200);
        return beep === undefined ? [] : [Math.round(beep - flash)];
      });
      t.diagnostic(`jitter of ${jitterMs} ms: sound after picture by ${offs.join(', ')} ms`);
      assert.ok(offs.length > 8, `${offs.length} beats`);
      for (const off of offs) assert.ok(Math.abs(off) <= 40, `${off} ms`);
    }
  });
});

function samplesOf(came: readonly Came[]): { ms: number; sample: number }[] {
  const listener = new Listener(configOf(came, 'audio'));
  const samples = framesOf(came, 'audio').flatMap(({ frame }) =>
    listener.decode(frame.data).map((sample, i) => ({ ms: frame.dts + i / 48, sample })),
  );
  listener.close();
  return samples;
}

/** When something sets in after a rest. */
function onsets(course: readonly { ms: number; isOn: boolean }[]): number[] {
  const times: number[] = [];
  let lastMs = course[0]?.ms ?? 0;
  for (const { ms, isOn } of course) {
    if (!isOn) continue;
    if (ms - lastMs > 200) times.push(ms);
    lastMs = ms;
  }
  return times;
}
