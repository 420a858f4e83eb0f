import type { AudioCodec, AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { AV_PIX_FMT_YUV420P, AV_PKT_FLAG_KEY, FF_ENCODER_LIBVPX_VP8 } from 'node-av/constants';
import { Codec, CodecContext, Packet, Frame as Picture, Rational } from 'node-av/lib';
import { PictureEncoder, SoundEncoder } from '../../demo/encoders.ts';
import { check, openDecoder } from '../codecs.ts';

export const SIZE = { width: 320, height: 180 };
export const FPS = 25;
/** Each second begins with a flash and a beep so long. */
const SIGNAL_MS = 120;

const isSignal = (ms: number) => ms % 1000 < SIGNAL_MS;

/** A beep at each full second of the stream's time, encoded; stamped as a publisher stamps it: what is heard when. */
export function beeps(codec: AudioCodec, sampleRate: number, seconds: number): AudioFrame[] {
  using encoder = new SoundEncoder({ codec, sampleRate, bitrateKbps: 96 });
  const { context, frameSamples } = encoder;
  const frames: AudioFrame[] = [];
  if (context.extraData && codec !== 'mp3')
    frames.push({ track: 'audio', codec, type: 'config', dts: 0, cts: 0, data: Buffer.from(context.extraData) });
  for (let index = 0; index < seconds * sampleRate; index += frameSamples) {
    const samples = Float32Array.from({ length: frameSamples }, (_, i) => {
      const ms = ((index + i) * 1000) / sampleRate;
      return isSignal(ms) ? 0.5 * Math.sin((2 * Math.PI * 1000 * ms) / 1000) : 0;
    });
    encoder.encode(samples, index, (packet) => {
      const dts = (Number(packet.pts) * 1000) / sampleRate;
      frames.push({ track: 'audio', codec, type: 'key', dts, cts: 0, data: Buffer.from(packet.data ?? []) });
    });
  }
  return frames;
}

/** A flash at each full second, in the codec and order asked for. */
export function flashes(
  codec: 'h264' | 'h265' | 'av1' | 'vp8',
  seconds: number,
  { bFrames = 0, size = SIZE }: { bFrames?: number; size?: { width: number; height: number } } = {},
): VideoFrame[] {
  return codec === 'vp8' ? flashesOfVp8(seconds, size) : flashesBy(codec, seconds, bFrames, size);
}

function flashesBy(codec: 'h264' | 'h265' | 'av1', seconds: number, bFrames: number, size: typeof SIZE): VideoFrame[] {
  using encoder = new PictureEncoder({ codec, ...size, fps: FPS, bitrateKbps: 300, keyFrameEveryS: 1, bFrames });
  const frames: VideoFrame[] = [];
  const take = (packet: Packet) => {
    const ms = (stamp: bigint) => (Number(stamp) * 1000) / FPS;
    const data = Buffer.from(packet.data ?? []);
    const dts = ms(packet.dts);
    const type = packet.isKeyframe ? 'key' : 'inter';
    frames.push({ track: 'video', codec, type, dts, cts: ms(packet.pts) - dts, data });
  };
  const config = Buffer.from(encoder.context.extraData ?? []);
  frames.push({ track: 'video', codec, type: 'config', dts: 0, cts: 0, data: config });
  for (let i = 0; i < seconds * FPS; i++) encoder.encode(planes(size, isSignal((i * 1000) / FPS)), i, take);
  return frames;
}

function flashesOfVp8(seconds: number, { width, height }: typeof SIZE): VideoFrame[] {
  const codec = Codec.findEncoderByName(FF_ENCODER_LIBVPX_VP8);
  using context = new CodecContext();
  context.allocContext3(codec);
  Object.assign(context, { width, height, pixelFormat: AV_PIX_FMT_YUV420P, threadCount: 1, gopSize: FPS });
  context.timeBase = new Rational(1, FPS);
  context.bitRate = 300_000n;
  for (const [name, value] of Object.entries({ deadline: 'realtime', 'lag-in-frames': '0', 'cpu-used': '8' }))
    check(context.setOption(name, value), name);
  check(context.open2Sync(codec, null), 'vp8');
  const frames: VideoFrame[] = [];
  const packet = new Packet();
  packet.alloc();
  for (let i = 0; i < seconds * FPS; i++) {
    const bytes = planes({ width, height }, isSignal((i * 1000) / FPS));
    using picture = Picture.fromVideoBuffer(bytes, { width, height, format: AV_PIX_FMT_YUV420P });
    picture.pts = BigInt(i);
    check(context.sendFrameSync(picture), 'vp8');
    while (context.receivePacketSync(packet) >= 0) {
      const type = packet.isKeyframe ? 'key' : 'inter';
      const dts = (Number(packet.pts) * 1000) / FPS;
      frames.push({ track: 'video', codec: 'vp8', type, dts, cts: 0, data: Buffer.from(packet.data ?? []) });
      packet.unref();
    }
  }
  packet.free();
  return frames;
}

function planes({ width, height }: typeof SIZE, bright: boolean): Buffer {
  const luma = width * height;
  const chroma = 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
  return Buffer.concat([Buffer.alloc(luma, bright ? 220 : 20), Buffer.alloc(chroma, 128)]);
}

/** When sound begins after silence, ms, as a player of these frames hears it. */
export function onsets(frames: readonly Frame[]): number[] {
  const found: number[] = [];
  let loudMs = Number.NEGATIVE_INFINITY;
  eachDecoded(frames, 'audio', (decoded, startMs) => {
    const { nbSamples, sampleRate } = decoded;
    const plane = decoded.data?.[0];
    if (!plane) return;
    // Planar and interleaved floats alike: the first channel's samples come at an even step.
    const step = plane.length >= nbSamples * 8 ? 2 : 1;
    const isFloat = plane.length >= nbSamples * 4;
    for (let i = 0; i < nbSamples; i++) {
      const value = isFloat ? plane.readFloatLE(i * step * 4) : plane.readInt16LE(i * 2) / 32768;
      if (Math.abs(value) < 0.25) continue;
      const ms = startMs + (i * 1000) / sampleRate;
      if (ms - loudMs > 300) found.push(ms);
      loudMs = ms;
    }
  });
  return found;
}

/** When bright pictures begin after dark ones, ms, as shown. */
export function brightenings(frames: readonly Frame[]): number[] {
  const found: number[] = [];
  let bright = false;
  eachDecoded(frames, 'video', ({ data, linesize, height }, ms) => {
    const isBright = (data?.[0]?.[(linesize[0] ?? 0) * (height >> 1) + 8] ?? 0) > 128;
    if (isBright && !bright) found.push(ms);
    bright = isBright;
  });
  return found;
}

/** Decodes a track, in order of presentation. */
function eachDecoded(frames: readonly Frame[], track: 'video' | 'audio', take: (f: Picture, ms: number) => void): void {
  let decoder: CodecContext | null = null;
  using decoded = new Picture();
  decoded.alloc();
  using packet = new Packet();
  packet.alloc();
  const receive = () => {
    while (decoder && decoder.receiveFrameSync(decoded) >= 0) {
      take(decoded, Number(decoded.pts) / 1000);
      decoded.unref();
    }
  };
  for (const frame of frames) {
    if (frame.track === 'data' || frame.track !== track) continue;
    if (frame.type === 'config') {
      decoder?.freeContext();
      decoder = openDecoder(frame.codec, frame.data);
      continue;
    }
    decoder ??= openDecoder(frame.codec, null);
    packet.data = frame.data;
    packet.pts = BigInt(Math.round((frame.dts + frame.cts) * 1000));
    if (frame.type === 'key') packet.setFlags(AV_PKT_FLAG_KEY);
    check(decoder.sendPacketSync(packet), 'decoding');
    packet.unref();
    receive();
  }
  decoder?.sendPacketSync(null);
  receive();
  decoder?.freeContext();
}
