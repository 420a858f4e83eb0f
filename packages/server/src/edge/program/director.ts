import type { EndReason, Program } from '@lianmai/contract';
import type { Logger } from '../../log/log.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { ProgramStream } from './program-stream.ts';

export interface DirectorOptions {
  /** The channel's stream name. */
  channel: string;
  graceMs: number;
  /** What the channel's viewers are to see in place of its own stream; null: that. */
  program(): Program | null;
  /**
   * A stream as these viewers can take it.
   * @throws LiveError when it cannot be had.
   */
  open(stream: string): LiveStream | Promise<LiveStream>;
  askForKeyFrame(stream: string): void;
  log: Pick<Logger, 'info' | 'debug'>;
  now(): number;
  /** The program is over; called once. */
  over(): void;
}

/** Whoever makes key frames on demand is asked so often until one comes. */
const ASK_EVERY_MS = 1000;
/** A source that could not be had is tried again after this. */
const RETRY_MS = 500;
/** A mixer always sends something: one that does not is stuck. */
const STUCK_MS = 1500;

/**
 * Decides what the viewers of one channel see on this worker. The lease of its program says what they should: that source is
 * brought here and cued; when it fails, the channel's own stream stands in; when nothing is there, they wait for the grace.
 */
export class Director {
  readonly #options: DirectorOptions;
  readonly #stream: ProgramStream;
  /** Which stream a source is: sources may be conversions. */
  readonly #names = new WeakMap<LiveStream, string>();
  /** Streams that are on their way here. */
  readonly #opening = new Set<string>();
  /** When a stream that could not be had may be tried again. */
  readonly #retryAtMs = new Map<string, number>();
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Since when no source gives frames. */
  #lostMs: number | null = null;
  #endReason: EndReason = 'vanished';
  #shown: string | null;
  #over = false;

  /** @param first the name of what is on air. */
  constructor(stream: ProgramStream, first: string, options: DirectorOptions) {
    this.#options = options;
    this.#stream = stream;
    this.#shown = first;
    if (stream.splice.onAir) this.#names.set(stream.splice.onAir, first);
  }

  /** What the channel's viewers are to see has changed. */
  programChanged(): void {
    this.#retryAtMs.clear();
    this.#direct();
  }

  /** @param ended why the source on air is over, if it is. */
  sourceChanged(ended?: EndReason): void {
    if (ended !== undefined) this.#endReason = ended;
    if (ended === 'shutdown') this.end(ended);
    else this.#direct();
  }

  /** Lets time pass. */
  tick(nowMs: number): void {
    if (this.#lostMs !== null && nowMs - this.#lostMs >= this.#options.graceMs) this.end(this.#endReason);
    else this.#direct();
  }

  /** Idempotent. */
  end(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.end(reason);
    this.#options.over();
  }

  get #wanted(): string {
    return this.#options.program()?.source ?? this.#options.channel;
  }

  /** Looks at what is wanted and what is there, and goes one step. */
  #direct(): void {
    if (this.#over) return;
    const { onAir } = this.#stream.splice;
    const name = this.#nameOf(onAir);
    // Nobody is there for whom another source would be worth fetching.
    if (onAir?.state === 'ended' && !this.#stream.wanted) return this.end(this.#endReason);
    const isUp = this.#isUp(onAir, name);
    if (isUp) {
      this.#lostMs = null;
      this.#stream.resume();
      this.#tell(name);
      if (name === this.#wanted) return this.#stream.splice.uncue();
    }
    const follows = isUp ? this.#wanted : this.#best(name);
    if (follows !== null) this.#follow(follows, isUp);
    // If something followed at once, that has been looked at already.
    if (!isUp && this.#stream.splice.onAir === onAir) this.#lost(onAir, name);
  }

  #isUp(source: LiveStream | null, name: string | null): boolean {
    if (source?.state !== 'live') return false;
    return name === this.#options.channel || this.#stream.splice.quietMs < STUCK_MS;
  }

  #nameOf(source: LiveStream | null): string | null {
    return source && (this.#names.get(source) ?? null);
  }

  /** What can stand in for a source that gives nothing: what is wanted, else the channel's own stream. */
  #best(failed: string | null): string | null {
    const { channel, now } = this.#options;
    const { cued } = this.#stream.splice;
    const candidates = [this.#wanted, channel].filter((name) => name !== failed);
    const isHopeful = (name: string) =>
      this.#nameOf(cued) === name ? cued?.state === 'live' : now() >= (this.#retryAtMs.get(name) ?? 0);
    return candidates.find(isHopeful) ?? candidates[0] ?? null;
  }

  /** @param hasTime what is on air goes on until the source's next key frame. */
  #follow(name: string, hasTime: boolean): void {
    const { splice } = this.#stream;
    if (splice.cued && (this.#nameOf(splice.cued) !== name || splice.cued.state === 'ended')) splice.uncue();
    if (splice.cued === null) this.#open(name);
    if (splice.cued?.state !== 'live') return;
    if (!hasTime) splice.cut();
    const nowMs = this.#options.now();
    if (splice.cued === null || nowMs - this.#askedMs < ASK_EVERY_MS) return;
    this.#askedMs = nowMs;
    this.#options.askForKeyFrame(splice.cued.source);
  }

  #open(name: string): void {
    if (this.#opening.has(name) || this.#options.now() < (this.#retryAtMs.get(name) ?? 0)) return;
    try {
      const opening = this.#options.open(name);
      if (!(opening instanceof Promise)) return this.#cue(name, opening);
      this.#opening.add(name);
      opening.then(
        (source) => this.#opened(name, source),
        (error: unknown) => this.#failed(name, error),
      );
    } catch (error) {
      this.#failed(name, error);
    }
  }

  #opened(name: string, source: LiveStream): void {
    this.#opening.delete(name);
    if (this.#over) return;
    if (this.#stream.splice.cued === null && this.#stream.splice.onAir !== source) this.#cue(name, source);
    // Something else may be wanted by now.
    this.#direct();
  }

  #failed(name: string, error: unknown): void {
    const { channel, log, now } = this.#options;
    const isAnswer = this.#opening.delete(name);
    this.#retryAtMs.set(name, now() + RETRY_MS);
    log.debug({ stream: channel, source: name, err: error }, 'this source of the program is not to be had now');
    if (isAnswer) this.#direct();
  }

  #cue(name: string, source: LiveStream): void {
    this.#names.set(source, name);
    this.#askedMs = Number.NEGATIVE_INFINITY;
    this.#stream.splice.cue(source);
  }

  /** What is on air gives nothing, and nothing has followed yet. */
  #lost(onAir: LiveStream | null, name: string | null): void {
    const { channel, now } = this.#options;
    const isOver = onAir === null || onAir.state === 'ended';
    // The channel's own stream, which nothing replaces: the hub has waited for its grace already.
    if (isOver && name === channel && this.#wanted === channel) return this.end(this.#endReason);
    this.#stream.interrupt();
    if (name !== channel || isOver) this.#lostMs ??= now();
  }

  #tell(name: string | null): void {
    if (this.#shown === name) return;
    this.#shown = name;
    this.#options.log.info({ stream: this.#options.channel, source: name }, 'program switched');
  }
}
