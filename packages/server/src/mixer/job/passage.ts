import type { StreamHolder } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import { describeVideo } from '@lianmai/media/codec';
import type { BorrowedStreams } from '../../edge/hub/borrowed-streams.ts';
import type { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import { StreamConversion } from '../../transcoder/conversion.ts';
import { InputFeed } from './input-feed.ts';
import { fitsShape } from './plan.ts';
import type { SoundWish } from './sound-track.ts';

export interface PassageOptions {
  stream: string;
  canvas: { width: number; height: number };
  streams: Pick<BorrowedStreams, 'open' | 'create'>;
  /** It may be fit to pass on now, or no longer. */
  changed(): void;
  askKeyFrame(stream: string): void;
  /** Unix time, ms; must not go back. */
  now(): number;
}

/** Without a picture for so long the mix is made, for it shows who is missing. */
const STALLED_MS = 1000;
/** A stream that comes back is trusted after so long. */
const STEADY_MS = 2000;

/** The only input of a mix, as it is: passed on in place of the mix while nothing need be made. */
export class Passage {
  readonly #options: PassageOptions;
  readonly #feed: InputFeed;
  #source: LiveStreamImpl | null = null;
  #opus: StreamConversion | null = null;
  #opusStream: LiveStreamImpl | null = null;
  #pictureMs = Number.NEGATIVE_INFINITY;
  /** It stalled: since when it comes again. */
  #steadySinceMs: number | null = Number.NEGATIVE_INFINITY;
  /** As far as its configurations tell; looked at again when they change. */
  #fits = false;

  constructor(options: PassageOptions) {
    this.#options = options;
    const { stream, streams, askKeyFrame, changed, now } = options;
    this.#feed = new InputFeed({
      stream,
      streams: {
        open: async (name) => {
          this.#source = await streams.open(name);
          return this.#source;
        },
      },
      take: (frame, isLive) => {
        if (frame.type === 'config') this.#fits = false;
        else if (isLive && frame.track === 'video') this.#pictureMs = now();
      },
      reset: () => {
        this.#source = null;
        this.#fits = false;
        this.#endOpus();
        changed();
      },
      askKeyFrame,
    });
  }

  /** Whether it is for this stream and canvas. */
  fits(stream: string, canvas: { width: number; height: number }): boolean {
    const own = this.#options;
    return stream === own.stream && canvas.width === own.canvas.width && canvas.height === own.canvas.height;
  }

  /**
   * Whether the stream can be passed on: live, of codecs that all players take, with picture and sound, and of the canvas' shape.
   * To be asked a few times a second.
   */
  look(): boolean {
    const nowMs = this.#options.now();
    this.#feed.drain(this.#options.now, Number.POSITIVE_INFINITY);
    this.#fits ||= this.#isFit();
    if (!this.#fits) return false;
    if (this.#pictureMs > Number.NEGATIVE_INFINITY && nowMs - this.#pictureMs >= STALLED_MS) {
      this.#steadySinceMs = null;
      return false;
    }
    if (this.#pictureMs === Number.NEGATIVE_INFINITY) return false;
    this.#steadySinceMs ??= nowMs;
    return nowMs - this.#steadySinceMs >= STEADY_MS;
  }

  /** The stream with this sound; null while there is none. */
  take({ codec }: SoundWish, holder: StreamHolder): LiveStreamImpl | null {
    const source = this.#source;
    if (codec === 'aac' || source === null) return source;
    if (this.#opusStream) return this.#opusStream;
    const { streams, now } = this.#options;
    const into = streams.create(source.name, holder);
    this.#opusStream = into;
    this.#opus = new StreamConversion({
      source,
      into,
      conversion: { video: null, audio: 'opus' },
      now,
      over: () => {
        this.#opus = null;
        this.#opusStream = null;
      },
    });
    return into;
  }

  /** Whether this is what it gives, of any sound. */
  gives(stream: unknown): boolean {
    return stream !== null && (stream === this.#source || stream === this.#opusStream);
  }

  /** Frees what nobody takes. */
  tick(): void {
    if (this.#opusStream && !this.#opusStream.attached) this.#endOpus();
  }

  requestKeyFrame(): void {
    this.#feed.requestKeyFrame(this.#options.now());
  }

  /** Somebody publishes the stream now. */
  published(stream: string): void {
    if (stream === this.#options.stream) this.#feed.published();
  }

  /** Idempotent. */
  close(): void {
    this.#feed.close();
    this.#endOpus();
    this.#source = null;
  }

  #isFit(): boolean {
    const { video, audio } = this.#source?.headers ?? {};
    if (video?.codec !== 'h264' || audio?.codec !== 'aac') return false;
    const described = describeVideo(video);
    return !(described instanceof WireError) && fitsShape(described, this.#options.canvas);
  }

  #endOpus(): void {
    this.#opus?.close();
    this.#opus = null;
    this.#opusStream = null;
  }
}
