import type { AudioFrame, VideoFrame } from '@lianmai/media';
import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { type CodecContext, Packet, Frame as Picture } from 'node-av/lib';
import { SoundEncoder } from '../../demo/encoders.ts';
import { openDecoder } from '../../transcoder/codecs.ts';
import { PictureEncoder } from '../picture/picture-encoder.ts';

type Frame = VideoFrame | AudioFrame;

const SIZE = { width: 320, height: 180 };
const FPS = 25;
const SAMPLE_RATE = 48_000;
/** Pictures and AAC frames fit it whole: played over and over it has no seam. */
export const PAINTED_MS = 16_000;
/** Upright bars, dark for 0 and light for 1, the lowest bit first. */
const BITS = 9;
const DARK = 30;
const LIGHT = 220;
const BLACK = 16;
const WHITE = 235;
/** Of a bar that was scaled and encoded. */
const TOLERANCE = 40;
/** Of each second. */
const BEAT_MS = 150;

/** What each picture shows. */
export type Painting = { kind: 'number' } | { kind: 'beat'; afterMs: number; tone: number };

/** 16 s of encoded picture and sound in order, configurations first: each picture its number, or a flash and a beep a second. */
export function painted(painting: Painting): Frame[] {
  return [...pictures(painting), ...sounds(painting)].sort((a, b) => a.dts - b.dts);
}

const isBeat = (ms: number, afterMs: number) => (ms - afterMs + 1000) % 1000 < BEAT_MS;

function pictures(painting: Painting): VideoFrame[] {
  const encoder = new PictureEncoder({ ...SIZE, fps: FPS, videoKbps: 500, gopMs: 1000, preset: 'economy' });
  const frame = { track: 'video', codec: 'h264', cts: 0 } as const;
  const frames: VideoFrame[] = [{ ...frame, type: 'config', dts: 0, data: encoder.config }];
  const planes = Buffer.alloc((SIZE.width * SIZE.height * 3) / 2, 128);
  for (let number = 0; number < (PAINTED_MS / 1000) * FPS; number++) {
    const dts = (number * 1000) / FPS;
    for (let x = 0; x < SIZE.width; x++) planes[x] = lumaAt(x, number, dts, painting);
    for (let y = 1; y < SIZE.height; y++) planes.copy(planes, y * SIZE.width, 0, SIZE.width);
    using picture = Picture.fromVideoBuffer(planes, { ...SIZE, format: AV_PIX_FMT_YUV420P });
    const encoded = encoder.encode(picture, number, false);
    if (encoded) frames.push({ ...frame, ...encoded, dts });
  }
  encoder.close();
  return frames;
}

function lumaAt(x: number, number: number, ms: number, painting: Painting): number {
  if (painting.kind === 'beat') return isBeat(ms, painting.afterMs) ? WHITE : BLACK;
  const bit = Math.floor((x * BITS) / SIZE.width);
  return (number >> bit) & 1 ? LIGHT : DARK;
}

function sounds(painting: Painting): AudioFrame[] {
  using encoder = new SoundEncoder({ codec: 'aac', sampleRate: SAMPLE_RATE, bitrateKbps: 96 });
  const { context, frameSamples } = encoder;
  const frame = { track: 'audio', codec: 'aac', cts: 0 } as const;
  const data = Buffer.from(context.extraData ?? []);
  const frames: AudioFrame[] = [{ ...frame, type: 'config', dts: 0, data }];
  for (let index = 0; index < (PAINTED_MS * SAMPLE_RATE) / 1000; index += frameSamples)
    encoder.encode(
      Float32Array.from({ length: frameSamples }, (_, i) => sampleAt(index + i, painting)),
      index,
      (packet) => {
        const dts = (Number(packet.pts) * 1000) / SAMPLE_RATE;
        if (dts >= 0) frames.push({ ...frame, type: 'key', dts, data: Buffer.from(packet.data ?? []) });
      },
    );
  return frames;
}

function sampleAt(index: number, painting: Painting): number {
  if (painting.kind === 'number' || !isBeat((index * 1000) / SAMPLE_RATE, painting.afterMs)) return 0;
  return 0.8 * Math.sin((2 * Math.PI * painting.tone * index) / SAMPLE_RATE);
}

/** Part of a picture, in shares of its size. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pictures of a stream decoded one by one; each is valid until the next. */
export class Looker {
  readonly #decoder: CodecContext;
  readonly #packet = new Packet();
  readonly #picture = new Picture();

  /** @param config the avcC record. */
  constructor(config: Buffer) {
    this.#decoder = openDecoder('h264', config);
    this.#packet.alloc();
    this.#picture.alloc();
  }

  /** @returns whether there is a picture. */
  decode(data: Buffer): boolean {
    this.#packet.data = data;
    this.#decoder.sendPacketSync(this.#packet);
    this.#packet.unref();
    return this.#decoder.receiveFrameSync(this.#picture) >= 0;
  }

  /** The number that is painted there; null: something else is. */
  number(part: Part): number | null {
    let number = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const luma = this.#luma(part, (bit + 0.5) / BITS);
      if (luma > (DARK + LIGHT) / 2) number |= 1 << bit;
      if (Math.min(Math.abs(luma - DARK), Math.abs(luma - LIGHT)) > TOLERANCE) return null;
    }
    return number;
  }

  isFlash(part: Part): boolean {
    return this.#luma(part, 0.5) > (BLACK + WHITE) / 2;
  }

  close(): void {
    this.#decoder.freeContext();
    this.#packet.free();
    this.#picture.free();
  }

  /** In the middle of its height. */
  #luma(part: Part, across: number): number {
    const { data, linesize, width, height } = this.#picture;
    const row = Math.floor((part.y + part.height / 2) * height) * (linesize[0] ?? 0);
    return data?.[0]?.[row + Math.floor((part.x + part.width * across) * width)] ?? 0;
  }
}

/** The first channel of a stream's sound, packet by packet. */
export class Listener {
  readonly #decoder: CodecContext;
  readonly #packet = new Packet();
  readonly #decoded = new Picture();

  /** @param config the AudioSpecificConfig. */
  constructor(config: Buffer) {
    this.#decoder = openDecoder('aac', config);
    this.#packet.alloc();
    this.#decoded.alloc();
  }

  decode(data: Buffer): number[] {
    this.#packet.data = data;
    this.#decoder.sendPacketSync(this.#packet);
    this.#packet.unref();
    const samples: number[] = [];
    while (this.#decoder.receiveFrameSync(this.#decoded) >= 0) {
      const plane = this.#decoded.data?.[0];
      if (plane) for (let i = 0; i < this.#decoded.nbSamples; i++) samples.push(plane.readFloatLE(4 * i));
      this.#decoded.unref();
    }
    return samples;
  }

  close(): void {
    this.#decoder.freeContext();
    this.#packet.free();
    this.#decoded.free();
  }
}
