import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { PictureConverter } from './picture-converter.ts';
import { SoundConverter } from './sound-converter.ts';
import { beeps, brightenings, FPS, flashes, onsets } from './testing/sources.ts';

const SECONDS = 4;

function convertSound(frames: readonly AudioFrame[], target: 'aac' | 'opus'): AudioFrame[] {
  const out: AudioFrame[] = [];
  using converter = new SoundConverter(target, (frame) => out.push(frame));
  for (const frame of frames) converter.push(frame);
  return out;
}

/** Pushes no faster than the converter takes. */
async function convertPictures(frames: readonly VideoFrame[]): Promise<VideoFrame[]> {
  const out: VideoFrame[] = [];
  let failure: unknown = null;
  using converter = new PictureConverter(
    (frame) => out.push(frame),
    (error) => {
      failure = error;
    },
  );
  for (const frame of frames) {
    converter.push(frame);
    while (converter.busy) await new Promise(setImmediate);
  }
  assert.equal(failure, null);
  return out;
}

const strays = (before: readonly number[], after: readonly number[]) => {
  assert.equal(after.length, before.length);
  return before.map((ms, i) => Math.abs((after[i] ?? 0) - ms));
};

describe('sound', () => {
  for (const [codec, rate, target] of [
    ['aac', 48_000, 'opus'],
    ['aac', 44_100, 'opus'],
    ['mp3', 44_100, 'opus'],
    ['opus', 48_000, 'aac'],
  ] as const)
    it(`${codec} at ${rate} Hz to ${target}: each beep within 5 ms of where it was`, (t) => {
      const source = beeps(codec, rate, SECONDS);
      const converted = convertSound(source, target);
      const [config, ...sound] = converted;
      assert.deepEqual([config?.type, config?.codec], ['config', target]);
      assert.ok(sound.every(({ type }) => type === 'key'));
      const stray = strays(onsets(source), onsets(converted));
      t.diagnostic(`off by ${stray.map((ms) => ms.toFixed(2)).join(', ')} ms`);
      assert.ok(Math.max(...stray) < 5, String(stray));
    });

  it('lost packets leave what follows where it was', () => {
    const source = beeps('aac', 48_000, SECONDS).filter((_, i) => i < 40 || i > 52);
    const stray = strays(onsets(source), onsets(convertSound(source, 'opus')));
    assert.ok(Math.max(...stray) < 40, String(stray));
  });

  it('damage is left out', () => {
    const source = beeps('aac', 48_000, 2).map((frame, i) =>
      i > 0 && i % 7 === 0 ? { ...frame, data: Buffer.alloc(30, i) } : frame,
    );
    assert.ok(convertSound(source, 'opus').length > 80);
  });
});

describe('pictures', () => {
  const cases = [
    ['h264', 2],
    ['h265', 0],
    ['av1', 0],
    ['vp8', 0],
  ] as const;
  for (const [codec, bFrames] of cases)
    it(`${codec}${bFrames ? ' with B-frames' : ''}: H.264 in the order shown, each flash where it was`, async () => {
      const source = flashes(codec, SECONDS, { bFrames });
      if (bFrames) assert.ok(source.some(({ type, cts }) => type === 'inter' && cts !== 0));
      const converted = await convertPictures(source);
      const pictures = converted.filter(({ type }) => type !== 'config');
      assert.deepEqual([converted[0]?.type, pictures[0]?.type], ['config', 'key']);
      assert.ok(pictures.length >= SECONDS * FPS - 20, `${pictures.length} pictures`);
      assert.ok(pictures.every(({ cts, codec: made }) => cts === 0 && made === 'h264'));
      assert.ok(pictures.every(({ dts }, i) => i === 0 || dts > (pictures[i - 1]?.dts ?? 0)));
      const last = pictures.at(-1)?.dts ?? 0;
      const before = brightenings(source).filter((ms) => ms <= last);
      assert.ok(Math.max(...strays(before, brightenings(converted))) < 1);
    });

  it('has a key frame every two seconds', async () => {
    const converted = await convertPictures(flashes('h264', 5));
    const keys = converted.filter(({ type }) => type === 'key').map(({ dts }) => Math.round(dts));
    assert.deepEqual(keys, [0, 2000, 4000]);
  });

  it('goes along with a change of size, odd ones too', async () => {
    const small = flashes('vp8', 1, { size: { width: 161, height: 91 } });
    const large = flashes('vp8', 1).map((frame) => ({ ...frame, dts: frame.dts + 1000 }));
    const converted = await convertPictures([...small, ...large]);
    assert.deepEqual(
      converted.filter(({ type }) => type !== 'inter').map(({ type }) => type),
      ['config', 'key', 'config', 'key'],
    );
    assert.equal(brightenings(converted as Frame[]).length, 2);
  });

  it('pictures that come too fast are left out, and the newest come', async () => {
    const source = flashes('h264', 4);
    const out: VideoFrame[] = [];
    using converter = new PictureConverter((frame) => out.push(frame), assert.ifError);
    for (const frame of source) converter.push(frame);
    while (converter.busy) await new Promise(setImmediate);
    const pictures = out.filter(({ type }) => type !== 'config');
    assert.ok(pictures.length > 0 && pictures.length < 20, `${pictures.length}`);
    assert.equal(pictures[0]?.type, 'key');
    assert.equal(Math.round(pictures.at(-1)?.dts ?? 0), 3960);
  });
});
