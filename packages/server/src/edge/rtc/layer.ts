import type { Frame, VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { describeVideo } from '@lianmai/media/codec';
import type { TrackReceiver } from './track-receiver.ts';

/** A layer without packets for so long is not sent any more: the client's network does not carry it. */
const GONE_MS = 1500;

/** One encoding of a client's picture: the only one, or a simulcast layer. */
export class Layer {
  readonly receiver: TrackReceiver;
  /** Its name in the session description; null without simulcast. */
  readonly rid: string | null;
  /** The newest configuration. */
  config: VideoFrame | null = null;
  /** Of its pictures; 0 while it is not known. */
  pixels = 0;
  packetMs = Number.NEGATIVE_INFINITY;
  keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  keyFrameCameMs = Number.NEGATIVE_INFINITY;

  constructor(receiver: TrackReceiver, rid: string | null) {
    this.receiver = receiver;
    this.rid = rid;
  }

  isSent(nowMs: number): boolean {
    return nowMs - this.packetMs < GONE_MS;
  }

  /** Notes what a frame tells of the layer. */
  learn(frame: VideoFrame, nowMs: number): void {
    if (frame.type === 'inter') return;
    if (frame.type === 'config') this.config = frame;
    else this.keyFrameCameMs = nowMs;
    if (frame.type === 'key' && this.config) return;
    const info = describeVideo(frame);
    if (!(info instanceof WireError)) this.pixels = info.width * info.height;
  }
}

export interface LayerOutputOptions {
  /** 0: the largest picture that is sent; 1: the next smaller one, … */
  rank: number;
  write(frame: Frame): void;
  /** Whether anybody sees it. */
  wanted(): boolean;
}

/**
 * A picture made of layers: always the one of its rank among those that are sent, so that it goes on when the client sends more or
 * fewer of them. Changes at key frames.
 */
export class LayerOutput {
  readonly #options: LayerOutputOptions;
  #current: Layer | null = null;
  #target: Layer | null = null;

  constructor(options: LayerOutputOptions) {
    this.#options = options;
  }

  /** The layer whose key frame somebody waits for; null when all is well or nobody looks. */
  get awaited(): Layer | null {
    if (!this.#options.wanted()) return null;
    if (this.#target && this.#target !== this.#current) return this.#target;
    return this.#current?.receiver.needsKeyFrame ? this.#current : null;
  }

  /** The layer that is seen; null when nobody looks. */
  get seen(): Layer | null {
    return this.#options.wanted() ? this.#current : null;
  }

  /** Chooses among the layers that are sent, the largest first. */
  choose(layers: readonly Layer[]): void {
    this.#target = layers[Math.min(this.#options.rank, layers.length - 1)] ?? this.#current;
  }

  frame(layer: Layer, frame: VideoFrame): void {
    if (!this.#options.wanted()) {
      // Who looks later needs the configuration first.
      this.#current = null;
      return;
    }
    if (layer !== this.#current) {
      if (frame.type !== 'key' || layer !== (this.#target ?? layer)) return;
      this.#current = layer;
      if (layer.config) this.#options.write(layer.config);
    }
    this.#options.write(frame);
  }
}
