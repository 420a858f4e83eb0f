import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LiveError, type Program } from '@lianmai/contract';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { LiveEntry } from '../live/state.ts';
import { until } from '../testing/until.ts';
import { Thumbnails, type ThumbnailsOptions } from './thumbnails.ts';

const memory = new MemoryBus();
let asked: string[] = [];
let make = async (stream: string): Promise<string> => `${stream} ${asked.length}`;
let nowMs = 1_000_000;
const entries = new Map<string, LiveEntry>();
const programs = new Map<string, Program>();

before(() => {
  memory.member().bus.serve('transcoder.still', async ({ stream }) => {
    asked.push(stream);
    return { jpeg: Buffer.from(await make(stream)).toString('base64') };
  });
});
after(() => memory.close());

function begin(): Thumbnails {
  asked = [];
  make = async (stream) => `${stream} ${asked.length}`;
  entries.clear();
  entries.set('show', { stream: 'show', channelId: 'ch', interruptedAtMs: null } as LiveEntry);
  const options: ThumbnailsOptions = {
    bus: memory.member().bus,
    live: { get: (stream) => entries.get(stream) ?? null },
    programs: { get: (stream) => programs.get(stream) ?? null },
    now: () => nowMs,
  };
  return new Thumbnails(options);
}
const room = { stream: 'show', channelId: 'ch', state: 'live' } as const;
const text = async (thumbnails: Thumbnails) => (await thumbnails.of(room))?.jpeg.toString() ?? null;

test('is made once for all who ask, and again some time later, when the old one is still shown', async () => {
  const thumbnails = begin();
  assert.deepEqual(await Promise.all([text(thumbnails), text(thumbnails), text(thumbnails)]), Array(3).fill('show 1'));
  nowMs += 19_000;
  assert.equal(await text(thumbnails), 'show 1');
  nowMs += 2000;
  assert.equal(await text(thumbnails), 'show 1');
  await until(async () => (await text(thumbnails)) === 'show 2');
  nowMs += 61_000;
  assert.equal(await text(thumbnails), 'show 3');
  assert.equal(asked.length, 3);
});

test('is of what viewers see, when the anchor has no stream of its own; else there is none', async () => {
  const thumbnails = begin();
  assert.equal(await thumbnails.of({ ...room, state: 'interrupted' }), null);
  assert.equal(await thumbnails.of({ ...room, channelId: 'another' }), null);
  entries.clear();
  assert.equal(await text(thumbnails), null);
  programs.set('show', { kind: 'mix', source: 'mix-1', channelId: 'ch' } as Program);
  assert.equal(await text(thumbnails), 'mix-1 1');
  programs.set('show', { kind: 'picture', source: 'pic-1', channelId: 'ch' } as Program);
  assert.equal(await text(thumbnails), null);
  programs.clear();
});

test('stays as it is where the machine is busy, and goes with what it showed', async () => {
  const thumbnails = begin();
  assert.equal(await text(thumbnails), 'show 1');
  make = async () => {
    throw new LiveError('UNAVAILABLE', 'too many');
  };
  nowMs += 21_000;
  await text(thumbnails);
  await until(() => asked.length === 2);
  assert.equal(await text(thumbnails), 'show 1');
  make = async () => {
    throw new LiveError('STREAM_NOT_LIVE', 'gone');
  };
  nowMs += 61_000;
  assert.equal(await text(thumbnails), null);
  // Nobody asks the machine again and again for what is not there.
  assert.equal(await text(thumbnails), null);
  assert.equal(asked.length, 3);
});
