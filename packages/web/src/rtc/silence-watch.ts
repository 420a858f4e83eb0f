import { Timer } from '../player/timer.ts';

export interface SilenceWatchOptions {
  /** Whether anything came since it was asked last. */
  alive(): Promise<boolean>;
  /** Whether the server has the session; null: it did not say. */
  ask(): Promise<boolean | null>;
  /** The server has lost the session. Told once. */
  gone(): void;
  /** From 0 to 1. */
  random(): number;
}

const LOOK_MS = 300;
/** In so many looks nothing, 1.2 to 1.5 s: a server that lives reports every second, whether the stream stands still or not. */
const SILENT_LOOKS = 5;
/** The server says that the session is there: it is asked again after so long, and ever more rarely. */
const ASK_AGAIN_MS = 3_000;
const MOST_PATIENT_MS = 30_000;
/** It does not answer: it may start again this very moment. */
const RETRY_MS = 300;
const MOST_RETRY_MS = 5_000;

/**
 * Finds out that the server has lost a session, long before ICE does: when nothing comes for a moment, the server is asked by HTTP. Asking is
 * rare and spread: of all viewers of a server that is busy none asks twice in a short time.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #timer = new Timer();
  #closed = false;
  #silentLooks = 0;
  /** Looks that pass before the server is asked again. */
  #waits = 0;
  #patienceMs = ASK_AGAIN_MS;
  #retryMs = RETRY_MS;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#next();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer.stop();
  }

  #next(): void {
    if (!this.#closed) this.#timer.start(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    // A connection that is closing has no statistics.
    const isAlive = await this.#options.alive().catch(() => true);
    if (isAlive) this.#heard();
    else if (++this.#silentLooks >= SILENT_LOOKS && --this.#waits < 0) await this.#ask();
    this.#next();
  }

  #heard(): void {
    this.#silentLooks = 0;
    this.#waits = 0;
    this.#patienceMs = ASK_AGAIN_MS;
    this.#retryMs = RETRY_MS;
  }

  async #ask(): Promise<void> {
    const isThere = await this.#options.ask();
    if (this.#closed) return;
    if (isThere === false) {
      this.close();
      this.#options.gone();
    } else if (isThere) {
      this.#wait(this.#patienceMs);
      this.#patienceMs = Math.min(MOST_PATIENT_MS, 2 * this.#patienceMs);
    } else {
      this.#wait(this.#retryMs);
      this.#retryMs = Math.min(MOST_RETRY_MS, 2 * this.#retryMs);
    }
  }

  #wait(ms: number): void {
    this.#waits = Math.round((ms * (0.75 + this.#options.random() / 2)) / LOOK_MS) - 1;
  }
}
