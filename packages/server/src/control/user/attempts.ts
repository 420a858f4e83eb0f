import { LiveError } from '@lianmai/contract';

const WINDOW_MS = 15 * 60_000;
const MOST = 10;
const NAMES_REMEMBERED = 20_000;

/** Bounds how many passwords are tried for one name, from however many addresses: ten in a quarter of an hour. */
export class Attempts {
  readonly #byName = new Map<string, { count: number; endsAtMs: number }>();

  /**
   * One more is tried. Counted before it is known to fail, or many at once would all be let through.
   * @throws LiveError RATE_LIMITED
   */
  begin(name: string, nowMs: number): void {
    const known = this.#byName.get(name);
    const tried = known && known.endsAtMs > nowMs ? known : { count: 0, endsAtMs: nowMs + WINDOW_MS };
    if (tried.count >= MOST)
      throw new LiveError(
        'RATE_LIMITED',
        `too many passwords were tried for this name: try again in ${Math.ceil((tried.endsAtMs - nowMs) / 60_000)} min`,
      );
    tried.count++;
    this.#byName.delete(name);
    this.#byName.set(name, tried);
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > NAMES_REMEMBERED && oldest !== undefined) this.#byName.delete(oldest);
  }

  /** It was right. */
  succeed(name: string): void {
    this.#byName.delete(name);
  }
}
