import { LiveError, type StreamHolder } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { Logger } from '../../log/log.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { WorkerTraffic } from '../hub/worker-traffic.ts';
import { VariantFeed } from '../variant/variant-feed.ts';
import { VariantStream } from '../variant/variant-stream.ts';

export interface SmallerPicturesOptions {
  workerId: string;
  /** Who publishes a stream, wherever; null: nobody. */
  holder(stream: string): StreamHolder | null;
  /** Where the worker that publishes a stream gives its streams to others; null: not known. */
  address(stream: string): string | null;
  gopCacheBytes: number;
  traffic: WorkerTraffic;
  log: Pick<Logger, 'info' | 'debug'>;
  /** Unix time, ms. */
  now(): number;
}

/** A publisher of this worker that sends its picture in several sizes. */
export interface LayeredPublisher {
  readonly stream: string;
  readonly smallerPictures: number;
}

/** How a smaller picture is asked for over a relay: `show?layer=1` is the next smaller one than the stream's. */
const NAME = /^([^?]+)\?layer=([12])$/;
const noLayer = () => new LiveError('NOT_PLAYABLE', 'this stream has no smaller picture');

/**
 * The smaller pictures of simulcast publishers, each a stream of pictures alone: made here of what publishers of this worker send,
 * brought here by relay from other workers for viewers here. A stream's sound is always the stream's own.
 */
export class SmallerPictures {
  readonly #options: SmallerPicturesOptions;
  readonly #made = new Map<LayeredPublisher, { source: LiveStream; streams: Map<number, VariantStream> }>();
  readonly #brought = new Map<LiveStream, Map<string, VariantFeed>>();

  constructor(options: SmallerPicturesOptions) {
    this.#options = options;
  }

  /** A publisher of this worker begins. @param source its stream. */
  begin(publisher: LayeredPublisher, source: LiveStream): void {
    if (publisher.smallerPictures > 0) this.#made.set(publisher, { source, streams: new Map() });
  }

  end(publisher: LayeredPublisher): void {
    for (const stream of this.#made.get(publisher)?.streams.values() ?? []) stream.end('unpublished');
    this.#made.delete(publisher);
  }

  wanted(publisher: LayeredPublisher, rank: number): boolean {
    return this.#made.get(publisher)?.streams.get(rank)?.attached ?? false;
  }

  write(publisher: LayeredPublisher, rank: number, frame: Frame): void {
    const stream = this.#made.get(publisher)?.streams.get(rank);
    const holder = this.#options.holder(publisher.stream);
    if (!stream?.attached || !holder) return;
    stream.holder = holder; // with the rules of now
    stream.write(frame, this.#options.now());
  }

  /**
   * A stream's smaller picture for viewers here, wherever it is published.
   * @param live what they watch.
   * @throws LiveError NOT_PLAYABLE when there is none, UNAVAILABLE.
   */
  async of(live: LiveStream, rank: number): Promise<LiveStream> {
    const holder = this.#options.holder(live.source);
    if (holder?.protocol !== 'whip') throw noLayer();
    const name = `${live.source}?layer=${rank}`;
    if (holder.worker === this.#options.workerId) return this.find(name);
    const feeds = this.#brought.get(live) ?? new Map<string, VariantFeed>();
    this.#brought.set(live, feeds);
    return (feeds.get(name) ?? this.#bring(live, name, feeds)).stream;
  }

  /**
   * A smaller picture that is made here, by its name.
   * @throws LiveError NOT_PLAYABLE.
   */
  find(name: string): VariantStream {
    const [, stream = '', digit] = NAME.exec(name) ?? [];
    const rank = Number(digit);
    for (const [publisher, { source, streams }] of this.#made) {
      if (publisher.stream !== stream || rank > publisher.smallerPictures) continue;
      const made = streams.get(rank) ?? this.#make(stream, source);
      streams.set(rank, made);
      return made;
    }
    throw noLayer();
  }

  /** Whether it is the name of one. */
  static isName(name: string): boolean {
    return NAME.test(name);
  }

  /** To be called once a second. */
  tick(): void {
    const nowMs = this.#options.now();
    for (const feeds of [...this.#brought.values()]) for (const feed of [...feeds.values()]) feed.tick(nowMs);
  }

  close(): void {
    for (const publisher of [...this.#made.keys()]) this.end(publisher);
    for (const feeds of [...this.#brought.values()]) for (const feed of [...feeds.values()]) feed.close();
  }

  #make(stream: string, source: LiveStream): VariantStream {
    const { gopCacheBytes, traffic, now } = this.#options;
    const holder = this.#options.holder(stream);
    if (!holder) throw noLayer();
    return new VariantStream(source, { name: stream, holder, gopCacheBytes, traffic, nowMs: now() });
  }

  #bring(source: LiveStream, name: string, feeds: Map<string, VariantFeed>): VariantFeed {
    const { address, gopCacheBytes, traffic, log, now } = this.#options;
    const stream = source.source;
    const feed: VariantFeed = new VariantFeed({
      source,
      name,
      address: () => address(stream) ?? '',
      gopCacheBytes,
      traffic,
      log,
      now,
      over: () => {
        feeds.delete(name);
        if (feeds.size === 0) this.#brought.delete(source);
      },
    });
    if (source.state !== 'ended') feeds.set(name, feed);
    return feed;
  }
}
