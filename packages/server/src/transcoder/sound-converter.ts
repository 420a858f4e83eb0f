import type { AudioCodec, AudioFrame } from '@lianmai/media';
import { AV_CHANNEL_LAYOUT_STEREO, AV_PKT_FLAG_KEY, AV_SAMPLE_FMT_FLT, type AVSampleFormat } from 'node-av/constants';
import { type CodecContext, Frame, Packet, SoftwareResampleContext } from 'node-av/lib';
import { check, isDrained, openDecoder, openSoundEncoder, SAMPLE_RATE } from './codecs.ts';
import { SampleClock } from './sample-clock.ts';

const CHANNELS = 2;
const MICROS_PER_MS = 1000;

/** What decoded sound is, as far as the resampler must know. */
interface SoundFormat {
  sampleRate: number;
  format: number;
  channels: number;
}

/**
 * Turns a stream's sound into stereo at 48 kHz of another codec, at its own time: a sample that a player of the source hears at
 * `dts` is heard at `dts` of the result. Synchronous: a frame takes some 100 µs.
 */
export class SoundConverter implements Disposable {
  readonly #target: 'aac' | 'opus';
  readonly #emit: (frame: AudioFrame) => void;
  readonly #encoder: CodecContext;
  readonly #frameSamples: number;
  readonly #clock = new SampleClock(SAMPLE_RATE);
  readonly #packet = new Packet();
  readonly #decoded = new Frame();
  readonly #resampled = new Frame();
  readonly #encodable = new Frame();
  #source: { codec: AudioCodec; config: Buffer | null } | null = null;
  #decoder: CodecContext | null = null;
  #resampler: { context: SoftwareResampleContext; from: SoundFormat } | null = null;
  /** Interleaved samples that do not fill a frame yet. */
  #waiting: Int16Array | Float32Array;
  #waitingSamples = 0;
  /** Number of the first sample of the next encoded frame. */
  #encoded = 0;
  #announced = false;

