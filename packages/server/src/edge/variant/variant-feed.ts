import { type EndReason, LiveError } from '@lianmai/contract';
import type { Logger } from '../../log/log.ts';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import type { WorkerTraffic } from '../hub/worker-traffic.ts';
import { type RelayLink, relayFrom } from '../relay/relay-client.ts';
import { VariantStream } from './variant-stream.ts';

export interface VariantFeedOptions {
  /** The stream as it is published. */
  source: LiveStream;
  /** How the conversion is asked for. */
  name: string;
  /** Where the conversion is had; asked each time, for it may move. */
  address(): string;
  gopCacheBytes: number;
  traffic: WorkerTraffic;
  log: Pick<Logger, 'info' | 'debug'>;
  now(): number;
  /** It is over; called once. */
  over(): void;
}

/** A conversion outlives its last user by this. */
const LINGER_MS = 10_000;
const RETRY_MS = 250;
/** The transcoder waits for a whole GOP before it answers. */
const OPEN_MS = 10_000;
/** Without a transcoder for so long, viewers are sent away. */
const GIVE_UP_MS = 15_000;

/**
 * One converted stream on this worker: asked of the transcoder, shared by all viewers who need it. When the transcoder dies
 * viewers wait, and go on at a key frame of the next one.
 */
export class VariantFeed implements StreamSink {
  readonly #options: VariantFeedOptions;
  readonly #arrived = Promise.withResolvers<LiveStream>();
  #stream: VariantStream | null = null;
  #ready = false;
  #link: RelayLink | null = null;
  #retry: NodeJS.Timeout | undefined;
  #lostMs: number | null;
  #unusedMs: number | null = null;
  #over = false;

  constructor(options: VariantFeedOptions) {
    this.#options = options;
    this.#lostMs = options.now();
    this.#arrived.promise.catch(() => {});
    // The stream is needed here for as long as its conversion is: it has the viewers' figures.
    options.source.attach(this);
    if (!this.#over) this.#open();
  }

  /**
   * The converted stream, at once when it is here.
   * @throws LiveError what the transcoder refuses it for; STREAM_NOT_LIVE, UNAVAILABLE.
   */
  get stream(): LiveStream | Promise<LiveStream> {
    return this.#ready && this.#stream ? this.#stream : this.#arrived.promise;
  }

  frame(): void {}

  ended(reason: EndReason): void {
    this.#finish(reason, new LiveError('STREAM_NOT_LIVE', `"${this.#options.source.name}" is not live`));
  }

  /** Lets time pass. */
  tick(nowMs: number): void {
    if (this.#lostMs !== null && nowMs - this.#lostMs >= GIVE_UP_MS) return this.#finish('vanished', unavailable());
    if (!this.#ready || this.#stream?.wanted) this.#unusedMs = null;
    else {
      this.#unusedMs ??= nowMs;
      if (nowMs - this.#unusedMs >= LINGER_MS) this.#finish('replaced', unavailable());
    }
  }

  /** Idempotent. */
  close(): void {
    this.#finish('shutdown', unavailable());
  }

  #open(): void {
    const { address, name, now, log } = this.#options;
    const into = (write: (stream: VariantStream) => void) => {
      if (this.#stream) write(this.#stream);
    };
    this.#link = relayFrom(
      address(),
      name,
      {
        opened: (holder) => {
          this.#lostMs = null;
          if (this.#stream === null) {
            const { source, gopCacheBytes, traffic } = this.#options;
            const options = { name: source.name, holder, gopCacheBytes, traffic, nowMs: now() };
            this.#stream = new VariantStream(source, options);
          } else {
            this.#stream.holder = holder;
            this.#stream.startSource();
            this.#stream.resume();
          }
        },
        frame: (frame) => into((stream) => stream.write(frame, now())),
        caughtUp: () =>
          into((stream) => {
            this.#ready = true;
            this.#arrived.resolve(stream);
          }),
        interrupted: () => into((stream) => stream.interrupt()),
        resumed: () => into((stream) => stream.resume()),
        ended: (reason) => this.ended(reason),
        closed: (why, refusal) => {
          log.debug({ variant: name, why }, 'conversion lost');
          this.#lost(refusal);
        },
      },
      OPEN_MS,
    );
  }

  /** Viewers who have seen something wait for another transcoder; who has not, is told what was said. */
  #lost(refusal: LiveError | undefined): void {
    this.#link = null;
    this.#lostMs ??= this.#options.now();
    if (refusal && !this.#ready) return this.#finish('vanished', refusal);
    this.#stream?.interrupt();
    this.#retry = setTimeout(() => this.#open(), RETRY_MS);
  }

  #finish(reason: EndReason, error: LiveError): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#retry);
    this.#link?.close();
    this.#options.source.detach(this);
    this.#stream?.end(reason);
    this.#arrived.reject(error);
    this.#options.over();
  }
}

const unavailable = () =>
  new LiveError('UNAVAILABLE', 'this stream must be converted for this player, which cannot be done now: try again');
