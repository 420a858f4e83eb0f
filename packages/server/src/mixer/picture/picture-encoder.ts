import type { MixOutput } from '@lianmai/contract';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, type Frame, Packet, Rational } from 'node-av/lib';
import { check, isDrained } from '../../transcoder/codecs.ts';
import type { Size } from '../layout/tile.ts';

export interface EncodedPicture {
  type: 'key' | 'inter';
  /** NAL units behind 4-byte lengths, the caller's own. */
  data: Buffer;
}

/**
 * What x264 is told for each preset, measured at four and nine inputs on 1280x720 at 1.5 Mbit/s, of people and of test patterns. Both
 * without look-ahead, B-frames and scene cuts: key frames come when they are due.
 *
 * - quality: costs three quarters of `veryfast` for what that gives, or more. From `subme=2` on x264 compares by transformed
 *   differences: worth 2 dB where there are edges. Intra 8x8 is worth as much, the other partitions are not worth their time, nor is
 *   looking for motion in more than the usual diamond. Adaptive quantisation spends bits on noise: a third of it is left.
 * - many: quality from so many inputs on that decoding them is most of the work: three fifths of `veryfast`. Each is made smaller, and
 *   that leaves fewer edges for which it would pay to compare by transforms.
 * - economy: half of `veryfast`, compares by plain differences, moves by half pixels: as good with people, 2 dB worse with patterns.
 */
const PRESETS = {
  quality: {
    preset: 'veryfast',
    params: 'me=dia:merange=4:subme=2:weightp=0:partitions=i8x8:no-dct-decimate=1:aq-strength=0.3',
  },
  many: {
    preset: 'ultrafast',
    params: 'subme=1:cabac=1:deblock=1,1:partitions=i8x8:8x8dct=1',
  },
  economy: {
    preset: 'ultrafast',
    params: 'subme=0:cabac=1:deblock=1,1:partitions=i8x8:8x8dct=1',
  },
} as const;

const MANY_INPUTS = 9;

/** How a picture of so many inputs is encoded; equal for those for which one encoder will do. */
export const effortFor = (preset: MixOutput['preset'], inputs: number): keyof typeof PRESETS =>
  preset === 'quality' && inputs >= MANY_INPUTS ? 'many' : preset;

export interface PictureEncoderOptions extends Omit<MixOutput, 'audioKbps'>, Size {
  /** That the picture shows; 1 by default. */
  inputs?: number;
}

/** The mix' H.264, without B-frames or any delay: a picture in, its packet out. Synchronous. */
export class PictureEncoder {
  /** The avcC record. */
  readonly config: Buffer;
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #keyEvery: number;
  #sinceKey = 0;
  #isClosed = false;

  /** @throws FFmpegError the encoder does not take these settings */
  constructor(options: PictureEncoderOptions) {
    const context = this.#context;
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw new Error('libx264 is not in this build of node-av');
    context.allocContext3(codec);
    this.#keyEvery = Math.max(1, Math.round((options.gopMs * options.fps) / 1000));
    configure(context, options);
    const { preset, params } = PRESETS[effortFor(options.preset, options.inputs ?? 1)];
    const settings = {
      preset,
      tune: 'zerolatency',
      'forced-idr': '1',
      'x264-params': `annexb=0:scenecut=0:keyint=infinite:${params}`,
    };
    try {
      for (const [name, value] of Object.entries(settings)) check(context.setOption(name, value), `${name}=${value}`);
      check(context.open2Sync(codec, null), 'opening libx264');
      if (!context.extraData) throw new Error('libx264 gave no decoder configuration');
      this.config = Buffer.from(context.extraData);
    } catch (error) {
      context.freeContext();
      throw error;
    }
    this.#packet.alloc();
  }

  /**
   * @param canvas 4:2:0 of the encoder's size; not kept
   * @param pts in frames, always higher than before
   * @param key a key frame, though none is due
   */
  encode(canvas: Frame, pts: number, key: boolean): EncodedPicture | null {
    const isKey = key || this.#sinceKey === 0 || this.#sinceKey >= this.#keyEvery;
    this.#sinceKey = isKey ? 1 : this.#sinceKey + 1;
    canvas.pts = BigInt(pts);
    canvas.pictType = isKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    check(this.#context.sendFrameSync(canvas), 'sendFrame');
    const packet = this.#packet;
    const got = this.#context.receivePacketSync(packet);
    if (isDrained(got)) return null;
    check(got, 'receivePacket');
    const { data, isKeyframe } = packet;
    const encoded = data && { type: isKeyframe ? ('key' as const) : ('inter' as const), data: Buffer.from(data) };
    packet.unref();
    return encoded;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.freeContext();
    this.#packet.free();
  }
}

function configure(context: CodecContext, { width, height, fps, videoKbps }: PictureEncoderOptions): void {
  Object.assign(context, { width, height, pixelFormat: AV_PIX_FMT_YUV420P, maxBFrames: 0, threadCount: 1 });
  context.timeBase = new Rational(1, fps);
  context.framerate = new Rational(fps, 1);
  const bitrate = videoKbps * 1000;
  context.bitRate = BigInt(bitrate);
  context.rcMaxRate = BigInt(bitrate);
  // One second: what a player has buffered at least.
  context.rcBufferSize = bitrate;
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  context.colorRange = AVCOL_RANGE_MPEG;
  context.colorSpace = AVCOL_SPC_BT709;
  context.colorPrimaries = AVCOL_PRI_BT709;
  context.colorTrc = AVCOL_TRC_BT709;
}
