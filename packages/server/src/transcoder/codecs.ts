import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_VP8,
  AV_CODEC_ID_VP9,
  AV_LOG_FATAL,
  AV_PIX_FMT_YUV420P,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBFDK_AAC,
  FF_ENCODER_LIBOPUS,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Log, Rational } from 'node-av/lib';

// Damaged input is no news of ours: it is in the publisher's stream already.
Log.setLevel(AV_LOG_FATAL);

export const SAMPLE_RATE = 48_000;
/** Pictures are stamped in µs. */
const MICROSECONDS = new Rational(1, 1_000_000);

const DECODERS = {
  h264: AV_CODEC_ID_H264,
  h265: AV_CODEC_ID_HEVC,
  av1: AV_CODEC_ID_AV1,
  vp8: AV_CODEC_ID_VP8,
  vp9: AV_CODEC_ID_VP9,
  aac: AV_CODEC_ID_AAC,
  mp3: AV_CODEC_ID_MP3,
  opus: AV_CODEC_ID_OPUS,
} as const;

/** Those to be preferred first, each with the samples it takes. */
const SOUND_ENCODERS = {
  aac: [
    [FF_ENCODER_LIBFDK_AAC, AV_SAMPLE_FMT_S16],
    [FF_ENCODER_AAC, AV_SAMPLE_FMT_FLTP],
  ],
  opus: [[FF_ENCODER_LIBOPUS, AV_SAMPLE_FMT_FLT]],
} as const;
const USUAL_SOUND_KBPS = { aac: 128, opus: 96 };
/** With so much for stereo, libfdk's search for savings costs as much CPU as all the rest of it, for nothing one hears. */
const PLENTY_KBPS = 96;

/**
 * @param config the decoder configuration as frames carry it; null for codecs without.
 * @param options of FFmpeg's, by name
 * @throws FFmpegError
 */
export function openDecoder(
  name: keyof typeof DECODERS,
  config: Buffer | null,
  options: Record<string, string> = {},
): CodecContext {
  const codec = Codec.findDecoder(DECODERS[name]);
  const context = new CodecContext();
  context.allocContext3(codec);
  // More threads would decode one picture behind the other: a delay each.
  context.threadCount = 1;
  context.pktTimebase = MICROSECONDS;
  if (config) context.extraData = config;
  return open(context, codec, options);
}

/**
 * Stereo at 48 kHz; takes frames of {@link CodecContext.frameSize} samples.
 * @param options.planar the caller can give channels apart too, where the encoder's sample format is so; else interleaved.
 */
export function openSoundEncoder(
  name: 'aac' | 'opus',
  { kbps = USUAL_SOUND_KBPS[name], planar = false }: { kbps?: number; planar?: boolean } = {},
): CodecContext {
  const choices = SOUND_ENCODERS[name].slice(0, planar ? undefined : 1);
  const [encoder, format] = choices.find(([one]) => Codec.findEncoderByName(one)) ?? SOUND_ENCODERS[name][0];
  const codec = Codec.findEncoderByName(encoder);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleFormat = format;
  context.sampleRate = SAMPLE_RATE;
  context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
  context.bitRate = BigInt(kbps * 1000);
  context.timeBase = new Rational(1, SAMPLE_RATE);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  return open(context, codec, encoder === FF_ENCODER_LIBFDK_AAC && kbps >= PLENTY_KBPS ? { afterburner: '0' } : {});
}

/** Bits a pixel that a busy camera picture may take. */
const MOST_BITS_PER_PIXEL = 0.1;
const USUAL_FPS = 30;

/**
 * H.264 for everybody: Constrained Baseline (the one profile every WebRTC receiver has, RFC 7742 6.2), without B-frames or
 * any other delay; key frames only when a picture asks for one. Takes YUV 4:2:0 of even sizes, gives avcC and NAL units
 * behind lengths.
 */
export function openPictureEncoder(size: { width: number; height: number }): CodecContext {
  const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = size.width;
  context.height = size.height;
  context.pixelFormat = AV_PIX_FMT_YUV420P;
  context.timeBase = MICROSECONDS;
  context.framerate = new Rational(USUAL_FPS, 1);
  context.maxBFrames = 0;
  context.threadCount = 1;
  const most = Math.round(size.width * size.height * USUAL_FPS * MOST_BITS_PER_PIXEL);
  context.rcMaxRate = BigInt(most);
  context.rcBufferSize = most;
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  return open(context, codec, {
    preset: 'veryfast',
    tune: 'zerolatency',
    profile: 'baseline',
    crf: '23',
    'forced-idr': '1',
    'x264-params': 'annexb=0:scenecut=0:keyint=infinite:me=dia',
  });
}

/** Nothing to be had from a codec before it gets more. */
export const isDrained = (code: number): boolean => code === AVERROR_EAGAIN || code === AVERROR_EOF;

/** @throws FFmpegError */
export function check(code: number, operation: string): void {
  FFmpegError.throwIfError(code, operation);
}

function open(context: CodecContext, codec: Codec | null, options: Record<string, string> = {}): CodecContext {
  if (!codec) throw new Error('this codec is not in this build of node-av');
  try {
    for (const [name, value] of Object.entries(options)) check(context.setOption(name, value), `${name}=${value}`);
    check(context.open2Sync(codec, null), `opening ${codec.name}`);
  } catch (error) {
    context.freeContext();
    throw error;
  }
  return context;
}
