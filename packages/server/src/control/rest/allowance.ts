import { LiveError } from '@lianmai/contract';

/** The oldest are forgotten beyond, so that nobody fills the memory with names. */
const NAMES_REMEMBERED = 20_000;

export interface AllowanceOptions {
  /** So many times in a window, which begins with the first. */
  most: number;
  windowMs: number;
  /** What is told beyond; the time to wait is added. */
  refusal: string;
}

/** Bounds how often something is done under one name, wherever from. */
export class Allowance {
  readonly #options: AllowanceOptions;
  readonly #byName = new Map<string, { count: number; endsAtMs: number }>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /**
   * Once more. Counted before it is known how it ends, or many at once would all be let through.
   * @throws LiveError RATE_LIMITED
   */
  take(name: string, nowMs: number): void {
    const { most, windowMs, refusal } = this.#options;
    const known = this.#byName.get(name);
    const taken = known && known.endsAtMs > nowMs ? known : { count: 0, endsAtMs: nowMs + windowMs };
    if (taken.count >= most)
      throw new LiveError(
        'RATE_LIMITED',
        `${refusal}: try again in ${Math.ceil((taken.endsAtMs - nowMs) / 60_000)} min`,
      );
    taken.count++;
    this.#byName.delete(name);
    this.#byName.set(name, taken);
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > NAMES_REMEMBERED && oldest !== undefined) this.#byName.delete(oldest);
  }

  /** What was done counts no more. */
  forget(name: string): void {
    this.#byName.delete(name);
  }
}
