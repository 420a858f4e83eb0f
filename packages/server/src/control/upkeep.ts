import type { Logger } from 'pino';
import type { Unsubscribe } from '../bus/bus.ts';

/**
 * What a domain does of its own accord, by events and by the clock. Nobody waits for these jobs, so what fails is logged here
 * and put right by a later one.
 */
export class Upkeep {
  readonly #log: Logger;
  readonly #complaint: string;
  readonly #running = new Set<Promise<void>>();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #closed = false;

  /** @param complaint is logged with what failed. */
  constructor(log: Logger, complaint: string) {
    this.#log = log;
    this.#complaint = complaint;
  }

  /** Runs a job now. The promise never rejects. */
  run(job: () => Promise<unknown>, level: 'warn' | 'debug' = 'warn'): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const done = job().then(
      () => {},
      (error: unknown) => {
        this.#log[this.#closed ? 'debug' : level]({ err: error }, this.#complaint);
      },
    );
    this.#running.add(done);
    return done.finally(() => this.#running.delete(done));
  }

  /** Runs a job every so often; one that takes longer is not begun a second time. */
  every(ms: number, job: () => Promise<unknown>, level: 'warn' | 'debug' = 'warn'): void {
    let running = false;
    const begin = async () => {
      if (running) return;
      running = true;
      await this.run(job, level);
      running = false;
    };
    this.#timers.push(setInterval(() => void begin(), ms));
  }

  /** What is to be left at the end. */
  hear(...unsubscribe: Unsubscribe[]): void {
    this.#unsubscribe.push(...unsubscribe);
  }

  /** Begins nothing any more; resolves when what runs is done. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await Promise.all(this.#running);
  }
}
