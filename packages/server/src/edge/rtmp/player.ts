import type { EndReason } from '@lianmai/contract';
import type { Fanouts } from '../fanout/fanouts.ts';
import type { FanoutViewer } from '../fanout/viewer.ts';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import type { RtmpConnection } from './connection.ts';
import { rtmpFormatFor } from './format.ts';

export interface RtmpPlayerOptions {
  connection: RtmpConnection;
  fanouts: Pick<Fanouts, 'join'>;
  stream: LiveStream;
  /** The stream is over and everything of it is written. */
  ended(reason: EndReason): void;
}

/** The playing side of a session: in the fan-out while it wants frames, else waiting beside it. */
export class RtmpPlayer {
  readonly #options: RtmpPlayerOptions;
  readonly #tracks = { audio: true, video: true };
  #paused = false;
  /** It had frames already; what follows must not lie before them. */
  #started = false;
  #viewer: FanoutViewer | null = null;
  /** Holds the stream while nothing of it is wanted, and hears of its end. */
  #waiting: StreamSink | null = null;

  constructor(options: RtmpPlayerOptions) {
    this.#options = options;
  }

  get stream(): string {
    return this.#options.stream.name;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** @param prefix goes before the first frames in the same write. */
  start(prefix: Buffer): void {
    this.#follow(prefix);
  }

  /** @param notice is written behind the last frame, or before the next. */
  pause(paused: boolean, notice: Buffer): void {
    this.#paused = paused;
    this.#follow(notice);
  }

  /** `receiveAudio` and `receiveVideo`. */
  select(track: 'audio' | 'video', wanted: boolean): void {
    if (this.#tracks[track] === wanted) return;
    this.#tracks[track] = wanted;
    this.#follow();
  }

  /** Idempotent. */
  stop(): void {
    this.#viewer?.leave();
    if (this.#waiting !== null) this.#options.stream.detach(this.#waiting);
    this.#viewer = null;
    this.#waiting = null;
  }

  #follow(prefix?: Buffer): void {
    this.stop();
    const { fanouts, connection, stream, ended } = this.#options;
    const format = this.#paused ? null : rtmpFormatFor(this.#tracks);
    if (format !== null) {
      this.#viewer = fanouts.join(stream, format, connection.socket, { ended }, prefix, this.#started);
      this.#started = true;
      return;
    }
    if (prefix !== undefined) connection.write(prefix);
    this.#waiting = { frame: ignoreFrame, ended };
    stream.attach(this.#waiting);
  }
}

function ignoreFrame(): void {}
