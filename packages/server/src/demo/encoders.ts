import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_ERROR,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBMP3LAME,
  FF_ENCODER_LIBOPUS,
  FF_ENCODER_LIBSVTAV1,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Frame, Log, Packet, Rational } from 'node-av/lib';

export interface PictureOptions {
  codec: 'h264' | 'h265' | 'av1';
  width: number;
  height: number;
  fps: number;
  bitrateKbps: number;
  keyFrameEveryS: number;
  /** Pictures between two references that wait for the later one; 0 for the least delay. Not for AV1. */
  bFrames: number;
}

export interface SoundOptions {
  codec: 'aac' | 'opus' | 'mp3';
  sampleRate: number;
  bitrateKbps: number;
}

Log.setLevel(AV_LOG_ERROR);
// SVT-AV1 has a log of its own on standard error: errors only (1).
process.env['SVT_LOG'] ??= '1';

const VIDEO_ENCODERS = { h264: FF_ENCODER_LIBX264, h265: FF_ENCODER_LIBX265, av1: FF_ENCODER_LIBSVTAV1 } as const;
const AUDIO_ENCODERS = {
  aac: [FF_ENCODER_AAC, AV_SAMPLE_FMT_FLTP],
  opus: [FF_ENCODER_LIBOPUS, AV_SAMPLE_FMT_FLT],
  mp3: [FF_ENCODER_LIBMP3LAME, AV_SAMPLE_FMT_FLTP],
} as const;

/** Takes each packet; it is only valid during the call. */
export type TakePacket = (packet: Packet) => void;

/** Encodes pictures of one size. Calls are synchronous: it belongs in a process of its own. */
export class PictureEncoder implements Disposable {
  readonly context = new CodecContext();
  readonly #frame = new Frame();
  readonly #packet = new Packet();

