import assert from 'node:assert/strict';
import type { MixCanvas, MixInput } from '@lianmai/contract';
import type { VideoCodec, VideoFrame } from '@lianmai/media';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PIX_FMT_RGBA,
  AV_PIX_FMT_YUV420P,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  type AVColorRange,
  type AVColorSpace,
  FF_ENCODER_LIBSVTAV1,
  FF_ENCODER_LIBVPX_VP8,
  FF_ENCODER_LIBVPX_VP9,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
  FF_ENCODER_PNG,
} from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import { check } from '../../../transcoder/codecs.ts';
import type { Size } from '../../layout/tile.ts';
import { parseColour, type Yuv } from '../colour.ts';
import { allocatePicture, fillRect, type Planes, planesOf } from '../planes.ts';

// SVT-AV1 has a log of its own.
process.env['SVT_LOG'] ??= '1';

export const FRAME_MS = 40;

const ENCODERS = {
  h264: FF_ENCODER_LIBX264,
  h265: FF_ENCODER_LIBX265,
  vp8: FF_ENCODER_LIBVPX_VP8,
  vp9: FF_ENCODER_LIBVPX_VP9,
  av1: FF_ENCODER_LIBSVTAV1,
} as const;
const VPX = { deadline: 'realtime', 'lag-in-frames': '0', 'cpu-used': '8', crf: '4', b: '4000000' };

export interface SourceOptions extends Partial<Size> {
  codec?: VideoCodec;
  frames?: number;
  /** A colour for all pictures, or what to paint. */
  paint: string | ((planes: Planes, index: number) => void);
  bFrames?: number;
  /** Of the first picture, ms. */
  fromMs?: number;
  space?: AVColorSpace;
  range?: AVColorRange;
  pixelAspect?: [number, number];
}

/** A stream's frames at 25 a second, a key frame each second. */
export function encodePictures(options: SourceOptions): VideoFrame[] {
  const { codec = 'h264', width = 320, height = 180, frames = 1, paint, bFrames = 0, fromMs = 0 } = options;
  const encoder = Codec.findEncoderByName(ENCODERS[codec]);
  using context = new CodecContext();
  context.allocContext3(encoder);
  Object.assign(context, { width, height, pixelFormat: AV_PIX_FMT_YUV420P, threadCount: 1, gopSize: 25 });
  Object.assign(context, { maxBFrames: bFrames, timeBase: new Rational(1, 25), framerate: new Rational(25, 1) });
  context.colorSpace = options.space ?? AVCOL_SPC_BT709;
  context.colorRange = options.range ?? AVCOL_RANGE_MPEG;
  if (options.pixelAspect) context.sampleAspectRatio = new Rational(...options.pixelAspect);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  for (const [name, value] of Object.entries(settings(codec, bFrames))) check(context.setOption(name, value), name);
  check(context.open2Sync(encoder, null), codec);
  const out: VideoFrame[] = [];
  const add = (type: VideoFrame['type'], dts: number, cts: number, data: Buffer | null) =>
    out.push({ track: 'video', codec, type, dts: fromMs + dts, cts, data: Buffer.from(data ?? []) });
  if (codec !== 'vp8' && codec !== 'vp9') add('config', 0, 0, context.extraData);
  using packet = new Packet();
  packet.alloc();
  const receive = () => {
    while (context.receivePacketSync(packet) >= 0) {
      const dts = Number(packet.dts) * FRAME_MS;
      add(packet.isKeyframe ? 'key' : 'inter', dts, Number(packet.pts) * FRAME_MS - dts, packet.data);
      packet.unref();
    }
  };
  using picture = allocatePicture({ width, height });
  picture.colorSpace = context.colorSpace;
  picture.colorRange = context.colorRange;
  for (let i = 0; i < frames; i++) {
    check(picture.makeWritable(), 'makeWritable');
    const planes = planesOf(picture);
    if (typeof paint === 'string') fillRect(planes, { x: 0, y: 0, width, height }, parseColour(paint));
    else paint(planes, i);
    picture.pts = BigInt(i);
    check(context.sendFrameSync(picture), 'sendFrame');
    receive();
  }
  context.sendFrameSync(null);
  receive();
  return out;
}

