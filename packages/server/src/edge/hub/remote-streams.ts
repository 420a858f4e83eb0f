import { type EndReason, LiveError, type StreamEvent, type StreamHolder } from '@lianmai/contract';
import type { Logger } from '../../log/log.ts';
import { type RelayLink, relayFrom } from '../relay/relay-client.ts';
import { Arrivals } from './arrivals.ts';
import type { Feed } from './feed.ts';
import type { Holders } from './holders.ts';
import type { LiveStreamImpl } from './live-stream.ts';

export interface RemoteStreamsOptions {
  workerId: string;
  graceMs: number;
  holders: Holders;
  /** All streams of the worker; those without a publication here are this class's to keep or end. */
  feeds: Map<string, Feed>;
  create(name: string, holder: StreamHolder): Feed;
  now(): number;
  log: Pick<Logger, 'debug'>;
}

/** How long a viewer's request waits for a stream to come over from another worker. */
const FETCH_MS = 5000;

/** A relay outlives its last viewer by this, so that zapping back and forth costs nothing. */
const LINGER_MS = 10_000;

/**
 * The streams whose publisher is on another worker: one relay for each, as long as somebody here watches. It follows the
 * stream's holder; while there is none the viewers wait for the grace.
 */
export class RemoteStreams {
  readonly #options: RemoteStreamsOptions;
  readonly #relays = new Map<string, { worker: string; link: RelayLink }>();
  readonly #arrivals = new Arrivals<LiveStreamImpl>();

  constructor(options: RemoteStreamsOptions) {
    this.#options = options;
  }

  /**
   * Brings a stream here.
   * @throws LiveError STREAM_NOT_LIVE, UNAVAILABLE when it takes too long.
   */
  fetch(name: string): Promise<LiveStreamImpl> {
    const nowMs = this.#options.now();
    if (!this.#options.holders.expected(name, nowMs)) return Promise.reject(notLive(name));
    const arrival = this.#arrivals.wait(name, nowMs + Math.max(FETCH_MS, this.#options.graceMs));
    this.#follow(name);
    return arrival;
  }

  /** The stream is here: by a relay, or because its publisher came to this worker. */
  arrived(stream: LiveStreamImpl): void {
    this.#arrivals.arrived(stream);
  }

  /** Somebody on another worker publishes the stream now. */
  holderChanged(name: string, holder: StreamHolder): void {
    const feed = this.#options.feeds.get(name);
    const relay = this.#relays.get(name);
    if (relay?.worker === holder.worker) {
      // The same worker's next publisher comes over the same relay.
      if (feed) feed.stream.holder = holder;
      return;
    }
    this.letGo(name);
    if (feed) this.lost(feed);
    if (this.#options.feeds.has(name) || this.#arrivals.has(name)) this.#follow(name);
  }

  /** A session of another worker ended for good. With a relay up, the end comes over it, after the last frame. */
  ended({ stream: name, sessionId, reason }: StreamEvent): void {
    const feed = this.#options.feeds.get(name);
    if (feed && feed.lostMs !== null && feed.stream.holder.sessionId === sessionId)
      this.#end(feed, reason ?? 'vanished');
    if (!this.#options.holders.expected(name, this.#options.now())) this.#arrivals.refuse(name, notLive(name));
  }

  /** The stream is ended by command; one that comes over a relay ends when its publisher's worker says so. */
  disconnect(name: string, reason: EndReason): void {
    const feed = this.#options.feeds.get(name);
    if (feed && feed.lostMs !== null) this.#end(feed, reason);
  }

  /** Cuts the relay, if there is one. */
  letGo(name: string): void {
    this.#relays.get(name)?.link.close();
    this.#relays.delete(name);
  }

  /** The stream comes from nowhere now. Kept for its viewers only. */
  lost(feed: Feed): void {
    feed.stream.interrupt();
    feed.lostMs ??= this.#options.now();
    if (!feed.stream.wanted) this.#end(feed, 'replaced');
  }

  tick(nowMs: number): void {
    for (const [name, feed] of this.#options.feeds) {
      if (feed.publication) continue;
      if (feed.lostMs === null) this.#tickRelayed(name, feed, nowMs);
      else if (nowMs - feed.lostMs >= this.#options.graceMs) this.#end(feed, 'vanished');
      else this.#follow(name);
    }
    for (const name of [...this.#arrivals.streams]) {
      if (this.#options.holders.expected(name, nowMs)) this.#follow(name);
      else this.#arrivals.refuse(name, notLive(name));
    }
    this.#arrivals.tick(nowMs);
  }

  close(): void {
    for (const name of [...this.#relays.keys()]) this.letGo(name);
    for (const name of [...this.#arrivals.streams]) this.#arrivals.refuse(name, notLive(name));
  }

  #tickRelayed(name: string, feed: Feed, nowMs: number): void {
    if (feed.stream.wanted) {
      feed.unwantedMs = null;
      return;
    }
    feed.unwantedMs ??= nowMs;
    if (nowMs - feed.unwantedMs < LINGER_MS) return;
    this.letGo(name);
    this.#end(feed, 'replaced');
  }

  /** Opens the relay from the stream's holder, unless it is open, or there is none to ask. */
  #follow(name: string): void {
    const { holders, workerId } = this.#options;
    const holder = holders.get(name);
    if (!holder || holder.worker === workerId || this.#relays.has(name)) return;
    const worker = holders.worker(holder.worker);
    if (!worker) return;
    const link = relayFrom(worker.internalAddress, name, {
      opened: (actual) => this.#opened(name, actual),
      frame: (frame) => this.#options.feeds.get(name)?.stream.write(frame, this.#options.now()),
      caughtUp: () => this.#caughtUp(name),
      interrupted: () => this.#options.feeds.get(name)?.stream.interrupt(),
      resumed: () => this.#options.feeds.get(name)?.stream.resume(),
      ended: (reason) => {
        this.#relays.delete(name);
        const feed = this.#options.feeds.get(name);
        if (feed) this.#end(feed, reason);
        this.#arrivals.refuse(name, notLive(name));
      },
      closed: (why) => this.#closed(name, why),
    });
    this.#relays.set(name, { worker: holder.worker, link });
  }

  #opened(name: string, holder: StreamHolder): void {
    const known = this.#options.feeds.get(name);
    const feed = known ?? this.#options.create(name, holder);
    feed.lostMs = null;
    feed.unwantedMs = null;
    feed.stream.holder = holder;
    if (known) {
      feed.stream.startSource();
      feed.stream.resume();
    }
  }

  #caughtUp(name: string): void {
    const feed = this.#options.feeds.get(name);
    if (!feed) return;
    feed.ready = true;
    this.arrived(feed.stream);
  }

  #closed(name: string, why: string): void {
    this.#relays.delete(name);
    this.#options.log.debug({ stream: name, why }, 'relay closed');
    const feed = this.#options.feeds.get(name);
    if (feed) this.lost(feed);
  }

  #end(feed: Feed, reason: EndReason): void {
    this.#options.feeds.delete(feed.stream.name);
    feed.stream.end(reason);
  }
}

const notLive = (stream: string) => new LiveError('STREAM_NOT_LIVE', `"${stream}" is not live`);