  constructor(options: PictureOptions) {
    const { context } = this;
    const codec = Codec.findEncoderByName(VIDEO_ENCODERS[options.codec]);
    context.allocContext3(codec);
    context.width = options.width;
    context.height = options.height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(1, options.fps);
    context.framerate = new Rational(options.fps, 1);
    context.bitRate = BigInt(options.bitrateKbps * 1000);
    context.gopSize = options.fps * options.keyFrameEveryS;
    context.maxBFrames = options.bFrames;
    context.threadCount = 1;
    context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    context.colorRange = AVCOL_RANGE_MPEG;
    context.colorSpace = AVCOL_SPC_BT709;
    context.colorPrimaries = AVCOL_PRI_BT709;
    context.colorTrc = AVCOL_TRC_BT709;
    if (options.codec !== 'av1') {
      context.rcMaxRate = context.bitRate;
      context.rcBufferSize = options.bitrateKbps * 1000;
    }
    open(context, codec, encoderSettings(options));
    this.#packet.alloc();
    allocate(this.#frame, (frame) => {
      frame.width = options.width;
      frame.height = options.height;
      frame.format = AV_PIX_FMT_YUV420P;
    });
  }

  /** @param picture YUV 4:2:0 planes without padding. @param index time of the picture in frames. */
  encode(picture: Buffer, index: number, take: TakePacket): void {
    const frame = this.#frame;
    check(frame.makeWritable(), 'makeWritable');
    const { width, height, linesize } = frame;
    let from = 0;
    for (const [i, plane] of (frame.data ?? []).slice(0, 3).entries()) {
      const rowBytes = i === 0 ? width : width >> 1;
      const stride = linesize[i] ?? rowBytes;
      for (let row = 0; row < (i === 0 ? height : height >> 1); row++, from += rowBytes)
        picture.copy(plane, row * stride, from, from + rowBytes);
    }
    frame.pts = BigInt(index);
    frame.pictType = AV_PICTURE_TYPE_NONE;
    encode(this.context, frame, this.#packet, take);
  }

  [Symbol.dispose](): void {
    finish(this.context, this.#packet);
    this.#frame.free();
    this.#packet.free();
  }
}

/** Encodes stereo sound whose channels are the same. */
export class SoundEncoder implements Disposable {
  readonly context = new CodecContext();
  /** Samples of one encoded frame. */
  readonly frameSamples: number;
  readonly #frame = new Frame();
  readonly #packet = new Packet();

  constructor(options: SoundOptions) {
    const { context } = this;
    const [name, format] = AUDIO_ENCODERS[options.codec];
    const codec = Codec.findEncoderByName(name);
    context.allocContext3(codec);
    context.sampleFormat = format;
    context.sampleRate = options.sampleRate;
    context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    context.bitRate = BigInt(options.bitrateKbps * 1000);
    context.timeBase = new Rational(1, options.sampleRate);
    context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    open(context, codec, {});
    this.frameSamples = context.frameSize;
    this.#packet.alloc();
    allocate(this.#frame, (frame) => {
      frame.nbSamples = context.frameSize;
      frame.format = format;
      frame.sampleRate = options.sampleRate;
      frame.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    });
  }

  /** @param samples one channel, {@link frameSamples} of them. @param index time of the first one in samples. */
  encode(samples: Float32Array, index: number, take: TakePacket): void {
    const frame = this.#frame;
    check(frame.makeWritable(), 'makeWritable');
    const [left, right] = (frame.data ?? []).map((plane) => new Float32Array(plane.buffer, plane.byteOffset));
    if (frame.format === AV_SAMPLE_FMT_FLTP) {
      left?.set(samples);
      right?.set(samples);
    } else for (const [i, sample] of samples.entries()) left?.fill(sample, 2 * i, 2 * i + 2);
    frame.pts = BigInt(index);
    encode(this.context, frame, this.#packet, take);
  }

  [Symbol.dispose](): void {
    finish(this.context, this.#packet);
    this.#frame.free();
    this.#packet.free();
  }
}

function encoderSettings({ codec, bFrames, fps, keyFrameEveryS }: PictureOptions): Record<string, string> {
  const gop = fps * keyFrameEveryS;
  switch (codec) {
    case 'h264':
      return {
        preset: 'superfast',
        ...(bFrames === 0 ? { tune: 'zerolatency' } : {}),
        'x264-params': `scenecut=0:keyint=${gop}:min-keyint=${gop}:open-gop=0:bframes=${bFrames}`,
      };
    case 'h265':
      return {
        preset: 'ultrafast',
        ...(bFrames === 0 ? { tune: 'zerolatency' } : {}),
        'x265-params': `scenecut=0:keyint=${gop}:min-keyint=${gop}:open-gop=0:bframes=${bFrames}:log-level=error:pools=none:frame-threads=1`,
      };
    case 'av1':
      return { preset: '12', 'svtav1-params': `keyint=${gop}:pred-struct=1:rc=2:scd=0:lp=1` };
  }
}

/** Ends an encoder in the order its threads expect: drained, then freed. */
function finish(context: CodecContext, packet: Packet): void {
  if (context.sendFrameSync(null) >= 0) while (context.receivePacketSync(packet) >= 0) packet.unref();
  context.freeContext();
}

function open(context: CodecContext, codec: Codec | null, settings: Record<string, string>): void {
  if (!codec) throw new Error('The encoder is not in this build of node-av');
  for (const [name, value] of Object.entries(settings))
    check(context.setOption(name, value), `option ${name}=${value}`);
  check(context.open2Sync(codec, null), `opening ${codec.name}`);
}

function allocate(frame: Frame, describe: (frame: Frame) => void): void {
  frame.alloc();
  describe(frame);
  check(frame.getBuffer(0), 'getBuffer');
}

function encode(context: CodecContext, frame: Frame, packet: Packet, take: TakePacket): void {
  check(context.sendFrameSync(frame), 'sendFrame');
  for (;;) {
    const got = context.receivePacketSync(packet);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, 'receivePacket');
    take(packet);
    packet.unref();
  }
}

/** @throws FFmpegError */
export function check(code: number, operation: string): void {
  FFmpegError.throwIfError(code, operation);
}
