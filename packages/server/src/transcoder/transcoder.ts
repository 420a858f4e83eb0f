import { LiveError } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../bus/bus.ts';
import type { Feed } from '../edge/hub/feed.ts';
import { Holders } from '../edge/hub/holders.ts';
import { LiveStreamImpl } from '../edge/hub/live-stream.ts';
import { RemoteStreams } from '../edge/hub/remote-streams.ts';
import { UsageMeter } from '../edge/hub/usage-meter.ts';
import { WorkerTraffic } from '../edge/hub/worker-traffic.ts';
import { type Conversion, parseVariantName } from '../edge/variant/needs.ts';
import type { Logger } from '../log/log.ts';
import type { Settings } from '../settings/settings.ts';
import { StreamConversion } from './conversion.ts';

export interface TranscoderOptions {
  name: string;
  bus: Bus;
  settings: Pick<Settings, 'publishGraceMs' | 'gopCacheBytes'>;
  /** Streams whose pictures are encoded at the same time. */
  maxVideo: number;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
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
  readonly #holders: Holders;
  readonly #sources = new Map<string, Feed>();
  readonly #remote: RemoteStreams;
  readonly #traffic: WorkerTraffic;
  /** By variant name. */
  readonly #jobs = new Map<string, Job>();
  readonly #beginning = new Map<string, Promise<Job>>();
  readonly #unsubscribe: Unsubscribe[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: TranscoderOptions) {
    const { name: workerId, settings, now, log } = options;
    this.#options = options;
    this.#holders = new Holders(settings.publishGraceMs);
    // Nothing is charged here: what viewers get is metered where they are.
    this.#traffic = new WorkerTraffic(new UsageMeter(workerId, crypto.randomUUID(), now()));
    this.#remote = new RemoteStreams({
      workerId,
      graceMs: settings.publishGraceMs,
      holders: this.#holders,
      feeds: this.#sources,
      create: (name, holder) => {
        const stream = this.#stream(name, holder);
        const feed: Feed = { stream, publication: null, ready: false, lostMs: null, unwantedMs: null };
        this.#sources.set(name, feed);
        return feed;
      },
      now,
      log,
    });
  }

  /** Running conversions. */
  get jobs(): { audio: number; video: number } {
    const video = [...this.#jobs.values()].filter(({ conversion }) => conversion.encodesVideo).length;
    return { audio: this.#jobs.size - video, video };
  }

  async start(): Promise<void> {
    const { bus, now } = this.#options;
    this.#unsubscribe.push(
      bus.subscribe('stream.event', (event) => {
        if (event.state !== 'ended') return;
        this.#holders.ended(event);
        this.#remote.ended(event);
      }),
      bus.subscribe('stream.disconnect', ({ stream, reason }) => this.#remote.disconnect(stream, reason)),
      bus.subscribe('stream.key-frame', ({ stream }) => {
        for (const { into, conversion } of this.#jobs.values()) if (into.name === stream) conversion.requestKeyFrame();
      }),
      await this.#holders.watch(bus, now, (name, holder) => {
        if (holder) this.#remote.holderChanged(name, holder);
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
    this.#remote.close();
    for (const { stream } of this.#sources.values()) stream.end('shutdown');
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
    const known = this.#sources.get(stream);
    const source = known?.ready ? known.stream : await this.#remote.fetch(stream);
    if (this.#closed) throw new LiveError('UNAVAILABLE', 'the transcoder is shutting down');
    this.#checkRoom(conversion, stream);
    const { log, now } = this.#options;
    const into = this.#stream(stream, source.holder);
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

  #stream(name: string, holder: LiveStreamImpl['holder']): LiveStreamImpl {
    const { settings, now } = this.#options;
    const { gopCacheBytes } = settings;
    return new LiveStreamImpl({ name, holder, gopCacheBytes, traffic: this.#traffic, nowMs: now() });
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#holders.tick(nowMs);
    this.#remote.tick(nowMs);
    for (const job of [...this.#jobs.values()]) {
      if (job.into.attached) job.unusedMs = null;
      else job.unusedMs ??= nowMs;
      if (job.unusedMs !== null && nowMs - job.unusedMs >= LINGER_MS) job.conversion.close();
    }
  }
}
