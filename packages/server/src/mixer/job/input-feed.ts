import type { EndReason } from '@lianmai/contract';
import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import type { BorrowedStreams } from '../../edge/hub/borrowed-streams.ts';
import type { LiveStream, StreamSink } from '../../edge/hub/sink.ts';

export interface InputFeedOptions {
  stream: string;
  streams: Pick<BorrowedStreams, 'open'>;
  /** @param isLive it has just come; else it is one of the pictures before, needed to decode the next. */
  take(frame: VideoFrame | AudioFrame, isLive: boolean): void;
  /** The stream has ended; what comes next is another one. */
  reset(): void;
  askKeyFrame(stream: string): void;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
/** A decoder that cannot go on asks with every frame. */
const KEY_FRAME_EVERY_MS = 1000;

/**
 * One input's stream, whoever publishes it, whenever: fetched, followed to its end, and fetched again. A newcomer's first pictures are
 * handed over bit by bit ({@link drain}), so that a long GOP of one input does not hold up the mix.
 */
export class InputFeed implements StreamSink {
  readonly stream: string;
  readonly #options: InputFeedOptions;
  #source: LiveStream | null = null;
  #opening = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Pictures that are not handed over yet, oldest first. */
  #backlog: VideoFrame[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: InputFeedOptions) {
    this.stream = options.stream;
    this.#options = options;
    void this.#open();
  }

  /** Whether its frames are here, or were a moment ago. */
  get here(): boolean {
    return this.#source !== null;
  }

  /** Somebody publishes the stream now. */
  published(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#source === null) void this.#open();
  }

  /** Hands everything over again from the newest key frame on, for decoders that are new. */
  replay(): void {
    const source = this.#source;
    if (!source) return;
    const { video, audio } = source.headers;
    this.#backlog = [];
    if (audio) this.#options.take(audio, false);
    if (video) this.#backlog.push(video);
    for (const frame of source.gop) if (frame.track === 'video') this.#backlog.push(frame);
  }

  /** Hands over waiting pictures until the time is reached. */
  drain(now: () => number, untilMs: number): void {
    let next = 0;
    const backlog = this.#backlog;
    if (backlog.length === 0) return;
    while (next < backlog.length && now() < untilMs) this.#options.take(backlog[next++] as VideoFrame, false);
    // It may have been replaced meanwhile.
    if (this.#backlog === backlog) this.#backlog = backlog.slice(next);
  }

  requestKeyFrame(nowMs: number): void {
    if (this.#source === null || nowMs - this.#askedMs < KEY_FRAME_EVERY_MS) return;
    this.#askedMs = nowMs;
    this.#options.askKeyFrame(this.stream);
  }

  frame(frame: Frame): void {
    if (frame.track === 'data') return;
    if (frame.track === 'video' && this.#backlog.length > 0) {
      // All before it is not needed any more.
      if (frame.type === 'key') this.#backlog = this.#backlog.filter(({ type }) => type === 'config').slice(-1);
      this.#backlog.push(frame);
      return;
    }
    this.#options.take(frame, true);
  }

  ended(_reason: EndReason): void {
    this.#source = null;
    this.#backlog = [];
    if (this.#closed) return;
    this.#options.reset();
    this.#later();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#source?.detach(this);
    this.#source = null;
    this.#backlog = [];
  }

  async #open(): Promise<void> {
    if (this.#opening || this.#closed) return;
    this.#opening = true;
    clearTimeout(this.#retry);
    const source = await this.#options.streams.open(this.stream).catch(() => null);
    this.#opening = false;
    if (this.#closed) return;
    if (!source || source.state === 'ended') return this.#later();
    this.#retryMs = FIRST_RETRY_MS;
    this.#source = source;
    this.replay();
    source.attach(this);
    // An encoder that makes key frames when asked is asked: its last one may be long ago.
    this.#options.askKeyFrame(this.stream);
  }

  #later(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#open(), this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}
