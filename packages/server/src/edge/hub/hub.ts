import {
  type DisconnectCommand,
  type EndReason,
  LiveError,
  leases,
  type PlayProtocol,
  type PolicyChange,
  type StreamEvent,
  type StreamHolder,
  type UsageReport,
  type WorkerReport,
} from '@lianmai/contract';
import type { Bus, Lease, Unsubscribe } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import { Admissions } from './admissions.ts';
import { AudienceMeter } from './audience-meter.ts';
import type { Feed } from './feed.ts';
import { Holders } from './holders.ts';
import { LiveStreamImpl } from './live-stream.ts';
import { LocalPublication, type PublicationHost } from './local-publication.ts';
import { checkPlay } from './play-policy.ts';
import type { HubPort, PlayOptions, Publication, PublishOptions } from './ports.ts';
import { RemoteStreams } from './remote-streams.ts';
import { UsageMeter } from './usage-meter.ts';
import { type Payer, WorkerTraffic } from './worker-traffic.ts';

export interface HubOptions {
  bus: Bus;
  workerId: string;
  /** Where other workers reach this one; see WorkerInfo. */
  internalAddress: string;
  settings: Pick<Settings, 'publishGraceMs' | 'gopCacheBytes' | 'maxPublishers'>;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

/** Without bytes for so long a publisher counts as silent. */
const SILENCE_MS = 3000;
const TICK_MS = 250;
const REPORT_MS = 1000;
const USAGE_MS = 10_000;
const LAST_USAGE_TIMEOUT_MS = 2000;

/**
 * The streams of one worker: who may publish and play them, where they come from, when they end. Frames go from the one
 * source of each to its sinks; streams of other workers are fetched when somebody here wants them.
 */
export class Hub implements HubPort {
  readonly traffic: WorkerTraffic;
  readonly #options: HubOptions;
  readonly #host: PublicationHost;
  readonly #holders: Holders;
  readonly #remote: RemoteStreams;
  readonly #usage: UsageMeter;
  readonly #feeds = new Map<string, Feed>();
  /** By stream, of those that are here and of those whose viewers see something else meanwhile. */
  readonly #audiences = new Map<string, { meter: AudienceMeter; payer: Payer }>();
  readonly #admissions = new Admissions();
  /** Streams whose publisher is being let in. */
  readonly #admitting = new Set<string>();
  readonly #unsubscribe: Unsubscribe[] = [];
  #presence: Lease | null = null;
  #timer: NodeJS.Timeout | null = null;
  #nextReportMs: number;
  #nextUsageMs: number;
  #closed = false;

