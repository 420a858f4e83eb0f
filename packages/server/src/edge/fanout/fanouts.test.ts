import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { audio, audioConfig, metadata, video, videoConfig } from '../hub/testing/frames.ts';
import { openStream } from '../hub/testing/open-stream.ts';
import type { FanoutFormat } from './format.ts';
import { Audience, LINES, type Watcher } from './testing/audience.ts';

const GOP = 10;
const nothing = { ended() {} };

/** The frame with this number: a key frame each ten, padded to `bytes`. */
const numbered = (i: number, bytes = 0) => {
  const type = i % GOP === 0 ? 'key' : 'inter';
  return video(type, i * 40, `${type} ${i}`.padEnd(bytes));
};

/** Runs of numbers without holes; each has to begin with a key frame. */
function runs(watcher: Watcher): number[][] {
  const found: number[][] = [];
  for (const line of watcher.lines) {
    const [, type, number] = /^(key|inter) (\d+)$/.exec(line) ?? [];
    if (!type) continue;
    const i = Number(number);
    const run = found.at(-1);
    if (run && run.at(-1) === i - 1) run.push(i);
    else {
      assert.equal(type, 'key', `a run begins with frame ${i}`);
      found.push([i]);
    }
  }
  return found;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('a newcomer gets head and GOP in the very turn it joins, then what follows', async () => {
  await using audience = new Audience();
  const stream = openStream();
  for (const frame of [metadata('m'), videoConfig('v'), audioConfig('a'), numbered(0), numbered(1)])
    stream.write(frame, 0);
  const watcher = await audience.connect();
  audience.fanouts.join(stream, LINES, watcher.served, nothing, Buffer.from('prefix\n'));
  assert.equal(watcher.served.bytesWritten, 'prefix\nhead\nconfig m\nconfig v\nconfig a\nkey 0\ninter 1\n'.length);
  stream.write(numbered(2), 0);
  await watcher.line('inter 2');
  assert.deepEqual(watcher.lines.slice(-3), ['key 0', 'inter 1', 'inter 2']);
});

test('whoever joins whenever misses nothing and gets nothing twice', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(videoConfig('v'), 0);
  const watchers: [Watcher, number][] = [];
  const last = 400;
  for (let i = 0; i <= last; i++) {
    stream.write(numbered(i), i * 40);
    // More than a phase holds, so that all kinds of lanes come to be.
    if (i < 250) {
      const watcher = await audience.connect();
      audience.fanouts.join(stream, LINES, watcher.served, nothing);
      watchers.push([watcher, i]);
    }
    if (i % 3 === 0) await setImmediate();
  }
  for (const [watcher, joinedAt] of watchers) {
    await watcher.line(`key ${last}`);
    const [run = [], ...more] = runs(watcher);
    assert.deepEqual(more, [], 'no holes');
    assert.deepEqual(run, range(run[0] ?? -1, last + 1));
    assert.ok(run[0]! <= joinedAt, 'waits for nothing');
  }
});

test('who joins before the first frame waits for it and then gets the whole head', async () => {
  await using audience = new Audience();
  const stream = openStream();
  const watcher = await audience.connect();
  audience.fanouts.join(stream, LINES, watcher.served, nothing, Buffer.from('prefix\n'));
  await watcher.line('prefix');
  for (const frame of [metadata('m'), videoConfig('v'), audio(0, 'a'), numbered(1), numbered(10), numbered(11)])
    stream.write(frame, 0);
  await watcher.line('inter 11');
  assert.deepEqual(watcher.lines, ['prefix', 'head', 'config m', 'config v', 'key 10', 'inter 11']);
});

test('with sound alone a newcomer begins at once', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(audioConfig('c'), 0);
  for (let i = 0; i < 100; i++) stream.write(audio(i * 20, `a${i}`), i * 20);
  const watcher = await audience.connect();
  audience.fanouts.join(stream, LINES, watcher.served, nothing);
  stream.write(audio(2000, 'a100'), 2000);
  await watcher.line('a100');
  const lines = watcher.lines.slice(2);
  assert.ok(lines.length > 1 && lines.length <= 51, `${lines.length} frames`);
  assert.deepEqual(
    lines,
    range(101 - lines.length, 101).map((i) => `a${i}`),
  );
});

test('after a change of configuration newcomers begin with the new one', async () => {
  await using audience = new Audience();
  const stream = openStream();
  for (const frame of [videoConfig('old'), numbered(0), numbered(1)]) stream.write(frame, 0);
  const early = await audience.connect();
  audience.fanouts.join(stream, LINES, early.served, nothing);
  for (const frame of [numbered(2), videoConfig('new')]) stream.write(frame, 0);
  const late = await audience.connect();
  audience.fanouts.join(stream, LINES, late.served, nothing);
  for (const frame of [numbered(10), numbered(11)]) stream.write(frame, 0);
  await early.line('inter 11');
  await late.line('inter 11');
  assert.deepEqual(early.lines.slice(1), [
    'config old',
    'key 0',
    'inter 1',
    'inter 2',
    'config new',
    'key 10',
    'inter 11',
  ]);
  assert.deepEqual(late.lines.slice(-2), ['key 10', 'inter 11']);
  assert.equal(late.lines.includes('config old'), false);
});

