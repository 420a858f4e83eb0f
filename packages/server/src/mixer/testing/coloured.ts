import type { Frame as MediaFrame } from '@lianmai/media';
import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Packet, Frame as Picture } from 'node-av/lib';
import { SoundEncoder } from '../../demo/encoders.ts';
import { check, openDecoder } from '../../transcoder/codecs.ts';
import { PictureEncoder } from '../picture/picture-encoder.ts';

/** Y, Cb, Cr of limited range. */
export type Colour = readonly [y: number, u: number, v: number];

export const RED: Colour = [81, 90, 240];
export const GREEN: Colour = [145, 54, 34];
export const BLUE: Colour = [41, 240, 110];

const FPS = 25;
const SAMPLE_RATE = 48_000;

export interface ColouredOptions {
  colour: Colour;
  /** Of its tone, Hz. */
  tone: number;
  size?: { width: number; height: number };
  seconds?: number;
  keyFrameEveryS?: number;
}

/** What an encoder sends of one colour and one tone, in order; begins with its configurations. */
export function coloured({
  colour,
  tone,
  size = { width: 320, height: 180 },
  seconds = 2,
  keyFrameEveryS = 1,
}: ColouredOptions): MediaFrame[] {
  return [...pictures(colour, size, seconds, keyFrameEveryS), ...sounds(tone, seconds)].sort((a, b) => a.dts - b.dts);
}

function pictures(
  colour: Colour,
  size: { width: number; height: number },
  seconds: number,
  keyFrameEveryS: number,
): MediaFrame[] {
  const rates = { fps: FPS, videoKbps: 300, gopMs: keyFrameEveryS * 1000, preset: 'economy' } as const;
  const encoder = new PictureEncoder({ ...size, ...rates });
  const luma = size.width * size.height;
  const planes = Buffer.concat([
    Buffer.alloc(luma, colour[0]),
    Buffer.alloc(luma / 4, colour[1]),
    Buffer.alloc(luma / 4, colour[2]),
  ]);
  const frames: MediaFrame[] = [
    { track: 'video', codec: 'h264', type: 'config', dts: 0, cts: 0, data: encoder.config },
  ];
  using picture = Picture.fromVideoBuffer(planes, { ...size, format: AV_PIX_FMT_YUV420P });
  for (let i = 0; i < seconds * FPS; i++) {
    const encoded = encoder.encode(picture, i, false);
    if (encoded) frames.push({ track: 'video', codec: 'h264', ...encoded, dts: (i * 1000) / FPS, cts: 0 });
  }
  encoder.close();
  return frames;
}

function sounds(tone: number, seconds: number): MediaFrame[] {
  using encoder = new SoundEncoder({ codec: 'aac', sampleRate: SAMPLE_RATE, bitrateKbps: 96 });
  const { context, frameSamples } = encoder;
  const data = Buffer.from(context.extraData ?? []);
  const frames: MediaFrame[] = [{ track: 'audio', codec: 'aac', type: 'config', dts: 0, cts: 0, data }];
  for (let index = 0; index < seconds * SAMPLE_RATE; index += frameSamples) {
    const samples = Float32Array.from(
      { length: frameSamples },
      (_, i) => 0.3 * Math.sin((2 * Math.PI * tone * (index + i)) / SAMPLE_RATE),
    );
    encoder.encode(samples, index, (packet) => {
      const dts = Math.max(0, (Number(packet.pts) * 1000) / SAMPLE_RATE);
      frames.push({ track: 'audio', codec: 'aac', type: 'key', dts, cts: 0, data: Buffer.from(packet.data ?? []) });
    });
  }
  return frames;
}

/** The last picture of a stream's frames, decoded: what colour is where, in fractions of its size. */
export class LastPicture {
  readonly width: number;
  readonly height: number;
  readonly #at: (x: number, y: number) => Colour;

  /** @param frames of the picture track, from a configuration and a key frame on. */
  constructor(frames: readonly MediaFrame[]) {
    const config = frames.findLast((frame) => frame.track === 'video' && frame.type === 'config');
    const from = frames.findLastIndex((frame) => frame.track === 'video' && frame.type === 'key');
    if (!config || from < 0) throw new Error('no picture has come');
    const decoder = openDecoder('h264', config.data);
    using packet = new Packet();
    packet.alloc();
    using picture = new Picture();
    picture.alloc();
    for (const frame of frames.slice(from)) {
      if (frame.track !== 'video' || frame.type === 'config') continue;
      packet.data = frame.data;
      check(decoder.sendPacketSync(packet), 'decoding');
      packet.unref();
      if (decoder.receiveFrameSync(picture) < 0) throw new Error('a picture cannot be decoded');
    }
    this.width = picture.width;
    this.height = picture.height;
    const planes = (picture.data ?? []).map((plane) => Buffer.from(plane));
    const { linesize } = picture;
    this.#at = (x, y) =>
      [0, 1, 2].map((i) => {
        const shift = i === 0 ? 0 : 1;
        return planes[i]![(y >> shift) * (linesize[i] ?? 0) + (x >> shift)]!;
      }) as unknown as Colour;
    decoder.freeContext();
  }

  /** Whether the colour is there. @param x, y fractions of the canvas. */
  is(colour: Colour, x: number, y: number): boolean {
    return this.#at(Math.floor(x * this.width), Math.floor(y * this.height)).every(
      (value, i) => Math.abs(value - colour[i]!) <= 12,
    );
  }

  /** For messages. */
  show(x: number, y: number): string {
    return this.#at(Math.floor(x * this.width), Math.floor(y * this.height)).join(' ');
  }
}

/** How loud a tone is in a stream's sound of its last moment: 0 to 1, of full scale. */
export function loudness(frames: readonly MediaFrame[], tone: number, lastMs = 300): number {
  const audio = frames.filter((frame) => frame.track === 'audio');
  const config = audio.findLast(({ type }) => type === 'config');
  const from = audio.findIndex(({ dts, type }) => type !== 'config' && dts >= audio.at(-1)!.dts - lastMs - 100);
  const decoder = openDecoder(audio.at(-1)!.codec as 'aac', config?.data ?? null);
  using packet = new Packet();
  packet.alloc();
  using decoded = new Picture();
  decoded.alloc();
  const samples: number[] = [];
  for (const { data, type } of audio.slice(from)) {
    if (type === 'config') continue;
    packet.data = data;
    if (decoder.sendPacketSync(packet) < 0) continue;
    while (decoder.receiveFrameSync(decoded) >= 0) {
      const plane = decoded.data?.[0];
      if (plane) for (let i = 0; i < decoded.nbSamples; i++) samples.push(plane.readFloatLE(4 * i));
      decoded.unref();
    }
    packet.unref();
  }
  decoder.freeContext();
  return goertzel(samples.slice(-Math.floor((lastMs * SAMPLE_RATE) / 1000)), tone);
}

function goertzel(samples: readonly number[], tone: number): number {
  let re = 0;
  let im = 0;
  for (const [i, sample] of samples.entries()) {
    const angle = (2 * Math.PI * tone * i) / SAMPLE_RATE;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
  }
  return (2 * Math.hypot(re, im)) / Math.max(1, samples.length);
}
