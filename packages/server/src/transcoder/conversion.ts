import { type EndReason, LiveError } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { LiveStreamImpl } from '../edge/hub/live-stream.ts';
import type { StreamSink } from '../edge/hub/sink.ts';
import type { Conversion } from '../edge/variant/needs.ts';
import { PictureConverter } from './picture-converter.ts';
import { SoundConverter } from './sound-converter.ts';

export interface ConversionOptions {
  source: LiveStreamImpl;
  /** Takes the converted frames. */
  into: LiveStreamImpl;
  conversion: Conversion;
  /** Unix time, ms. */
  now(): number;
  /** It ended; called once. */
  over(reason: EndReason, error: unknown): void;
}

/** Newcomers are kept waiting for the first converted frames no longer than this. */
const READY_WITHIN_MS = 6000;

/**
 * A stream whose tracks are converted as asked, the others passed on as they are, all on one timeline. Tracks that are right
 * already stay. Metadata is left out: it tells of the tracks before.
 */
export class StreamConversion implements StreamSink {
  readonly #options: ConversionOptions;
  readonly #sound: SoundConverter | null;
  readonly #pictures: PictureConverter | null;
  readonly #ready = Promise.withResolvers<void>();
  readonly #deadline: NodeJS.Timeout;
  #isReady = false;
  #over = false;

  constructor(options: ConversionOptions) {
    this.#options = options;
    const { source, conversion } = options;
    this.#ready.promise.catch(() => {});
    const write = (frame: Frame) => this.#write(frame);
    this.#sound = conversion.audio && new SoundConverter(conversion.audio, write);
    this.#pictures = conversion.video && new PictureConverter(write, (error) => this.#finish('protocol-error', error));
    this.#deadline = setTimeout(() => this.#becomeReady(), READY_WITHIN_MS);
    const { video, audio } = source.headers;
    for (const frame of [video, audio, ...source.gop]) if (frame) this.frame(frame);
    source.attach(this);
  }

  /** Whether it keeps a video encoder busy. */
  get encodesVideo(): boolean {
    return this.#pictures !== null;
  }

  /** When a newcomer can be served: rejects when that never will be. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  frame(frame: Frame): void {
    if (this.#over) return;
    try {
      if (frame.track === 'video') {
        if (this.#pictures) this.#pictures.push(frame);
        else this.#write(frame);
      } else if (frame.track === 'audio') {
        if (this.#sound && frame.codec !== this.#options.conversion.audio) this.#sound.push(frame);
        else this.#write(frame);
      } else if (frame.type !== 'config') this.#write(frame);
    } catch (error) {
      this.#finish('protocol-error', error);
    }
  }

  interrupted(): void {
    this.#options.into.interrupt();
  }

  resumed(): void {
    this.#options.into.resume();
  }

  ended(reason: EndReason): void {
    this.#finish(reason, null);
  }

  requestKeyFrame(): void {
    this.#pictures?.requestKeyFrame();
  }

  /** Idempotent. */
  close(): void {
    this.#finish('replaced', null);
  }

  #write(frame: Frame): void {
    if (this.#over) return;
    const { into, now } = this.#options;
    into.write(frame, now());
    if (!this.#isReady && this.#complete()) this.#becomeReady();
  }

  /** Each track of the source has come out, the picture with a key frame. */
  #complete(): boolean {
    const { source, into } = this.#options;
    const comes = ({ gop, headers }: LiveStreamImpl, track: 'video' | 'audio') =>
      headers[track] !== null || gop.some((frame) => frame.track === track);
    if (comes(source, 'video') && !into.gop.some(({ track }) => track === 'video')) return false;
    return !comes(source, 'audio') || comes(into, 'audio');
  }

  #becomeReady(): void {
    clearTimeout(this.#deadline);
    this.#isReady = true;
    this.#ready.resolve();
  }

  #finish(reason: EndReason, error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    const { source, into, over } = this.#options;
    source.detach(this);
    this.#sound?.[Symbol.dispose]();
    this.#pictures?.[Symbol.dispose]();
    into.end(reason);
    this.#ready.reject(new LiveError('STREAM_NOT_LIVE', `"${source.name}" has ended or cannot be decoded`));
    over(reason, error);
  }
}
