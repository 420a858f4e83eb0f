import type { StreamHolder } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Feed } from './feed.ts';
import { Holders } from './holders.ts';
import { LiveStreamImpl } from './live-stream.ts';
import { RemoteStreams } from './remote-streams.ts';
import { UsageMeter } from './usage-meter.ts';
import { WorkerTraffic } from './worker-traffic.ts';

export interface BorrowedStreamsOptions {
  /** Of this process. */
  name: string;
  bus: Bus;
  settings: Pick<Settings, 'publishGraceMs' | 'gopCacheBytes'>;
  log: Pick<Logger, 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

/** Called after each change of who holds a stream. */
export type HolderListener = (stream: string, holder: StreamHolder | null) => void;

/**
 * The streams of media workers, in a process that makes other streams of them: each taken once, from the worker that holds
 * it, for as long as somebody here wants it. Streams that this process gives itself come the same way.
 */
export class BorrowedStreams {
  readonly #options: BorrowedStreamsOptions;
  readonly #holders: Holders;
  readonly #remote: RemoteStreams;
  readonly #feeds = new Map<string, Feed>();
  // Nothing is charged here: what viewers get is metered where they are.
  readonly #traffic: WorkerTraffic;
  readonly #unsubscribe: Unsubscribe[] = [];

  constructor(options: BorrowedStreamsOptions) {
    const { name, settings, now, log } = options;
    this.#options = options;
    this.#holders = new Holders(settings.publishGraceMs);
    this.#traffic = new WorkerTraffic(new UsageMeter(name, crypto.randomUUID(), now()));
    this.#remote = new RemoteStreams({
      // No stream is published here as a worker publishes them: all come over relays.
      workerId: '',
      graceMs: settings.publishGraceMs,
      holders: this.#holders,
      feeds: this.#feeds,
      create: (stream, holder) => {
        const feed: Feed = {
          stream: this.create(stream, holder),
          publication: null,
          ready: false,
          lostMs: null,
          unwantedMs: null,
        };
        this.#feeds.set(stream, feed);
        return feed;
      },
      now,
      log,
    });
  }

  /** Learns who holds what. */
  async start(changed: HolderListener = () => {}): Promise<void> {
    const { bus, now } = this.#options;
    this.#unsubscribe.push(
      bus.subscribe('stream.event', (event) => {
        if (event.state !== 'ended') return;
        this.#holders.ended(event);
        this.#remote.ended(event);
      }),
      bus.subscribe('stream.disconnect', ({ stream, reason }) => this.#remote.disconnect(stream, reason)),
      await this.#holders.watch(bus, now, (stream, holder) => {
        if (holder) this.#remote.holderChanged(stream, holder);
        changed(stream, holder);
      }),
    );
  }

  /** Who holds a stream, as far as is known here. */
  holder(stream: string): StreamHolder | null {
    return this.#holders.get(stream);
  }

  /**
   * A stream, once it is here with what a newcomer needs. It is kept while a sink is attached, and a little longer.
   * @throws LiveError STREAM_NOT_LIVE, UNAVAILABLE.
   */
  async open(stream: string): Promise<LiveStreamImpl> {
    const known = this.#feeds.get(stream);
    return known?.ready ? known.stream : this.#remote.fetch(stream);
  }

  /** A stream that this process makes. */
  create(name: string, holder: StreamHolder): LiveStreamImpl {
    const { settings, now } = this.#options;
    const { gopCacheBytes } = settings;
    return new LiveStreamImpl({ name, holder, gopCacheBytes, traffic: this.#traffic, nowMs: now() });
  }

  /** Lets time pass: called a few times a second. */
  tick(nowMs: number): void {
    this.#holders.tick(nowMs);
    this.#remote.tick(nowMs);
  }

  /** Ends all that was taken. Idempotent. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#remote.close();
    for (const { stream } of this.#feeds.values()) stream.end('shutdown');
    this.#feeds.clear();
  }
}
