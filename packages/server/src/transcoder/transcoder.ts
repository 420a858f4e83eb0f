import { LiveError } from '@lianmai/contract';
import type { Unsubscribe } from '../bus/bus.ts';
import { BorrowedStreams, type BorrowedStreamsOptions } from '../edge/hub/borrowed-streams.ts';
import type { LiveStreamImpl } from '../edge/hub/live-stream.ts';
import { type Conversion, parseVariantName } from '../edge/variant/needs.ts';
import type { Logger } from '../log/log.ts';
import { StreamConversion } from './conversion.ts';
import { Stills } from './stills.ts';

export interface TranscoderOptions extends BorrowedStreamsOptions {
  /** Streams whose pictures are encoded at the same time. */
  maxVideo: number;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
}

interface Job {
  conversion: StreamConversion;
  into: LiveStreamImpl;
  /** Since when no worker takes it. */
  unusedMs: number | null;
}

const TICK_MS = 250;
/** Workers keep what they need a while themselves; this is for one that has to connect again. */
const LINGER_MS = 1000;

/**
 * Converts streams for the workers that ask: one conversion for each stream and need, whoever watches, taken from the worker
 * that holds the stream, given to all that have viewers for it.
 */
export class Transcoder {
  readonly #options: TranscoderOptions;
  readonly #sources: BorrowedStreams;
  readonly #stills: Stills;
  /** By variant name. */
  readonly #jobs = new Map<string, Job>();
  readonly #beginning = new Map<string, Promise<Job>>();
  readonly #unsubscribe: Unsubscribe[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: TranscoderOptions) {
    this.#options = options;
    this.#sources = new BorrowedStreams(options);
    this.#stills = new Stills({ open: (stream) => this.#sources.open(stream) });
  }

  /** Running conversions. */
  get jobs(): { audio: number; video: number } {
    const video = [...this.#jobs.values()].filter(({ conversion }) => conversion.encodesVideo).length;
    return { audio: this.#jobs.size - video, video };
  }

  async start(): Promise<void> {
    this.#unsubscribe.push(
      this.#options.bus.subscribe('stream.key-frame', ({ stream }) => {
        for (const { into, conversion } of this.#jobs.values()) if (into.name === stream) conversion.requestKeyFrame();
      }),
    );
    await this.#sources.start();
    this.#unsubscribe.push(
      this.#options.bus.serve('transcoder.still', async ({ stream, width }) => {
        const jpeg = await this.#stills.take(stream, width);
        return { jpeg: jpeg.toString('base64') };
      }),
    );
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /**
   * A converted stream, by its variant name; begun when nobody has asked yet.
   * @throws LiveError NOT_FOUND, STREAM_NOT_LIVE, UNAVAILABLE when the machine has enough to do.
   */
  async open(name: string): Promise<LiveStreamImpl> {
    const running = this.#jobs.get(name) ?? this.#beginning.get(name) ?? this.#begin(name);
    const { conversion, into } = await running;
    await conversion.ready;
    return into;
  }

  /** Ends all conversions; the workers ask again, somewhere. Idempotent. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    for (const { conversion } of [...this.#jobs.values()]) conversion.close();
    this.#sources.close();
  }

  #begin(name: string): Promise<Job> {
    const asked = parseVariantName(name);
    if (!asked) throw new LiveError('NOT_FOUND', `"${name}" names no conversion`);
    this.#checkRoom(asked.conversion, asked.stream);
    const beginning = this.#convert(name, asked.stream, asked.conversion);
    this.#beginning.set(name, beginning);
    return beginning.finally(() => this.#beginning.delete(name));
  }

  async #convert(name: string, stream: string, conversion: Conversion): Promise<Job> {
    const source = await this.#sources.open(stream);
    if (this.#closed) throw new LiveError('UNAVAILABLE', 'the transcoder is shutting down');
    this.#checkRoom(conversion, stream);
    const { log, now } = this.#options;
    const into = this.#sources.create(stream, source.holder);
    const job: Job = {
      into,
      unusedMs: null,
      conversion: new StreamConversion({
        source,
        into,
        conversion,
        now,
        over: (reason, error) => {
          this.#jobs.delete(name);
          if (error) log.warn({ stream, ...conversion, err: error }, 'conversion failed');
          else log.info({ stream, ...conversion, reason }, 'conversion ended');
        },
      }),
    };
    if (into.state !== 'ended') this.#jobs.set(name, job);
    log.info({ stream, ...conversion }, 'conversion began');
    return job;
  }

  #checkRoom({ video }: Conversion, stream: string): void {
    const { maxVideo } = this.#options;
    if (video !== null && this.jobs.video >= maxVideo)
      throw new LiveError(
        'UNAVAILABLE',
        `"${stream}" needs a re-encode for this player, and the machine is full (${maxVideo} at a time): push H.264 without B-frames, or try again later`,
      );
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#sources.tick(nowMs);
    for (const job of [...this.#jobs.values()]) {
      if (job.into.attached) job.unusedMs = null;
      else job.unusedMs ??= nowMs;
      if (job.unusedMs !== null && nowMs - job.unusedMs >= LINGER_MS) job.conversion.close();
    }
  }
}
