import { AV_CHANNEL_LAYOUT_STEREO, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_S16 } from 'node-av/constants';
import { type CodecContext, CodecParameters, Frame, Packet } from 'node-av/lib';
import { check, isDrained, openSoundEncoder } from '../../transcoder/codecs.ts';
import { type Planes, planes, SAMPLE_RATE } from './planes.ts';

const S16_MAX = 32_767;

export interface EncodedSound {
  /**
   * When its first sample is heard, in samples of what was given to the encoder, 0 being the first: the encoder's run-up is
   * taken off, so the first ones are below 0.
   */
  ptsSamples: number;
  data: Buffer;
}

/** Encodes mixed sound to AAC (libfdk, or FFmpeg's own where that is missing) or Opus. Blocks of any size. Synchronous. */
export class SoundEncoder {
  /** AudioSpecificConfig, or OpusHead. */
  readonly config: Buffer;
  /** Samples that the codec puts before the first one. */
  readonly delaySamples: number;
  /** Samples of one packet. */
  readonly frameSamples: number;
  readonly #encoder: CodecContext;
  readonly #frame = new Frame();
  readonly #packet = new Packet();
  readonly #waiting: Planes;
  /** Fills the frame's memory; null: it has other memory than before. */
  #fill: Fill | null = null;
  #waitingSamples = 0;
  #encoded = 0;
  #closed = false;

  /** @throws FFmpegError */
  constructor(options: { codec: 'aac' | 'opus'; kbps: number }) {
    const encoder = openSoundEncoder(options.codec, { kbps: options.kbps, planar: true });
    this.#encoder = encoder;
    this.frameSamples = encoder.frameSize;
    this.config = Buffer.from(encoder.extraData ?? []);
    this.#waiting = planes(this.frameSamples);
    const frame = this.#frame;
    frame.alloc();
    this.#packet.alloc();
    frame.format = encoder.sampleFormat;
    frame.sampleRate = SAMPLE_RATE;
    frame.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    frame.nbSamples = this.frameSamples;
    check(frame.getBuffer(0), 'getBuffer');
    this.delaySamples = initialPadding(encoder);
  }

  /** @param count samples of each plane. @returns what became whole by them; the buffers are the caller's. */
  encode([left, right]: Planes, count: number): EncodedSound[] {
    const packets: EncodedSound[] = [];
    if (this.#closed) return packets;
    const [waitingLeft, waitingRight] = this.#waiting;
    for (let i = 0; i < count; ) {
      const stop = Math.min(count, i + this.frameSamples - this.#waitingSamples);
      for (let at = this.#waitingSamples; i < stop; i++, at++) {
        waitingLeft[at] = left[i]!;
        waitingRight[at] = right[i]!;
        this.#waitingSamples++;
      }
      if (this.#waitingSamples === this.frameSamples) this.#encodeWaiting(packets);
    }
    return packets;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#encoder.freeContext();
    this.#frame.free();
    this.#packet.free();
  }

  #encodeWaiting(packets: EncodedSound[]): void {
    const frame = this.#frame;
    if (!frame.isWritable) {
      check(frame.makeWritable(), 'makeWritable');
      this.#fill = null;
    }
    this.#fill ??= fillerOf(frame);
    this.#fill(this.#waiting);
    frame.pts = BigInt(this.#encoded);
    this.#encoded += this.frameSamples;
    this.#waitingSamples = 0;
    check(this.#encoder.sendFrameSync(frame), 'sendFrame');
    const packet = this.#packet;
    for (;;) {
      const got = this.#encoder.receivePacketSync(packet);
      if (isDrained(got)) return;
      check(got, 'receivePacket');
      packets.push({ ptsSamples: Number(packet.pts), data: Buffer.from(packet.data ?? []) });
      packet.unref();
    }
  }
}

type Fill = (samples: Planes) => void;

/** Views of a frame's memory are made once: made for each block they are garbage that V8 takes for its own. */
function fillerOf(frame: Frame): Fill {
  const [first, second] = frame.data ?? [];
  if (!first) throw new Error('a frame without samples');
  const count = frame.nbSamples;
  if (frame.format === AV_SAMPLE_FMT_S16) {
    const into = new Int16Array(first.buffer, first.byteOffset, 2 * count);
    return ([left, right]) => {
      for (let i = 0; i < count; i++) {
        into[2 * i] = toS16(left[i]!);
        into[2 * i + 1] = toS16(right[i]!);
      }
    };
  }
  if (frame.format === AV_SAMPLE_FMT_FLT) {
    const into = new Float32Array(first.buffer, first.byteOffset, 2 * count);
    return ([left, right]) => {
      for (let i = 0; i < count; i++) {
        into[2 * i] = left[i]!;
        into[2 * i + 1] = right[i]!;
      }
    };
  }
  if (!second) throw new Error('a frame without a second channel');
  const intoLeft = new Float32Array(first.buffer, first.byteOffset, count);
  const intoRight = new Float32Array(second.buffer, second.byteOffset, count);
  return ([left, right]) => {
    intoLeft.set(left);
    intoRight.set(right);
  };
}

/** The codec's run-up, which its stamps count too. */
function initialPadding(encoder: CodecContext): number {
  using parameters = new CodecParameters();
  parameters.alloc();
  check(parameters.fromContext(encoder), 'parameters');
  return parameters.initialPadding;
}

const toS16 = (sample: number) => Math.round(Math.max(-1, Math.min(1, sample)) * S16_MAX);
