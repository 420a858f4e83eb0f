import type { VideoFrame } from '@lianmai/media';
import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PKT_FLAG_KEY,
  SWS_BILINEAR,
} from 'node-av/constants';
import { type CodecContext, Frame, Packet, SoftwareScaleContext } from 'node-av/lib';
import { check, isDrained, openDecoder, openPictureEncoder } from './codecs.ts';
import { encodedSize } from './picture-size.ts';

/** More pictures wait than this: the older ones are decoded only, so that the newest come out soon. */
const LATE_PICTURES = 8;
/** More wait than this: all are left out up to the next key frame. */
const MOST_WAITING = 600;
const MOST_WAITING_BYTES = 16 << 20;
const KEY_FRAME_EVERY_MS = 2000;
/** Many wishes at once are one key frame. */
const KEY_FRAME_REQUEST_MS = 500;
const MICROS_PER_MS = 1000;

/**
 * Turns a stream's pictures, of any codec and order, into H.264 in the order they are shown. Works off the event loop's
 * thread, one picture after the other; `dts` of the result is when the source's picture is shown.
 */
export class PictureConverter implements Disposable {
  readonly #emit: (frame: VideoFrame) => void;
  readonly #failed: (error: unknown) => void;
  readonly #packet = new Packet();
  readonly #encodedPacket = new Packet();
  readonly #decoded = new Frame();
  readonly #scaled = new Frame();
  #waiting: VideoFrame[] = [];
  #waitingBytes = 0;
  #awaitsKey = true;
  #running = false;
  #disposed = false;
  #decoder: { context: CodecContext; codec: VideoFrame['codec'] } | null = null;
  #encoder: { context: CodecContext; width: number; height: number } | null = null;
  #scaler: { context: SoftwareScaleContext; from: string } | null = null;
  #lastPts = -1n;
  #lastKeyMs = Number.NEGATIVE_INFINITY;
  #keyFrameWanted = true;

