import type { AudioCodec, AudioFrame } from '@lianmai/media';
import {
  AV_CHANNEL_LAYOUT_MONO,
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  FF_ENCODER_LIBFDK_AAC,
  FF_ENCODER_LIBMP3LAME,
  FF_ENCODER_LIBOPUS,
} from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import { check } from '../../../transcoder/codecs.ts';

const ENCODERS = {
  aac: [FF_ENCODER_LIBFDK_AAC, AV_SAMPLE_FMT_S16],
  opus: [FF_ENCODER_LIBOPUS, AV_SAMPLE_FMT_FLT],
  mp3: [FF_ENCODER_LIBMP3LAME, AV_SAMPLE_FMT_FLTP],
} as const;

export interface ToneOptions {
  codec?: AudioCodec;
  sampleRate?: number;
  channels?: 1 | 2;
  /** Stereo AAC whose configuration tells of spectral band replication: the decoder gives twice the core's rate. */
  highEfficiency?: boolean;
  seconds?: number;
  amplitude?: number;
  /** Media time of the first sample, ms. */
  fromMs?: number;
}

/** An encoded sine, its phase 0 at media time 0: configuration first, then frames stamped by what is heard when. */
export function tone(hz: number, options: ToneOptions = {}): AudioFrame[] {
  const { codec = 'aac', seconds = 4, amplitude = 0.25, fromMs = 0 } = options;
  const { context, frame, packet } = openEncoder({ ...options, codec });
  const { sampleRate, frameSize } = context;
  const frames: AudioFrame[] = [];
  const config = options.highEfficiency ? HIGH_EFFICIENCY : context.extraData;
  if (config && codec !== 'mp3')
    frames.push({ track: 'audio', codec, type: 'config', dts: fromMs, cts: 0, data: Buffer.from(config) });
  for (let from = 0; from < seconds * sampleRate; from += frameSize) {
    check(frame.makeWritable(), 'makeWritable');
    fill(frame, (i) => amplitude * Math.sin(2 * Math.PI * hz * (fromMs / 1000 + (from + i) / sampleRate)));
    frame.pts = BigInt(from);
    check(context.sendFrameSync(frame), 'sendFrame');
    while (context.receivePacketSync(packet) >= 0) {
      const dts = fromMs + (Number(packet.pts) * 1000) / sampleRate;
      frames.push({ track: 'audio', codec, type: 'key', dts, cts: 0, data: Buffer.from(packet.data ?? []) });
      packet.unref();
    }
  }
  context.freeContext();
  frame.free();
  packet.free();
  return frames;
}

/** AudioSpecificConfig: SBR, 24 kHz, stereo, 48 kHz, LC (ISO 14496-3 1.6.2.1). */
const HIGH_EFFICIENCY = Buffer.of(0x2b, 0x11, 0x88, 0x00);

function openEncoder({ codec, highEfficiency, ...options }: ToneOptions & { codec: AudioCodec }) {
  const { sampleRate = highEfficiency ? 24_000 : 48_000, channels = 2 } = options;
  const [name, format] = ENCODERS[codec];
  const encoder = Codec.findEncoderByName(name);
  const layout = channels === 1 ? AV_CHANNEL_LAYOUT_MONO : AV_CHANNEL_LAYOUT_STEREO;
  const context = new CodecContext();
  context.allocContext3(encoder);
  context.sampleFormat = format;
  context.sampleRate = sampleRate;
  context.channelLayout = layout;
  context.bitRate = 96_000n;
  context.timeBase = new Rational(1, sampleRate);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  check(context.open2Sync(encoder, null), `opening ${name}`);
  const frame = new Frame();
  frame.alloc();
  frame.format = context.sampleFormat;
  frame.sampleRate = sampleRate;
  frame.channelLayout = layout;
  frame.nbSamples = context.frameSize;
  check(frame.getBuffer(0), 'getBuffer');
  const packet = new Packet();
  packet.alloc();
  return { context, frame, packet };
}

function fill(frame: Frame, sample: (i: number) => number): void {
  const { nbSamples, channels } = frame;
  const isPlanar = frame.format === AV_SAMPLE_FMT_FLTP;
  const isS16 = frame.format === AV_SAMPLE_FMT_S16;
  const step = isPlanar ? 1 : channels;
  for (const plane of (frame.data ?? []).slice(0, isPlanar ? channels : 1)) {
    const buffer = plane.buffer as ArrayBuffer;
    const into = new (isS16 ? Int16Array : Float32Array)(buffer, plane.byteOffset, nbSamples * step);
    for (let i = 0; i < nbSamples; i++) into.fill(sample(i) * (isS16 ? 32_767 : 1), i * step, (i + 1) * step);
  }
}
