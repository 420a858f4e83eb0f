import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { VideoFrame } from '@lianmai/media';
import { parseColour } from './colour.ts';
import { InputPicture } from './input-picture.ts';
import { toJpeg } from './jpeg.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { readPicture } from './picture-file.ts';
import { allocatePicture, fillRect, planesOf } from './planes.ts';
import { assertColour } from './testing/sources.ts';

const SIZE = { width: 320, height: 180 };
const WHOLE = { x: 0, y: 0, ...SIZE };

function encode(
  t: TestContext,
  count: number,
  { key = [] as number[], preset = 'quality' as 'quality' | 'economy' } = {},
) {
  const encoder = new PictureEncoder({ ...SIZE, fps: 25, videoKbps: 300, gopMs: 2000, preset });
  t.after(() => encoder.close());
  using canvas = allocatePicture(SIZE);
  const planes = planesOf(canvas);
  const pictures = Array.from({ length: count }, (_, i) => {
    fillRect(planes, WHOLE, { y: 40 + (i % 150), u: 100, v: 160 });
    return encoder.encode(canvas, i, key.includes(i));
  });
  return { encoder, pictures };
}

describe('the encoder', () => {
  it('gives each picture at once, as NAL units behind lengths, described by its avcC', (t) => {
    for (const preset of ['quality', 'economy'] as const) {
      const { encoder, pictures } = encode(t, 10, { preset });
      assert.equal(encoder.config[0], 1);
      assert.equal((encoder.config[4] as number) & 3, 3, 'lengths of four bytes');
      for (const picture of pictures) {
        assert.ok(picture);
        let at = 0;
        while (at < picture.data.length) at += 4 + picture.data.readUInt32BE(at);
        assert.equal(at, picture.data.length);
      }
    }
  });

  it('makes key frames at the start, when due and when asked, and counts from there', (t) => {
    const { pictures } = encode(t, 130, { key: [30] });
    const keys = pictures.flatMap((picture, i) => (picture?.type === 'key' ? [i] : []));
    assert.deepEqual(keys, [0, 30, 80]);
  });

  it('decodes to what went in, in the same order', (t) => {
    const { encoder, pictures } = encode(t, 60);
    const input = new InputPicture(() => undefined);
    t.after(() => input.close());
    const clock = { playheadMs: (nowMs: number) => nowMs };
    const frame = (type: VideoFrame['type'], dts: number, data: Buffer): VideoFrame => {
      return { track: 'video', codec: 'h264', type, dts, cts: 0, data };
    };
    input.write(frame('config', 0, encoder.config), clock, 0);
    for (const [i, picture] of pictures.entries()) {
      if (picture) input.write(frame(picture.type, i * 40, picture.data), clock, i * 40);
      input.advance(i * 40);
      const planes = input.picture?.planes;
      const luma = planes?.data[0][90 * planes.linesize[0] + 160] ?? 0;
      assert.ok(Math.abs(luma - (40 + i)) <= 3, `picture ${i}: ${luma}`);
    }
    assert.deepEqual(input.state(), { state: 'live', ...SIZE, fps: 25, delayMs: 0 });
  });

  it('keeps to its bitrate when pictures are noise', (t) => {
    const encoder = new PictureEncoder({ ...SIZE, fps: 25, videoKbps: 300, gopMs: 1000, preset: 'quality' });
    t.after(() => encoder.close());
    using canvas = allocatePicture(SIZE);
    const planes = planesOf(canvas);
    let [seed, bytes] = [7, 0];
    for (let i = 0; i < 100; i++) {
      for (let at = 0; at < planes.data[0].length; at++) {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
        planes.data[0][at] = 60 + (seed >> 24);
      }
      bytes += encoder.encode(canvas, i, false)?.data.length ?? 0;
    }
    const kbps = (bytes * 8) / 4000;
    assert.ok(kbps < 300 * 1.35, `${kbps} kbit/s`);
  });
});

describe('a still of the canvas', () => {
  it('is a JPEG of the same colours', async () => {
    using canvas = allocatePicture(SIZE);
    const planes = planesOf(canvas);
    fillRect(planes, WHOLE, parseColour('#d02020'));
    fillRect(planes, { ...WHOLE, width: 160 }, parseColour('#20b040'));
    assertColour(canvas, 40, 90, '#20b040', 0);
    const { width, height, data } = await readPicture(toJpeg(canvas));
    assert.deepEqual({ width, height }, SIZE);
    const rgb = (x: number) => [...data.subarray((90 * width + x) * 4, (90 * width + x) * 4 + 3)];
    for (const [x, colour] of [
      [40, [0x20, 0xb0, 0x40]],
      [280, [0xd0, 0x20, 0x20]],
    ] as const)
      for (const [i, value] of rgb(x).entries()) assert.ok(Math.abs(value - (colour[i] ?? 0)) <= 10, `${x}: ${rgb(x)}`);
  });
});
