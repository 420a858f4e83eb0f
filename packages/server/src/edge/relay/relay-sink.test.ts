import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Frame, WireError } from '@lianmai/media';
import { Audience } from '../fanout/testing/audience.ts';
import { told, video, videoConfig } from '../hub/testing/frames.ts';
import { openStream } from '../hub/testing/open-stream.ts';
import { RelaySink } from './relay-sink.ts';
import { RelayReader } from './wire.ts';

const long = (type: 'key' | 'inter', i: number) => video(type, i * 40, `${type} ${i}`.padEnd(100_000));

test('a worker that is too slow goes on at a key frame once it has caught up', async () => {
  await using audience = new Audience();
  const stream = openStream();
  stream.write(videoConfig(), 0);
  stream.write(long('key', 0), 0);
  const { socket, served } = await audience.connect();
  const received: Frame[] = [];
  const reader = new RelayReader();
  socket.on('data', (chunk) => {
    const messages = reader.push(chunk);
    assert.ok(!(messages instanceof WireError));
    for (const message of messages) if (message.kind === 'frame') received.push(message.frame);
  });
  socket.pause();
  stream.attach(new RelaySink(served, stream, 200_000));
  let i = 0;
  const next = async () => {
    i++;
    stream.write(long(i % 10 === 0 ? 'key' : 'inter', i), i * 40);
    await new Promise(setImmediate);
  };
  stream.meter.closeInterval(0);
  for (; stream.meter.figures().framesDropped === 0; stream.meter.closeInterval(0)) await next();
  assert.ok(served.writableLength < 1_000_000, 'bounded');
  socket.resume();
  while (served.writableLength > 0) await new Promise(setImmediate);
  const caughtUpAt = i;
  while (
    told(received)
      .at(-1)
      ?.startsWith(`inter ${caughtUpAt + 12}`) !== true
  ) {
    if (i < caughtUpAt + 12) await next();
    else await new Promise(setImmediate);
  }
  const names = received.map(({ type, data }) => (type === 'config' ? 'config' : data.toString().trimEnd()));
  const again = names.lastIndexOf('config');
  assert.ok(again > 0);
  assert.match(names[again + 1] ?? '', /^key /);
  const last = Number(names[again - 1]?.split(' ')[1]);
  assert.deepEqual(names.slice(1, again), ['key 0', ...sequence(1, last)]);
  assert.deepEqual(names.slice(again + 1), sequence(Number(names[again + 1]?.split(' ')[1]), caughtUpAt + 12));
});

const sequence = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, k) => `${(from + k) % 10 === 0 ? 'key' : 'inter'} ${from + k}`);
