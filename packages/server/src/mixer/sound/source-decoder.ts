import type { AudioCodec, AudioFrame } from '@lianmai/media';
import {
  AV_CHANNEL_LAYOUT_MONO,
  AV_CHANNEL_LAYOUT_STEREO,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_KEY,
  AV_SAMPLE_FMT_FLTP,
  type AVSampleFormat,
} from 'node-av/constants';
import { type CodecContext, Frame, Packet, SoftwareResampleContext } from 'node-av/lib';
import { check, openDecoder } from '../../transcoder/codecs.ts';
import { SAMPLE_RATE } from './planes.ts';

const MICROS_PER_MS = 1000;

/** Memory of our own for decoded sound: views of a decoder's, made anew for each of its frames, are garbage that V8 takes for its own. */
interface Readable {
  frame: Frame;
  left: Float32Array;
  /** `left` itself for mono. */
  right: Float32Array;
}

export interface DecodedSound {
  /** @param right `left` itself for mono. Both are only valid during the call. @param ms media time of the first sample. */
  write(left: Float32Array, right: Float32Array, count: number, ms: number): void;
  /** What comes next does not go on where the last samples ended. */
  cut(): void;
}

/**
 * Decodes one source's sound, whatever its codec is at the moment, to floats at 48 kHz: mono or stereo, more channels are
 * mixed down. What cannot be decoded is left out. Synchronous.
 */
export class SourceDecoder {
  readonly #into: DecodedSound;
  readonly #packet = new Packet();
  readonly #decoded = new Frame();
  readonly #resampled = new Frame();
  #readable: Readable | null = null;
  #source: { codec: AudioCodec; config: Buffer | null } | null = null;
  #decoder: CodecContext | null = null;
  #resampler: { context: SoftwareResampleContext; sampleRate: number; format: number; channels: number } | null = null;
  #closed = false;

  constructor(into: DecodedSound) {
    this.#into = into;
    for (const owned of [this.#packet, this.#decoded, this.#resampled]) owned.alloc();
  }

  /** @returns false when this frame, or the configuration it needs, cannot be decoded. */
  push(frame: AudioFrame): boolean {
    if (this.#closed) return false;
    if (frame.type === 'config') return this.#expect(frame.codec, frame.data);
    if (this.#source?.codec !== frame.codec) this.#expect(frame.codec, null);
    const decoder = this.#decoder;
    if (!decoder) return false;
    const packet = this.#packet;
    packet.data = frame.data;
    packet.pts = BigInt(Math.round(frame.dts * MICROS_PER_MS));
    packet.setFlags(AV_PKT_FLAG_KEY);
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    if (sent < 0) return false;
    try {
      while (decoder.receiveFrameSync(this.#decoded) >= 0) this.#take(this.#decoded, frame.dts);
      return true;
    } catch {
      // A layout that cannot be resampled.
      return false;
    } finally {
      this.#decoded.unref();
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder?.freeContext();
    this.#decoder = null;
    this.#forgetResampler();
    this.#readable?.frame.free();
    this.#readable = null;
    for (const owned of [this.#packet, this.#decoded, this.#resampled]) owned.free();
  }

  #expect(codec: AudioCodec, config: Buffer | null): boolean {
    const known = this.#source;
    // Publishers repeat themselves.
    if (known?.codec === codec && this.#decoder && (config ? known.config?.equals(config) : !known.config)) return true;
    this.#decoder?.freeContext();
    this.#decoder = null;
    this.#source = { codec, config };
    this.#into.cut();
    // AAC cannot be read without, and Opus is stereo without.
    if (codec === 'aac' && config === null) return false;
    try {
      this.#decoder = openDecoder(codec, config);
    } catch {
      return false;
    }
    return true;
  }

  /** @param sentMs for decoders that do not hand stamps on. */
  #take(decoded: Frame, sentMs: number): void {
    // The decoder's own stamp: it may have dropped a run-up from the beginning.
    const ms = decoded.pts === AV_NOPTS_VALUE ? sentMs : Number(decoded.pts) / MICROS_PER_MS;
    const { format, sampleRate, channels } = decoded;
    if (format === AV_SAMPLE_FMT_FLTP && sampleRate === SAMPLE_RATE && channels <= 2) return this.#give(decoded, ms);
    const out = this.#resampled;
    out.unref();
    out.format = AV_SAMPLE_FMT_FLTP;
    out.sampleRate = SAMPLE_RATE;
    out.channelLayout = layoutOf(channels);
    const resampler = this.#resamplerFor(decoded);
    check(resampler.convertFrame(out, decoded), 'resampling');
    this.#give(out, ms);
    out.unref();
  }

  #give(frame: Frame, ms: number): void {
    if (frame.nbSamples < 1) return;
    const { left, right } = this.#copyOf(frame);
    this.#into.write(left, right, left.length, ms);
  }

  #copyOf(frame: Frame): Readable {
    // Refused when there are other samples or channels than it has memory for.
    if (this.#readable && this.#readable.frame.copy(frame) >= 0) return this.#readable;
    this.#readable?.frame.free();
    this.#readable = null;
    this.#readable = openReadable(frame);
    check(this.#readable.frame.copy(frame), 'copying');
    return this.#readable;
  }

  #resamplerFor({ sampleRate, format, channels, channelLayout }: Frame): SoftwareResampleContext {
    const known = this.#resampler;
    if (known?.sampleRate === sampleRate && known.format === format && known.channels === channels)
      return known.context;
    if (known) this.#into.cut();
    this.#forgetResampler();
    const context = new SoftwareResampleContext();
    const layout = layoutOf(channels);
    try {
      const from = [channelLayout, format as AVSampleFormat, sampleRate] as const;
      check(context.allocSetOpts2(layout, AV_SAMPLE_FMT_FLTP, SAMPLE_RATE, ...from), 'resampler');
      check(context.init(), 'resampler');
    } catch (error) {
      context.free();
      throw error;
    }
    this.#resampler = { context, sampleRate, format, channels };
    return context;
  }

  #forgetResampler(): void {
    this.#resampler?.context.free();
    this.#resampler = null;
  }
}

const layoutOf = (channels: number) => (channels === 1 ? AV_CHANNEL_LAYOUT_MONO : AV_CHANNEL_LAYOUT_STEREO);

/** Memory for such a frame. @throws FFmpegError there is none */
function openReadable({ nbSamples, channelLayout }: Frame): Readable {
  const frame = new Frame();
  frame.alloc();
  try {
    Object.assign(frame, { format: AV_SAMPLE_FMT_FLTP, sampleRate: SAMPLE_RATE, channelLayout, nbSamples });
    check(frame.getBuffer(0), 'getBuffer');
    const [first, second] = frame.data ?? [];
    if (!first) throw new Error('a frame without samples');
    const left = new Float32Array(first.buffer, first.byteOffset, nbSamples);
    const right = second ? new Float32Array(second.buffer, second.byteOffset, nbSamples) : left;
    return { frame, left, right };
  } catch (error) {
    frame.free();
    throw error;
  }
}
