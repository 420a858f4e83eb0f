import type { Logger } from 'pino';
import type { Db } from '../../store/store.ts';
import type { FigureBoard } from './figures.ts';
import type { SessionJournal } from './journal.ts';
import type { Stage } from './stage.ts';
import { insertSamples, prune } from './store.ts';

export const SAMPLE_EVERY_MS = 10_000;
/** How far back a channel's figures are drawn. */
export const SAMPLES_KEPT_MS = 3_600_000;
const SESSIONS_KEPT_MS = 90 * 86_400_000;

export interface SamplerOptions {
  db: Db;
  stage: Stage;
  figures: FigureBoard;
  journal: SessionJournal;
  now: () => number;
  log: Logger;
}

/** Every ten seconds writes one figure for each live stream and forgets what is too old, in one transaction. */
export class Sampler {
  readonly #options: SamplerOptions;
  #timer: NodeJS.Timeout | null = null;
  #sampling: Promise<void> | null = null;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Samples on the full ten seconds of the clock, so that figures of all channels and all controls stand side by side. */
  start(): void {
    const { now, log } = this.#options;
    const wait = SAMPLE_EVERY_MS - (now() % SAMPLE_EVERY_MS);
    this.#timer = setTimeout(() => {
      this.#sampling ??= this.sample()
        .catch((error: unknown) => log.warn({ err: error }, 'figures could not be written'))
        .finally(() => {
          this.#sampling = null;
        });
      this.start();
    }, wait);
  }

  async sample(): Promise<void> {
    const { db, stage, figures, journal, now } = this.#options;
    const nowMs = now();
    const onAir = stage.all();
    for (const { entry } of onAir) {
      if (entry?.interruptedAtMs === null) journal.seen(entry, figures.measure(entry));
    }
    const measured = onAir.map((one) => ({ ...one, measure: stage.measure(one) }));
    const samples = figures.sample(measured, nowMs, SAMPLE_EVERY_MS);
    await db.transaction().execute(async (tx) => {
      await insertSamples(tx, samples);
      await prune(tx, nowMs - SAMPLES_KEPT_MS, nowMs - SESSIONS_KEPT_MS);
    });
    await journal.flush();
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#sampling;
  }
}
