import type { LiveError } from '@lianmai/contract';
import type { Logger } from '../../log/log.ts';
import type { HubPort, PlayOptions, Publication, PublishOptions } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { WorkerTraffic } from '../hub/worker-traffic.ts';
import { isDescribed, whenDescribed } from './described.ts';
import { mayNeed, natureOf, needsOf, variantName } from './needs.ts';
import { VariantFeed } from './variant-feed.ts';

export interface VariantsOptions {
  hub: HubPort;
  /** Where the transcoder's relays are; see {@link relayAddress}. */
  transcoderAddress: string;
  /** Where a conversion is had from the stream's own worker (a mixer has the sound before it is encoded); null: not there. */
  ownAddress?(stream: string, variant: string): string | null;
  settings: { gopCacheBytes: number };
  traffic: WorkerTraffic;
  log: Pick<Logger, 'info' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

const TICK_MS = 500;

/**
 * The hub as protocols use it: whoever plays gets a stream that the protocol's players can take, converted when it must be. What
 * fits as it is comes from the hub untouched.
 */
export class Variants implements HubPort {
  readonly #options: VariantsOptions;
  readonly #feeds = new Map<LiveStream, Map<string, VariantFeed>>();
  readonly #described = new WeakSet<LiveStream>();
  #timer: NodeJS.Timeout | null = null;
  #count = 0;

  constructor(options: VariantsOptions) {
    this.#options = options;
  }

  publish(options: PublishOptions): Promise<Publication> {
    return this.#options.hub.publish(options);
  }

  /** @throws LiveError of {@link HubPort.play}; UNAVAILABLE when the stream needs a conversion that cannot be had. */
  play(options: PlayOptions): LiveStream | Promise<LiveStream> {
    const source = this.#options.hub.play(options);
    return source instanceof Promise ? source.then((late) => this.fitted(late, options)) : this.fitted(source, options);
  }

  admit(options: PlayOptions, revoked: (error: LiveError) => void): (() => void) | null {
    return this.#options.hub.admit(options, revoked);
  }

  /**
   * A stream as the protocol's players can take it.
   * @throws LiveError UNAVAILABLE when it needs a conversion that cannot be had.
   */
  fitted(source: LiveStream, options: Pick<PlayOptions, 'protocol' | 'tracks'>): LiveStream | Promise<LiveStream> {
    if (!mayNeed(options.protocol, source.ingest)) return source;
    if (this.#described.has(source) || isDescribed(source, options.tracks)) return this.#converted(source, options);
    return whenDescribed(source, options.tracks).then(() => {
      // What did not come in all this time is not waited for again by the next one.
      const { headers, gop } = source;
      if (options.tracks === undefined && (gop.length > 0 || headers.audio !== null)) this.#described.add(source);
      return this.#converted(source, options);
    });
  }

  /** Ends all conversions. */
  close(): void {
    for (const feeds of [...this.#feeds.values()]) for (const feed of [...feeds.values()]) feed.close();
  }

  #converted(
    source: LiveStream,
    { protocol, tracks }: Pick<PlayOptions, 'protocol' | 'tracks'>,
  ): LiveStream | Promise<LiveStream> {
    const needs = needsOf(protocol, natureOf(source), tracks);
    if (needs === null) return source;
    const name = variantName(source.name, needs);
    const feeds = this.#feeds.get(source) ?? new Map<string, VariantFeed>();
    this.#feeds.set(source, feeds);
    return (feeds.get(name) ?? this.#begin(source, name, feeds)).stream;
  }

  #begin(source: LiveStream, name: string, feeds: Map<string, VariantFeed>): VariantFeed {
    const { settings, transcoderAddress, ownAddress, traffic, log, now } = this.#options;
    const query = name.slice(source.name.length + 1);
    this.#count++;
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    const feed: VariantFeed = new VariantFeed({
      source,
      name,
      address: () => ownAddress?.(source.name, query) ?? transcoderAddress,
      gopCacheBytes: settings.gopCacheBytes,
      traffic,
      log,
      now,
      over: () => {
        feeds.delete(name);
        if (feeds.size === 0) this.#feeds.delete(source);
        if (--this.#count > 0 || this.#timer === null) return;
        clearInterval(this.#timer);
        this.#timer = null;
      },
    });
    if (source.state !== 'ended') feeds.set(name, feed);
    return feed;
  }

  #tick(): void {
    const nowMs = this.#options.now();
    for (const feeds of [...this.#feeds.values()]) for (const feed of [...feeds.values()]) feed.tick(nowMs);
  }
}
