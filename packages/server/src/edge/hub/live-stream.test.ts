import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '@lianmai/media';
import type { LiveStreamImpl } from './live-stream.ts';
import { audio, audioConfig, metadata, told, video, videoConfig } from './testing/frames.ts';
import { openStream } from './testing/open-stream.ts';
import { Recorder } from './testing/world.ts';

/** In real time: each frame arrives when it is due. */
const writeAll = (stream: LiveStreamImpl, frames: readonly Frame[]) => {
  for (const frame of frames) stream.write(frame, frame.dts);
};

test('a configuration is passed on when it says something new', () => {
  const stream = openStream(1000);
  const viewer = new Recorder(stream);
  writeAll(stream, [metadata(), metadata(), videoConfig(), audioConfig(), video('key', 0)]);
  writeAll(stream, [videoConfig(), audioConfig('new'), metadata('more'), video('key', 40)]);
  assert.deepEqual(told(viewer.frames), ['onMetaData', 'avcC', 'ASC', 'key 0 @1000', 'new', 'more', 'key 40 @1040']);
});

test('pictures before the first key frame are left out, sound is not', () => {
  const stream = openStream(1000);
  const viewer = new Recorder(stream);
  writeAll(stream, [videoConfig(), video('inter', 0), audio(10), video('inter', 40), video('key', 80)]);
  assert.deepEqual(told(viewer.frames), ['avcC', 'audio 10 @1000', 'key 80 @1070']);
  assert.deepEqual(told(stream.gop), ['key 80 @1070']);
});

test('frames that do not fit a new configuration are no GOP for newcomers', () => {
  const stream = openStream(1000);
  writeAll(stream, [videoConfig(), video('key', 0), video('inter', 40), videoConfig('new')]);
  assert.deepEqual(stream.gop, []);
  writeAll(stream, [video('inter', 80)]);
  assert.deepEqual(stream.gop, []);
  writeAll(stream, [video('key', 120), video('inter', 160)]);
  assert.deepEqual(told(stream.gop), ['key 120 @1120', 'inter 160 @1160']);
});

test('sound alone keeps about a second', () => {
  const stream = openStream(1000);
  writeAll(stream, [audioConfig(), ...Array.from({ length: 200 }, (_, i) => audio(i * 20))]);
  const [first] = stream.gop;
  assert.ok(first && first.dts > 1000 + 199 * 20 - 1000);
  writeAll(stream, [videoConfig(), audio(4000), video('key', 4020), audio(4040)]);
  assert.deepEqual(told(stream.gop), ['key 4020 @5020', 'audio 4040 @5040']);
});

test('silenced sound is silence of the same length, silenced pictures are none until a key frame after', () => {
  const stream = openStream(1000);
  const viewer = new Recorder(stream);
  const opus = (dts: number): Frame => ({ ...audio(dts), codec: 'opus', data: Buffer.of(0xfc, 1, 2) });
  const { play } = stream.holder;
  const silence = (silenced: { audio: boolean; video: boolean }) => {
    stream.holder = { ...stream.holder, play: { ...play, silenced } };
  };
  writeAll(stream, [video('key', 0), opus(5)]);
  silence({ audio: true, video: false });
  writeAll(stream, [opus(25), audio(30), video('inter', 40)]);
  silence({ audio: false, video: true });
  writeAll(stream, [opus(45), video('inter', 80), video('key', 120)]);
  assert.deepEqual(stream.gop, [], 'nor do newcomers see the last ones');
  stream.holder = { ...stream.holder, play };
  writeAll(stream, [video('inter', 160), video('key', 200)]);
  const heard = viewer.frames.map(
    ({ track, type, data }) => `${track} ${track === 'audio' ? data.toString('hex') : type}`,
  );
  assert.deepEqual(heard, ['video key', 'audio fc0102', 'audio f8fffe', 'video inter', 'audio fc0102', 'video key']);
});

test('a GOP past its bound is let go, the next one is kept', () => {
  const stream = openStream(100);
  writeAll(stream, [video('key', 0, 'x'.repeat(60)), video('inter', 40, 'x'.repeat(41)), video('inter', 80)]);
  assert.deepEqual(stream.gop, []);
  writeAll(stream, [video('key', 120)]);
  assert.equal(stream.gop.length, 1);
});

test('a publisher that comes back without video leaves no video header behind', () => {
  const stream = openStream(1000);
  writeAll(stream, [metadata(), videoConfig(), audioConfig(), video('key', 0)]);
  stream.interrupt();
  stream.startSource();
  stream.resume();
  assert.deepEqual(stream.gop, []);
  writeAll(stream, [audioConfig(), ...Array.from({ length: 150 }, (_, i) => audio(1000 + i * 20))]);
  assert.equal(stream.headers.video, null);
  assert.equal(stream.headers.metadata, null);
  assert.equal(stream.headers.audio?.data.toString(), 'ASC');
  assert.ok(stream.gop.length > 0, 'newcomers can begin with sound');
});

test('after a gap pictures go on at a key frame', () => {
  const stream = openStream(1000);
  const viewer = new Recorder(stream);
  writeAll(stream, [video('key', 0)]);
  stream.gap();
  writeAll(stream, [video('inter', 40), video('key', 80)]);
  assert.deepEqual(told(viewer.frames), ['key 0 @1000', 'key 80 @1080']);
});

test('who attaches after the end is told it', () => {
  const stream = openStream(1000);
  stream.end('unpublished');
  stream.end('vanished');
  const late = new Recorder(stream);
  assert.deepEqual(late.states, ['ended: unpublished']);
});
