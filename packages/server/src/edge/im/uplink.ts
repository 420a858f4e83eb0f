import type { ImUp } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';

export interface UplinkOptions {
  bus: Bus;
  worker: string;
  incarnation: string;
  /** Control did not take these: it is away, or so late that nobody waits. */
  failed(items: readonly ImUp[]): void;
  /** Control takes what it is told again, but missed something. */
  recovered(): void;
}

/** Time between two messages to control, so that a thousand who come at once cost it fifty. */
const PAUSE_MS = 20;

/** Tells control what happens on the sockets, in order: at once when nothing was told a moment ago, else soon and together. */
export class Uplink {
  readonly #options: UplinkOptions;
  #items: ImUp[] = [];
  #isScheduled = false;
  #flushedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #hasMissed = false;
  #closed = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  push(item: ImUp): void {
    this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const waitMs = this.#flushedAtMs + PAUSE_MS - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(() => void this.#flush(), waitMs);
    else setImmediate(() => void this.#flush());
  }

  /** Sends what is there, then no more; waits for no answer, since control may be ending too. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    void this.#flush();
    this.#closed = true;
  }

  async #flush(): Promise<void> {
    this.#isScheduled = false;
    this.#flushedAtMs = performance.now();
    const items = this.#items;
    this.#items = [];
    if (items.length === 0 || this.#closed) return;
    const { bus, worker, incarnation, failed, recovered } = this.#options;
    try {
      await bus.request('control.im', { worker, incarnation, items });
    } catch {
      this.#hasMissed = true;
      return failed(items);
    }
    if (!this.#hasMissed) return;
    this.#hasMissed = false;
    recovered();
  }
}