  constructor(options: HubOptions) {
    const { settings, workerId } = options;
    const nowMs = options.now();
    this.#options = options;
    this.#host = {
      limits: { silenceMs: SILENCE_MS, graceMs: settings.publishGraceMs },
      maxWaitingBytes: settings.gopCacheBytes,
      now: options.now,
      acquire: (stream) => this.#acquire(stream),
      interrupted: ({ stream }) => {
        stream.interrupt();
        this.#announce(stream, 'interrupted');
      },
      resumed: ({ stream }) => {
        stream.resume();
        this.#announce(stream, 'live');
      },
      over: ({ stream }, reason) => this.#over(stream, reason),
    };
    this.#usage = new UsageMeter(workerId, crypto.randomUUID(), nowMs);
    this.traffic = new WorkerTraffic(this.#usage);
    this.#holders = new Holders(settings.publishGraceMs);
    this.#remote = new RemoteStreams({
      workerId,
      graceMs: settings.publishGraceMs,
      holders: this.#holders,
      feeds: this.#feeds,
      create: (name, holder) => this.#create(name, holder),
      now: options.now,
      log: options.log,
    });
    this.#nextReportMs = nowMs + REPORT_MS;
    this.#nextUsageMs = nowMs + USAGE_MS;
  }

  /** Joins the bus: makes the worker known, learns who holds what, begins to report. */
  async start(): Promise<void> {
    await this.join();
    // After a standstill timers come first: who spoke meanwhile is heard before it is taken for silent.
    this.#timer = setInterval(() => setImmediate(() => !this.#closed && this.tick()), TICK_MS);
  }

  /** {@link start} without the clock: whoever calls this calls {@link tick} too. */
  async join(): Promise<void> {
    const { bus, workerId, internalAddress } = this.#options;
    this.#unsubscribe.push(
      bus.subscribe('stream.disconnect', (command) => this.#disconnect(command)),
      bus.subscribe('stream.policy', (change) => this.#setPolicy(change)),
      bus.subscribe('stream.event', (event) => {
        if (event.state !== 'ended') return;
        this.#holders.ended(event);
        this.#remote.ended(event);
      }),
      bus.answer('worker.report', () => this.report()),
      await this.#holders.watch(bus, this.#options.now, (...change) => this.#holderChanged(...change)),
    );
    const info = { id: workerId, pid: process.pid, internalAddress };
    const { lease } = await bus.acquire(leases.worker(workerId), info);
    if (!lease) throw new Error(`another process is worker "${workerId}" already`);
    this.#presence = lease;
  }

  async publish(options: PublishOptions): Promise<Publication> {
    const { stream, query, protocol, ip } = options;
    const { bus, workerId, settings } = this.#options;
    if (this.#closed) throw shuttingDown();
    // First of all: who may not publish the stream learns nothing of it, whichever worker is asked.
    const grant = await bus.request('control.publish', { stream, query, protocol, ip, worker: workerId });
    this.#checkRoom(stream, settings.maxPublishers);
    this.#admitting.add(stream);
    try {
      const holder = { ...grant, worker: workerId, protocol, startedAtMs: Math.round(this.#options.now()) };
      const { lease } = await bus.acquire<StreamHolder>(leases.stream(stream), holder);
      if (!lease) throw alreadyPublished(stream);
      if (!this.#closed) return this.#begin(options, holder, lease);
      await lease.release();
      throw shuttingDown();
    } finally {
      this.#admitting.delete(stream);
    }
  }

  play(options: PlayOptions): LiveStreamImpl | Promise<LiveStreamImpl> {
    const feed = this.#feeds.get(options.stream);
    if (!feed?.ready) return this.#fetch(options);
    checkPlay(feed.stream.holder.play, options, this.#options.now());
    return feed.stream;
  }

  admit(
    options: PlayOptions,
    revoked: (error: LiveError) => void,
    policy = this.holder(options.stream)?.play,
  ): (() => void) | null {
    return policy ? this.#admissions.add(policy, options, this.#options.now(), revoked) : null;
  }

  /**
   * A stream as it is published, for whoever has checked the play policy: at once when it is here, else by relay.
   * @throws LiveError STREAM_NOT_LIVE, UNAVAILABLE.
   */
  take(name: string): LiveStreamImpl | Promise<LiveStreamImpl> {
    const feed = this.#feeds.get(name);
    return feed?.ready ? feed.stream : this.#remote.fetch(name);
  }

  /** Who publishes the stream, wherever; null: nobody does. */
  holder(name: string): StreamHolder | null {
    return this.#feeds.get(name)?.stream.holder ?? this.#holders.get(name);
  }

  /** Who watches the stream here, to be counted while it is shown; not to be kept over a turn of the event loop. */
  audienceOf(name: string, payer: Payer): AudienceMeter {
    const known = this.#audiences.get(name);
    if (known) return known.meter;
    const meter = new AudienceMeter();
    this.#audiences.set(name, { meter, payer });
    return meter;
  }

  /** A stream whose publisher is here, for the relay to other workers. */
  published(name: string): LiveStreamImpl | null {
    const feed = this.#feeds.get(name);
    return feed?.publication ? feed.stream : null;
  }

  /** Where the worker that publishes the stream gives its streams to others; null: nobody publishes it, or nobody knows. */
  publisherAddress(stream: string): string | null {
    const holder = this.#holders.get(stream);
    return (holder && this.#holders.worker(holder.worker)?.internalAddress) ?? null;
  }

  /** Where a conversion of a stream is had from the worker that holds the stream; null: that worker gives none such. */
  variantAddress(stream: string, variant: string): string | null {
    const holder = this.#holders.get(stream);
    const worker = holder && this.#holders.worker(holder.worker);
    return worker?.variants?.includes(variant) ? worker.internalAddress : null;
  }

  /** Of this moment: publishers here, and viewers here by protocol. */
  audience(): { publishers: number; viewers: Partial<Record<PlayProtocol, number>> } {
    const viewers: Partial<Record<PlayProtocol, number>> = {};
    let publishers = 0;
    for (const { publication } of this.#feeds.values()) if (publication) publishers++;
    for (const { meter } of this.#audiences.values())
      for (const [protocol, count] of meter.viewers) viewers[protocol] = (viewers[protocol] ?? 0) + count;
    return { publishers, viewers };
  }

  /** Lets time pass: called a few times a second. */
  tick(): void {
    const nowMs = this.#options.now();
    this.#holders.tick(nowMs);
    for (const { publication } of [...this.#feeds.values()]) publication?.tick();
    this.#remote.tick(nowMs);
    if (nowMs >= this.#nextReportMs) {
      this.#nextReportMs = nowMs + REPORT_MS;
      for (const { stream } of this.#feeds.values()) stream.meter.closeInterval(nowMs);
      this.#closeAudiences();
      this.#options.bus.publish('worker.report', this.report());
    }
    if (nowMs >= this.#nextUsageMs) {
      this.#nextUsageMs = nowMs + USAGE_MS;
      this.#usage
        .report(nowMs, (report) => this.#sendUsage(report))
        .catch((error) => {
          this.#options.log.warn({ err: error }, 'usage not reported: it is kept and sent again');
        });
    }
  }

  report(): WorkerReport {
    const streams: WorkerReport['streams'][number][] = [...this.#feeds.values()].map(({ stream, publication }) => ({
      ...stream.meter.figures(),
      stream: stream.name,
      channelId: stream.holder.channelId,
      accountId: stream.holder.accountId,
      sessionId: stream.holder.sessionId,
      publishing: publication !== null,
    }));
    for (const [stream, { meter, payer }] of this.#audiences) {
      if (meter.empty || this.#feeds.has(stream)) continue;
      const { channelId, accountId } = payer;
      const nothing = { video: null, audio: null, bytesIn: 0, sessionId: '', publishing: false };
      streams.push({ ...nothing, ...meter.figures(), stream, channelId, accountId });
    }
    return { worker: this.#options.workerId, atMs: Math.round(this.#options.now()), streams };
  }

  /**
   * Sends publishers and viewers away, so that they come back to another worker: there the streams are only interrupted.
   * Resolves when the last usage is reported. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const feed of [...this.#feeds.values()]) {
      if (feed.publication) feed.publication.revoke('shutdown', shuttingDown().toBody().error);
      else feed.stream.end('shutdown');
    }
    this.#feeds.clear();
    this.#remote.close();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    const send = (report: UsageReport) => this.#sendUsage(report, LAST_USAGE_TIMEOUT_MS);
    await this.#usage.flush(this.#options.now(), send).catch((error) => {
      this.#options.log.warn({ err: error }, 'last usage not reported: it is lost');
    });
    await this.#presence?.release().catch(() => {});
  }

  /** @throws LiveError when a publisher cannot be let in, whoever it is. */
  #checkRoom(stream: string, maxPublishers: number): void {
    if (this.#closed) throw shuttingDown();
    if (this.#admitting.has(stream) || this.#feeds.get(stream)?.publication?.live) throw alreadyPublished(stream);
    let publishers = this.#admitting.size;
    for (const { publication } of this.#feeds.values()) if (publication) publishers++;
    if (publishers >= maxPublishers)
      throw new LiveError('TOO_MANY_CONNECTIONS', `this server takes ${maxPublishers} publishers: try again later`);
  }

  #begin(options: PublishOptions, holder: StreamHolder, lease: Lease): Publication {
    const feed = this.#feeds.get(options.stream) ?? this.#create(options.stream, holder);
    this.#remote.letGo(options.stream);
    feed.publication?.replaced();
    feed.stream.holder = holder;
    feed.stream.startSource();
    const publication = new LocalPublication(feed.stream, holder, lease, options.onRevoked, this.#host);
    feed.publication = publication;
    feed.ready = true;
    feed.lostMs = null;
    feed.stream.resume();
    this.#announce(feed.stream, 'live');
    this.#remote.arrived(feed.stream);
    return publication;
  }

  async #fetch(options: PlayOptions): Promise<LiveStreamImpl> {
    const stream = await this.#remote.fetch(options.stream);
    checkPlay(stream.holder.play, options, this.#options.now());
    return stream;
  }

  async #acquire({ name, holder }: LiveStreamImpl): Promise<Lease | 'held' | null> {
    const { lease, holder: other } = await this.#options.bus.acquire<StreamHolder>(leases.stream(name), holder);
    if (lease) return lease;
    return other.sessionId === holder.sessionId ? 'held' : null;
  }

  #over(stream: LiveStreamImpl, reason: EndReason): void {
    this.#feeds.delete(stream.name);
    // At a shutdown only this worker goes: the publisher may come back to another one within the grace.
    if (reason !== 'shutdown') this.#holders.ended({ stream: stream.name, sessionId: stream.holder.sessionId });
    this.#announce(stream, reason === 'shutdown' ? 'interrupted' : 'ended', reason);
    stream.end(reason);
  }

  #create(name: string, holder: StreamHolder): Feed {
    const { gopCacheBytes } = this.#options.settings;
    const stream = new LiveStreamImpl({
      name,
      holder,
      gopCacheBytes,
      traffic: this.traffic,
      nowMs: this.#options.now(),
      audience: this.audienceOf(name, holder),
    });
    const feed: Feed = { stream, publication: null, ready: false, lostMs: null, unwantedMs: null };
    this.#feeds.set(name, feed);
    return feed;
  }

  #holderChanged(name: string, holder: StreamHolder | null, before: StreamHolder | null): void {
    const feed = this.#feeds.get(name);
    if (holder === null) {
      if (before?.sessionId === feed?.publication?.holder.sessionId) feed?.publication?.leaseLost();
      return;
    }
    if (holder.worker === this.#options.workerId) return;
    if (feed?.publication) {
      feed.publication.replaced();
      feed.publication = null;
      feed.stream.endRelays();
      this.#remote.lost(feed);
    }
    this.#remote.holderChanged(name, holder);
  }

  #disconnect({ stream, reason, error }: DisconnectCommand): void {
    const feed = this.#feeds.get(stream);
    if (feed?.publication) feed.publication.revoke(reason, error);
    else this.#remote.disconnect(stream, reason);
  }

  #setPolicy({ stream, play }: PolicyChange): void {
    this.#holders.setPolicy(stream, play);
    const live = this.#feeds.get(stream)?.stream;
    if (live) live.holder = { ...live.holder, play };
    this.#admissions.changed(stream, play);
  }

  #closeAudiences(): void {
    for (const [stream, { meter }] of this.#audiences) {
      meter.closeInterval();
      if (meter.empty && !this.#feeds.has(stream)) this.#audiences.delete(stream);
    }
  }

  #announce(stream: LiveStreamImpl, state: StreamEvent['state'], reason?: EndReason): void {
    const { channelId, sessionId, protocol } = stream.holder;
    const event: StreamEvent = {
      stream: stream.name,
      channelId,
      sessionId,
      worker: this.#options.workerId,
      state,
      atMs: Math.round(this.#options.now()),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#options.bus.publish('stream.event', event);
    this.#options.log.info({ stream: stream.name, channelId, sessionId, protocol, reason }, `stream ${state}`);
  }

  #sendUsage(report: UsageReport, timeoutMs?: number): Promise<unknown> {
    return this.#options.bus.request('control.usage', report, timeoutMs === undefined ? {} : { timeoutMs });
  }
}

const alreadyPublished = (stream: string) =>
  new LiveError('STREAM_ALREADY_PUBLISHED', `"${stream}" already has a publisher: end that one first`);

const shuttingDown = () =>
  new LiveError('UNAVAILABLE', 'this server is shutting down: connect again to reach another one');