test('a viewer that falls behind goes on at a key frame once it is drained, and nobody else notices', async () => {
  await using audience = new Audience({ viewerQueueBytes: 300_000 });
  const stream = openStream();
  stream.write(videoConfig('v'), 0);
  const [slow, quick] = [await audience.connect(), await audience.connect()];
  for (const { served } of [slow, quick]) audience.fanouts.join(stream, LINES, served, nothing);
  slow.socket.pause();
  let i = 0;
  const next = async () => {
    stream.write(numbered(i++, 50_000), i * 40);
    await quick.line(numbered(i - 1).data.toString());
  };
  stream.meter.closeInterval(0);
  const dropped = () => {
    stream.meter.closeInterval(0);
    return stream.meter.figures().framesDropped;
  };
  while (dropped() === 0) await next();
  assert.ok(slow.served.writableLength > 300_000 && slow.served.writableLength < 1_000_000);
  slow.socket.resume();
  // Until it is drained, and some frames more.
  while (runs(slow).length < 2) await next();
  for (const until = i + 15; i < until; ) await next();
  await slow.line(numbered(i - 1).data.toString());
  assert.equal(runs(slow).length, 2, 'one hole, and a key frame after it');
  assert.equal(
    slow.lines[slow.lines.indexOf(`key ${runs(slow)[1]?.[0]}`) - 1],
    'config v',
    'in case it changed meanwhile',
  );
  assert.deepEqual(runs(quick), [range(0, i)]);
});

test('a viewer that takes nothing any more is closed and logged', async () => {
  await using audience = new Audience({ viewerQueueBytes: 100_000, viewerStallMs: 50 });
  const stream = openStream();
  const watcher = await audience.connect();
  watcher.socket.pause();
  audience.fanouts.join(stream, LINES, watcher.served, nothing);
  for (let i = 0; !watcher.served.destroyed; i++) {
    stream.write(numbered(i, 50_000), i * 40);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(audience.fanouts.viewers, 0);
  assert.match(JSON.stringify(audience.logged), /"stream":"show".*"unsentBytes":\d+/);
});

test('at the end every viewer gets the last frame, then is told', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(numbered(0), 0);
  const watchers = await Promise.all([audience.connect(), audience.connect()]);
  for (const { served } of watchers)
    audience.fanouts.join(stream, LINES, served, { ended: (reason) => served.end(`${reason}\n`) });
  stream.write(numbered(1), 40);
  stream.end('unpublished');
  for (const watcher of watchers) {
    await watcher.closed();
    assert.deepEqual(watcher.lines.slice(-2), ['inter 1', 'unpublished']);
  }
  assert.equal(audience.fanouts.viewers, 0);
});

test('viewers are counted while they watch, their bytes as they are written', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(numbered(0), 0);
  const watchers = await Promise.all([audience.connect(), audience.connect()]);
  const [one] = watchers.map(({ served }) => audience.fanouts.join(stream, LINES, served, nothing));
  assert.deepEqual(stream.meter.figures().viewers, { flv: 2 });
  one?.leave();
  one?.leave();
  assert.deepEqual(stream.meter.figures().viewers, { flv: 1 });
  stream.write(numbered(1), 40);
  await watchers[1]!.line('inter 1');
  assert.equal(watchers[0]!.lines.includes('inter 1'), false);
  stream.meter.closeInterval(0);
  assert.equal(stream.meter.figures().bytesOut, 2 * 'head\nkey 0\n'.length + 'inter 1\n'.length);
  watchers[1]!.socket.destroy();
  while (audience.fanouts.viewers > 0) await setImmediate();
  assert.equal(stream.wanted, false, 'the fan-out keeps no stream that nobody watches');
});

test('every frame is written once per format, every tick is one buffer for all', async () => {
  await using audience = new Audience();
  const stream = openStream();
  let frames = 0;
  const counting: FanoutFormat = {
    ...LINES,
    frame(frame) {
      frames++;
      return LINES.frame(frame);
    },
  };
  const watchers = await Promise.all(Array.from({ length: 20 }, () => audience.connect()));
  const written = new Set<unknown>();
  for (const { served } of watchers) {
    audience.fanouts.join(stream, counting, served, nothing);
    const write = served.write.bind(served) as (chunk: Buffer) => boolean;
    served.write = (chunk: Buffer) => {
      written.add(chunk);
      return write(chunk);
    };
  }
  for (const i of [0, 1, 2]) stream.write(numbered(i), 0);
  for (const watcher of watchers) await watcher.line('inter 2');
  assert.equal(frames, 3);
  assert.equal(written.size, 1);
});

test('an envelope stands before every merged write and before the first bytes, not before the prefix', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(numbered(0), 0);
  const enveloped: FanoutFormat = { ...LINES, envelope: (bytes) => Buffer.from(`${bytes} bytes\n`) };
  const watcher = await audience.connect();
  audience.fanouts.join(stream, enveloped, watcher.served, nothing, Buffer.from('prefix\n'));
  await watcher.line('key 0');
  stream.write(numbered(1), 0);
  stream.write(numbered(2), 0);
  await watcher.line('inter 2');
  assert.deepEqual(watcher.lines, ['prefix', '11 bytes', 'head', 'key 0', '16 bytes', 'inter 1', 'inter 2']);
});

test('closing lets everyone go', async () => {
  await using audience = new Audience();
  const stream = openStream();
  const watcher = await audience.connect();
  audience.fanouts.join(stream, LINES, watcher.served, { ended: (reason) => watcher.served.end(`${reason}\n`) });
  audience.fanouts.close();
  await watcher.closed();
  assert.deepEqual(watcher.lines, ['shutdown']);
});
