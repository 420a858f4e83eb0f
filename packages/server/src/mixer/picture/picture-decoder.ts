import type { VideoFrame } from '@lianmai/media';
import { AV_NOPTS_VALUE, AV_PKT_FLAG_KEY } from 'node-av/constants';
import { type CodecContext, Frame, Packet } from 'node-av/lib';
import { openDecoder } from '../../transcoder/codecs.ts';

/** Larger pictures are refused: a tile is never worth their memory. */
export const MOST_PIXELS = 4096 * 4096;
const LEAST_SIDE = 16;
const MICROS_PER_MS = 1000;

const OPTIONS = { flags: '+low_delay', max_pixels: String(MOST_PIXELS) };

/**
 * Takes a picture that was decoded whole.
 * @param frame the decoder's, only valid during the call. @param ptsMs on the stream's timeline
 */
export type TakePicture = (frame: Frame, ptsMs: number) => void;

/** One stream's pictures of any codec, decoded at once. Synchronous: it belongs in a process of its own. */
export class PictureDecoder {
  readonly #take: TakePicture;
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  #decoder: CodecContext | null = null;
  #codec: VideoFrame['codec'] | null = null;
  #config: Buffer | null = null;
  #keyPtsMs = 0;
  #saving = false;

  constructor(take: TakePicture) {
    this.#take = take;
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** A `config` frame. The same one again changes nothing. */
  configure(codec: VideoFrame['codec'], config: Buffer): void {
    if (this.#codec === codec && this.#config?.equals(config)) return;
    this.#drain();
    this.#free();
    this.#codec = codec;
    this.#config = Buffer.from(config);
  }

  /** Leaves out the loop filter, a fifth of the work: its lack is not seen in a picture that is made much smaller. */
  save(saving: boolean): void {
    if (saving === this.#saving) return;
    this.#saving = saving;
    this.#applySaving();
  }

  /**
   * @returns whether all went well; after a damaged one nothing is any good up to the next key frame
   */
  decode(frame: VideoFrame): boolean {
    if (this.#codec !== frame.codec) {
      this.#drain();
      this.#free();
      this.#codec = frame.codec;
      this.#config = null;
    }
    const ptsMs = frame.dts + frame.cts;
    if (frame.type === 'key') this.#keyPtsMs = ptsMs;
    const decoder = this.#open();
    if (!decoder) return false;
    const packet = this.#packet;
    packet.data = frame.data;
    packet.pts = BigInt(Math.round(ptsMs * MICROS_PER_MS));
    packet.dts = BigInt(Math.round(frame.dts * MICROS_PER_MS));
    if (frame.type === 'key') packet.setFlags(AV_PKT_FLAG_KEY);
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    const received = this.#receive(decoder, ptsMs);
    return sent >= 0 && received;
  }

  /** Forgets the stream. */
  reset(): void {
    this.#free();
    this.#codec = null;
    this.#config = null;
  }

  close(): void {
    this.#free();
    this.#packet.free();
    this.#frame.free();
  }

  #receive(decoder: CodecContext, sentPtsMs: number): boolean {
    let isGood = true;
    const frame = this.#frame;
    while (decoder.receiveFrameSync(frame) >= 0) {
      const { pts } = frame;
      const ptsMs = pts === AV_NOPTS_VALUE ? sentPtsMs : Number(pts) / MICROS_PER_MS;
      const isWhole = frame.decodeErrorFlags === 0 && frame.width >= LEAST_SIDE && frame.height >= LEAST_SIDE;
      if (isWhole) this.#take(frame, ptsMs);
      frame.unref();
      // Pictures shown before their key frame may refer to what came before it (an open GOP): that is no damage.
      if (!isWhole && ptsMs >= this.#keyPtsMs) isGood = false;
    }
    return isGood;
  }

  #open(): CodecContext | null {
    if (this.#decoder || !this.#codec) return this.#decoder;
    const isNeeded = this.#codec === 'h264' || this.#codec === 'h265';
    if (isNeeded && !this.#config) return null;
    try {
      // VP9's record is for players alone.
      this.#decoder = openDecoder(this.#codec, this.#codec === 'vp9' ? null : this.#config, OPTIONS);
    } catch {
      return null;
    }
    this.#applySaving();
    return this.#decoder;
  }

  #applySaving(): void {
    this.#decoder?.setOption('skip_loop_filter', this.#saving ? 'all' : 'default');
  }

  /** What the decoder holds back for the order of presentation. */
  #drain(): void {
    if (!this.#decoder) return;
    this.#decoder.sendPacketSync(null);
    this.#receive(this.#decoder, this.#keyPtsMs);
  }

  #free(): void {
    this.#decoder?.freeContext();
    this.#decoder = null;
  }
}
