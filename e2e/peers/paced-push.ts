import type { AudioFrame, VideoFrame } from '@lianmai/media';
import { writeFlvTag } from '@lianmai/media/flv';
import { RtmpClient } from './rtmp-client.ts';

type Frame = VideoFrame | AudioFrame;

export interface PacedPushOptions {
  port: number;
  /** With its signature. */
  streamKey: string;
  /** Played over and over. */
  frames: readonly Frame[];
  lengthMs: number;
  /** Frames leave up to so much late, in their order. */
  jitterMs?: number;
  /** By the clock of `performance.now()`; in the past: so much of it is left out. */
  startMs?: number;
}

/** Publishes encoded frames by RTMP each at its time, as a camera would, from this process. */
export class PacedPush implements Disposable {
  readonly #client: RtmpClient;
  readonly #options: PacedPushOptions;
  readonly #startMs: number;
  readonly #media: readonly Frame[];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(client: RtmpClient, options: PacedPushOptions) {
    this.#client = client;
    this.#options = options;
    this.#startMs = options.startMs ?? performance.now();
    this.#media = options.frames.filter(({ type }) => type !== 'config');
    for (const frame of options.frames) if (frame.type === 'config') this.#send(frame);
    this.#arm();
  }

  /** Resolves when the server lets it publish. @throws Error when it does not. */
  static async start(options: PacedPushOptions): Promise<PacedPush> {
    const client = await RtmpClient.connect(options.port);
    const { code } = await client.publish(options.streamKey);
    if (code !== 'NetStream.Publish.Start') throw new Error(`publishing was answered ${code}`);
    return new PacedPush(client, options);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#client[Symbol.dispose]();
  }

  #arm(): void {
    const { jitterMs = 0 } = this.#options;
    const lateMs = Math.random() * jitterMs;
    this.#timer = setTimeout(
      () => {
        for (let frame = this.#due(); frame; frame = this.#due()) this.#send(frame);
        this.#arm();
      },
      Math.max(0, this.#dtsOf(this.#next) + this.#startMs + lateMs - performance.now()),
    );
  }

  /** The next frame if its time has come. */
  #due(): Frame | null {
    const dts = this.#dtsOf(this.#next);
    if (this.#startMs + dts > performance.now()) return null;
    const frame = this.#media[this.#next++ % this.#media.length];
    return frame ? { ...frame, dts } : null;
  }

  #dtsOf(index: number): number {
    const { length } = this.#media;
    return (this.#media[index % length]?.dts ?? 0) + Math.floor(index / length) * this.#options.lengthMs;
  }

  #send(frame: Frame): void {
    const tag = writeFlvTag(frame);
    const [type, chunkStreamId] = frame.track === 'video' ? [9, 6] : [8, 4];
    this.#client.send(type, chunkStreamId, 1, Math.round(frame.dts), tag.subarray(11, -4));
  }
}
