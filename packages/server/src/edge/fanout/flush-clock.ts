/**
 * Where in the tick the phases lie, in sixteenths, in the order they are opened: however many there are, they are apart.
 * One burst of writes to thousands of sockets would hold the event loop up.
 */
const PLACES = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

export const PHASES = PLACES.length;

/**
 * A phase with so many viewers is full enough to open another: a burst of writes to them takes some 6 ms, and every phase
 * wakes the worker up once more a tick.
 */
const VIEWERS_PER_PHASE = 400;

/** Ticks to choose from; steps, so that a coming and going viewer does not shift everybody's phase. */
const TICKS_MS = [10, 14, 20, 28, 40, 56, 80, 110, 160, 225, 350];

/**
 * Merged writes cost about 6 µs per viewer and flush beside what the bytes themselves cost; with 0.06 ms of tick for each
 * viewer they take a tenth of a core, however many watch.
 */
const TICK_MS_PER_VIEWER = 0.06;

/** The tick when `viewers` watch on one worker: low delay while it is cheap, 350 ms for thousands. */
export function adaptiveTickMs(viewers: number): number {
  return TICKS_MS.find((tick) => tick >= viewers * TICK_MS_PER_VIEWER) ?? 350;
}

/**
 * When a phase is due that was flushed last, or got its first viewer, at `flushedMs`: at its fixed place of the clock, and
 * not sooner than half a tick after, since timers may fire a little early. In the past when a busy worker is late with it:
 * then it is flushed at once, not a tick later.
 */
export function nextDueMs(phase: number, tickMs: number, flushedMs: number): number {
  const offset = (PLACES[phase]! * tickMs) / PHASES;
  return Math.ceil((flushedMs + tickMs / 2 - offset) / tickMs) * tickMs + offset;
}

/**
 * The one timer of all fan-outs of a worker. Viewers are spread over the phases, one phase while they are few; the timer
 * sleeps while nobody watches.
 */
export class FlushClock {
  readonly #tickMs: number | null;
  readonly #flush: (phase: number) => void;
  readonly #viewers = new Array<number>(PHASES).fill(0);
  readonly #flushedMs = new Array<number>(PHASES).fill(0);
  #total = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param tickMs null: adapts to the number of viewers. */
  constructor(tickMs: number | null, flush: (phase: number) => void) {
    this.#tickMs = tickMs;
    this.#flush = flush;
  }

  get viewers(): number {
    return this.#total;
  }

  get tickMs(): number {
    return this.#tickMs ?? adaptiveTickMs(this.#total);
  }

  /** Counts a viewer in and says which phase is its own. */
  add(): number {
    const phase = this.#emptiestPhase();
    this.#total++;
    this.#viewers[phase]!++;
    if (this.#viewers[phase] === 1) {
      this.#flushedMs[phase] = performance.now();
      this.#arm();
    }
    return phase;
  }

  remove(phase: number): void {
    this.#total--;
    this.#viewers[phase]!--;
    if (this.#total === 0) this.#disarm();
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
  }

  /** The emptiest of the phases in use, or a new one when that is full. */
  #emptiestPhase(): number {
    let emptiest = -1;
    let unused = -1;
    for (let phase = PHASES - 1; phase >= 0; phase--) {
      const viewers = this.#viewers[phase]!;
      if (viewers === 0) unused = phase;
      else if (emptiest < 0 || viewers <= this.#viewers[emptiest]!) emptiest = phase;
    }
    if (emptiest < 0) return unused;
    return unused >= 0 && this.#viewers[emptiest]! >= VIEWERS_PER_PHASE ? unused : emptiest;
  }

  /** For the phase that is due first, so that all get their turn however late the worker is. */
  #arm(): void {
    this.#disarm();
    if (this.#closed || this.#total === 0) return;
    const { tickMs } = this;
    let next = 0;
    let dueMs = Number.POSITIVE_INFINITY;
    for (let phase = 0; phase < PHASES; phase++) {
      if (this.#viewers[phase] === 0) continue;
      const due = nextDueMs(phase, tickMs, this.#flushedMs[phase]!);
      if (due >= dueMs) continue;
      dueMs = due;
      next = phase;
    }
    this.#timer = setTimeout(() => this.#fire(next), Math.max(0, dueMs - performance.now()));
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** One phase a turn, so that reads and newcomers get theirs between two bursts. */
  #fire(phase: number): void {
    this.#flushedMs[phase] = performance.now();
    try {
      this.#flush(phase);
    } finally {
      this.#arm();
    }
  }
}
