import type { Answer, AskFailure } from './api.ts';

/** What a poll knows: the newest value, kept while asking fails. */
export interface PollSnapshot<T> {
  /** undefined before the first answer. */
  value: T | undefined;
  /** Of the last time it asked; null after an answer. */
  failure: AskFailure | null;
}

export interface PollOptions<T> {
  ask(signal: AbortSignal): Promise<Answer<T>>;
  /** Pause between an answer and the next question. */
  everyMs(snapshot: PollSnapshot<T>): number;
  /** Whether anyone looks; the page's visibility. */
  visible(): boolean;
  /** From 0 to 1. */
  random(): number;
}

/** Two questions are never closer than this, however often {@link Poll.askNow} is called. */
const CLOSEST_MS = 500;

/**
 * Asks again and again, gently: never twice at once, not while nobody looks, at intervals spread by a fifth so that
 * the pages of many viewers don't ask in step.
 */
export class Poll<T> {
  readonly #options: PollOptions<T>;
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #snapshot: PollSnapshot<T> = { value: undefined, failure: null };
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asking = false;
  #askAgain = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PollOptions<T>) {
    this.#options = options;
    if (options.visible()) this.#askIn(0);
  }

  get snapshot(): PollSnapshot<T> {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks as soon as it may, once even while nobody looks: something happened. */
  askNow(): void {
    if (this.#asking) this.#askAgain = true;
    else this.#askIn(Math.max(0, this.#askedAtMs + CLOSEST_MS - performance.now()));
  }

  /** To be called when the page was shown or hidden. */
  visibilityChanged(): void {
    if (this.#options.visible()) this.askNow();
    else clearTimeout(this.#timer ?? undefined);
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer ?? undefined);
    this.#listeners.clear();
  }

  #askIn(ms: number): void {
    clearTimeout(this.#timer ?? undefined);
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#askAgain = false;
    this.#askedAtMs = performance.now();
    const answer = await this.#options.ask(this.#closing.signal);
    this.#asking = false;
    if (this.#closing.signal.aborted) return;
    this.#snapshot = answer.ok
      ? { value: answer.value, failure: null }
      : { value: this.#snapshot.value, failure: answer.failure };
    for (const listener of this.#listeners) listener();
    const pauseMs = this.#options.everyMs(this.#snapshot) * (0.9 + this.#options.random() * 0.2);
    if (this.#askAgain) this.#askIn(CLOSEST_MS);
    else if (this.#options.visible()) this.#askIn(pauseMs);
  }
}