function settings(codec: VideoCodec, bFrames: number): Record<string, string> {
  switch (codec) {
    case 'h264': {
      const params = `annexb=0:keyint=25:scenecut=0:bframes=${bFrames}:b-adapt=0`;
      return { preset: 'ultrafast', crf: '8', 'x264-params': params, ...(bFrames ? {} : { tune: 'zerolatency' }) };
    }
    case 'h265':
      return {
        preset: 'ultrafast',
        tune: 'zerolatency',
        crf: '8',
        'x265-params': 'log-level=none:pools=none:frame-threads=1',
      };
    case 'av1':
      return { preset: '12', crf: '8', 'svtav1-params': 'keyint=25:pred-struct=1:scd=0:lp=1' };
    case 'vp8':
    case 'vp9':
      return VPX;
  }
}

/** A PNG, by its pixels. */
export function png(
  { width, height }: Size,
  colour: (x: number, y: number) => [number, number, number, number],
): Buffer {
  using picture = new Frame();
  picture.alloc();
  Object.assign(picture, { width, height, format: AV_PIX_FMT_RGBA });
  check(picture.getBuffer(0), 'getBuffer');
  const [plane] = picture.data ?? [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) plane?.set(colour(x, y), y * (picture.linesize[0] ?? 0) + x * 4);
  const encoder = Codec.findEncoderByName(FF_ENCODER_PNG);
  using context = new CodecContext();
  context.allocContext3(encoder);
  Object.assign(context, { width, height, pixelFormat: AV_PIX_FMT_RGBA, timeBase: new Rational(1, 1) });
  check(context.open2Sync(encoder, null), 'png');
  check(context.sendFrameSync(picture), 'png');
  using packet = new Packet();
  packet.alloc();
  check(context.receivePacketSync(packet), 'png');
  return Buffer.from(packet.data ?? []);
}

export function pixel(frame: Frame, x: number, y: number): Yuv {
  const { data, linesize } = planesOf(frame);
  const half = (plane: 1 | 2) => data[plane][(y >> 1) * linesize[plane] + (x >> 1)] as number;
  return { y: data[0][y * linesize[0] + x] as number, u: half(1), v: half(2) };
}

export function assertColour(frame: Frame, x: number, y: number, colour: string, tolerance = 8): void {
  const [is, wanted] = [pixel(frame, x, y), parseColour(colour)];
  const off = Math.max(Math.abs(is.y - wanted.y), Math.abs(is.u - wanted.u), Math.abs(is.v - wanted.v));
  assert.ok(off <= tolerance, `at ${x},${y}: ${JSON.stringify(is)}, not ${colour} (${JSON.stringify(wanted)})`);
}

/** All visible pixels. */
export function pixelsOf(frame: Frame): Buffer {
  const { data, linesize } = planesOf(frame);
  const rows: Buffer[] = [];
  for (const plane of [0, 1, 2] as const) {
    const shift = plane === 0 ? 0 : 1;
    for (let row = 0; row < frame.height >> shift; row++) {
      const from = row * linesize[plane];
      rows.push(Buffer.from(data[plane].subarray(from, from + (frame.width >> shift))));
    }
  }
  return Buffer.concat(rows);
}

export const canvasOf = (more: Partial<MixCanvas> = {}): MixCanvas => ({
  width: 640,
  height: 360,
  background: '#000000',
  backgroundPicture: null,
  watermark: null,
  highlightSpeaker: false,
  transitionMs: 0,
  ...more,
});

export const inputOf = (id: string, more: Partial<MixInput> = {}): MixInput => ({
  id,
  source: { stream: id },
  label: null,
  avatar: null,
  volume: 1,
  muted: false,
  video: true,
  mixMinus: false,
  ...more,
});
