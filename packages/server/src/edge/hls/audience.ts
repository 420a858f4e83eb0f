/** Sessions of one stream beyond this are served but not counted: their names are the clients' to choose. */
const MOST_SESSIONS = 100_000;
const SESSION = /^[A-Za-z0-9_-]{1,64}$/;

/** Who watches a stream by HLS: sessions that ask for playlists, here and, as sums, on other workers. */
export class Audience {
  readonly #count: (change: number) => void;
  readonly #sessions = new Map<string, number>();
  readonly #workers = new Map<string, { viewers: number; untilMs: number }>();

  /** @param count told of each change of the number of viewers. */
  constructor(count: (change: number) => void) {
    this.#count = count;
  }

  /** Sessions on this worker. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** A session asked; it counts as watching until then. */
  seen(session: string, untilMs: number): void {
    if (this.#sessions.has(session)) this.#sessions.set(session, untilMs);
    else if (SESSION.test(session) && this.#sessions.size < MOST_SESSIONS) {
      this.#sessions.set(session, untilMs);
      this.#count(1);
    }
  }

  /** What another worker has, until it says otherwise. */
  seenElsewhere(worker: string, viewers: number, untilMs: number): void {
    this.#count(viewers - (this.#workers.get(worker)?.viewers ?? 0));
    this.#workers.set(worker, { viewers, untilMs });
  }

  sweep(nowMs: number): void {
    for (const [session, untilMs] of this.#sessions) {
      if (nowMs < untilMs) continue;
      this.#sessions.delete(session);
      this.#count(-1);
    }
    for (const [worker, { viewers, untilMs }] of this.#workers) {
      if (nowMs < untilMs) continue;
      this.#workers.delete(worker);
      this.#count(-viewers);
    }
  }

  close(): void {
    this.sweep(Infinity);
  }
}