  constructor(target: 'aac' | 'opus', emit: (frame: AudioFrame) => void) {
    this.#target = target;
    this.#emit = emit;
    this.#encoder = openSoundEncoder(target);
    this.#frameSamples = this.#encoder.frameSize;
    const isFloat = this.#encoder.sampleFormat === AV_SAMPLE_FMT_FLT;
    const room = CHANNELS * SAMPLE_RATE;
    this.#waiting = isFloat ? new Float32Array(room) : new Int16Array(room);
    for (const owned of [this.#packet, this.#decoded, this.#resampled, this.#encodable]) owned.alloc();
    this.#describe(this.#encodable, this.#frameSamples);
    check(this.#encodable.getBuffer(0), 'getBuffer');
  }

  /** One frame of the source, configurations too; what cannot be decoded is left out. */
  push(frame: AudioFrame): void {
    if (frame.type === 'config') return this.#expect(frame.codec, frame.data);
    if (this.#source?.codec !== frame.codec) this.#expect(frame.codec, null);
    const decoder = this.#decoder;
    if (!decoder) return;
    const packet = this.#packet;
    packet.data = frame.data;
    packet.pts = BigInt(Math.round(frame.dts * MICROS_PER_MS));
    packet.setFlags(AV_PKT_FLAG_KEY);
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    if (sent < 0) return;
    while (decoder.receiveFrameSync(this.#decoded) >= 0) {
      // The decoder's own stamp: it may have dropped a run-up from the beginning.
      this.#take(Number(this.#decoded.pts) / MICROS_PER_MS);
      this.#decoded.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#decoder?.freeContext();
    this.#decoder = null;
    this.#resampler?.context.free();
    this.#resampler = null;
    this.#encoder.freeContext();
    for (const owned of [this.#packet, this.#decoded, this.#resampled, this.#encodable]) owned.free();
  }

  #expect(codec: AudioCodec, config: Buffer | null): void {
    this.#source = { codec, config };
    this.#decoder?.freeContext();
    this.#decoder = null;
    // AAC cannot be read without, and Opus is stereo without.
    if (codec === 'aac' && config === null) return;
    this.#decoder = openDecoder(codec, config);
  }

  #take(ms: number): void {
    const silence = this.#clock.arrive(ms);
    this.#append(null, silence);
    const { context } = this.#resamplerFor(this.#decoded);
    const out = this.#resampled;
    out.unref();
    this.#describe(out, 0);
    check(context.convertFrame(out, this.#decoded), 'resampling');
    const plane = out.data?.[0];
    if (plane && out.nbSamples > 0) this.#append(plane, out.nbSamples);
    out.unref();
  }

  #describe(frame: Frame, samples: number): void {
    frame.format = this.#encoder.sampleFormat;
    frame.sampleRate = SAMPLE_RATE;
    frame.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    frame.nbSamples = samples;
  }

  #resamplerFor({ sampleRate, format, channels, channelLayout }: Frame) {
    const known = this.#resampler;
    if (
      known &&
      known.from.sampleRate === sampleRate &&
      known.from.format === format &&
      known.from.channels === channels
    )
      return known;
    known?.context.free();
    const context = new SoftwareResampleContext();
    const { sampleFormat } = this.#encoder;
    const from = [channelLayout, format as AVSampleFormat, sampleRate] as const;
    check(context.allocSetOpts2(AV_CHANNEL_LAYOUT_STEREO, sampleFormat, SAMPLE_RATE, ...from), 'resampler');
    check(context.init(), 'resampler');
    this.#resampler = { context, from: { sampleRate, format, channels } };
    return this.#resampler;
  }

  /** @param plane interleaved samples; null for silence. */
  #append(plane: Buffer | null, samples: number): void {
    const waiting = this.#waiting;
    const ofType = plane && typed(plane, waiting, samples * CHANNELS);
    for (let from = 0; from < samples; ) {
      const count = Math.min(samples - from, waiting.length / CHANNELS - this.#waitingSamples);
      const at = this.#waitingSamples * CHANNELS;
      if (ofType) waiting.set(ofType.subarray(from * CHANNELS, (from + count) * CHANNELS), at);
      else waiting.fill(0, at, at + count * CHANNELS);
      this.#waitingSamples += count;
      this.#clock.add(count);
      from += count;
      this.#encodeWaiting();
    }
  }

  #encodeWaiting(): void {
    const samples = this.#frameSamples;
    let from = 0;
    for (; this.#waitingSamples - from >= samples; from += samples) {
      const frame = this.#encodable;
      check(frame.makeWritable(), 'makeWritable');
      const plane = frame.data?.[0];
      if (!plane) throw new Error('a frame without samples');
      typed(plane, this.#waiting, samples * CHANNELS).set(
        this.#waiting.subarray(from * CHANNELS, (from + samples) * CHANNELS),
      );
      frame.pts = BigInt(this.#encoded);
      this.#encoded += samples;
      this.#encode(frame);
    }
    if (from === 0) return;
    this.#waiting.copyWithin(0, from * CHANNELS, this.#waitingSamples * CHANNELS);
    this.#waitingSamples -= from;
  }

  #encode(frame: Frame): void {
    const packet = this.#packet;
    check(this.#encoder.sendFrameSync(frame), 'sendFrame');
    for (;;) {
      const got = this.#encoder.receivePacketSync(packet);
      if (isDrained(got)) return;
      check(got, 'receivePacket');
      // The encoder's run-up is in its stamps: the first one lies before 0.
      const dts = this.#clock.timeOf(Number(packet.pts));
      if (!this.#announced && this.#encoder.extraData) this.#send('config', dts, this.#encoder.extraData);
      this.#announced = true;
      if (packet.data) this.#send('key', dts, packet.data);
      packet.unref();
    }
  }

  #send(type: 'config' | 'key', dts: number, data: Buffer): void {
    this.#emit({ track: 'audio', codec: this.#target, type, dts, cts: 0, data: Buffer.from(data) });
  }
}

/** Bytes as samples of the same type as `like`. */
function typed(bytes: Buffer, like: Int16Array | Float32Array, length: number): Int16Array | Float32Array {
  return like instanceof Float32Array
    ? new Float32Array(bytes.buffer, bytes.byteOffset, length)
    : new Int16Array(bytes.buffer, bytes.byteOffset, length);
}