  /** @param failed the codecs gave up; nothing comes any more. */
  constructor(emit: (frame: VideoFrame) => void, failed: (error: unknown) => void) {
    this.#emit = emit;
    this.#failed = failed;
    for (const owned of [this.#packet, this.#encodedPacket, this.#decoded, this.#scaled]) owned.alloc();
  }

  /** Whether there is something to be done still. */
  get busy(): boolean {
    return this.#running;
  }

  /** One frame of the source, configurations too. */
  push(frame: VideoFrame): void {
    if (this.#disposed) return;
    if (frame.type === 'key') this.#awaitsKey = false;
    else if (frame.type === 'inter' && this.#awaitsKey) return;
    if (this.#waiting.length >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES) {
      this.#waiting = this.#waiting.filter(({ type }) => type === 'config');
      this.#waitingBytes = 0;
      this.#awaitsKey = frame.type !== 'key';
      if (frame.type === 'inter') return;
    }
    this.#waiting.push(frame);
    this.#waitingBytes += frame.data.length;
    if (!this.#running) void this.#run();
  }

  /** The next picture shall be a key frame. */
  requestKeyFrame(): void {
    if (Number(this.#lastPts) / MICROS_PER_MS - this.#lastKeyMs >= KEY_FRAME_REQUEST_MS) this.#keyFrameWanted = true;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#waiting = [];
    if (!this.#running) this.#free();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let frame = this.#next(); frame && !this.#disposed; frame = this.#next()) await this.#take(frame);
    } catch (error) {
      if (!this.#disposed) this.#failed(error);
      this.#disposed = true;
    }
    this.#running = false;
    if (this.#disposed) this.#free();
  }

  #next(): VideoFrame | undefined {
    const frame = this.#waiting.shift();
    this.#waitingBytes -= frame?.data.length ?? 0;
    return frame;
  }

  async #take(frame: VideoFrame): Promise<void> {
    if (frame.type === 'config') return this.#decode(frame.codec, frame.data);
    if (this.#decoder?.codec !== frame.codec) this.#decode(frame.codec, null);
    const decoder = this.#decoder?.context;
    if (!decoder) return;
    const packet = this.#packet;
    packet.data = frame.data;
    packet.pts = micros(frame.dts + frame.cts);
    packet.dts = micros(frame.dts);
    if (frame.type === 'key') packet.setFlags(AV_PKT_FLAG_KEY);
    const sent = await decoder.sendPacket(packet);
    packet.unref();
    if (sent < 0) return;
    while ((await decoder.receiveFrame(this.#decoded)) >= 0) {
      if (this.#waiting.length <= LATE_PICTURES && !this.#disposed) await this.#convert(this.#decoded);
      this.#decoded.unref();
    }
  }

  #decode(codec: VideoFrame['codec'], config: Buffer | null): void {
    this.#decoder?.context.freeContext();
    this.#decoder = null;
    // H.264 and H.265 cannot be read without.
    if (config === null && (codec === 'h264' || codec === 'h265')) return;
    // VP9's record is for players alone.
    this.#decoder = { context: openDecoder(codec, codec === 'vp9' ? null : config), codec };
  }

  async #convert(picture: Frame): Promise<void> {
    const size = encodedSize(picture);
    if (this.#encoder?.width !== size.width || this.#encoder.height !== size.height) {
      this.#encoder?.context.freeContext();
      this.#encoder = null;
      this.#encoder = { context: openPictureEncoder(size), ...size };
      this.#keyFrameWanted = true;
      const { extraData } = this.#encoder.context;
      if (extraData) this.#send('config', picture.pts, extraData);
    }
    const fits =
      picture.format === AV_PIX_FMT_YUV420P && picture.width === size.width && picture.height === size.height;
    const encodable = fits ? picture : await this.#scale(picture, size);
    // Time does not go back, and no two pictures share one.
    const pts = picture.pts > this.#lastPts ? picture.pts : this.#lastPts + 1n;
    this.#lastPts = pts;
    encodable.pts = pts;
    const isKey = this.#keyFrameWanted || Number(pts) / MICROS_PER_MS - this.#lastKeyMs >= KEY_FRAME_EVERY_MS;
    encodable.pictType = isKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (isKey) this.#lastKeyMs = Number(pts) / MICROS_PER_MS;
    if (isKey) this.#keyFrameWanted = false;
    await this.#encode(this.#encoder.context, encodable);
  }

  async #scale(picture: Frame, { width, height }: { width: number; height: number }): Promise<Frame> {
    const out = this.#scaled;
    const from = [picture.width, picture.height, picture.format, width, height].join();
    if (this.#scaler?.from !== from) {
      this.#scaler?.context.freeContext();
      const context = new SoftwareScaleContext();
      context.getContext(
        picture.width,
        picture.height,
        picture.format as never,
        width,
        height,
        AV_PIX_FMT_YUV420P,
        SWS_BILINEAR,
      );
      this.#scaler = { context, from };
      out.unref();
      Object.assign(out, { width, height, format: AV_PIX_FMT_YUV420P });
      check(out.getBuffer(0), 'getBuffer');
    }
    check(out.makeWritable(), 'makeWritable');
    check(await this.#scaler.context.scaleFrame(out, picture), 'scaling');
    return out;
  }

  async #encode(encoder: CodecContext, picture: Frame): Promise<void> {
    const packet = this.#encodedPacket;
    check(await encoder.sendFrame(picture), 'sendFrame');
    for (;;) {
      const got = await encoder.receivePacket(packet);
      if (isDrained(got)) return;
      check(got, 'receivePacket');
      if (packet.data) this.#send(packet.isKeyframe ? 'key' : 'inter', packet.pts, packet.data);
      packet.unref();
    }
  }

  #send(type: VideoFrame['type'], pts: bigint, data: Buffer): void {
    if (this.#disposed) return;
    const dts = Number(pts) / MICROS_PER_MS;
    this.#emit({ track: 'video', codec: 'h264', type, dts, cts: 0, data: Buffer.from(data) });
  }

  #free(): void {
    this.#decoder?.context.freeContext();
    this.#decoder = null;
    this.#encoder?.context.freeContext();
    this.#encoder = null;
    this.#scaler?.context.freeContext();
    this.#scaler = null;
    for (const owned of [this.#packet, this.#encodedPacket, this.#decoded, this.#scaled]) owned.free();
  }
}

const micros = (ms: number) => BigInt(Math.round(ms * MICROS_PER_MS));
