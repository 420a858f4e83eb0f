import { LiveError, type MixJob, type MixStatus } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { MixRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { samePolicy } from '../publish/rules.ts';
import { type CostedMix, estimateCores, type PictureSize } from './cost.ts';
import { Crew, type CrewChange } from './crew.ts';
import { type WantedMix, wantedMixes } from './jobs.ts';
import { choosePlace } from './placement.ts';
import { compositionOf, type MixSpec } from './spec.ts';
import { loadMixes, updateMix } from './store.ts';
import { Strain } from './strain.ts';

export interface ForemanOptions {
  db: Db;
  bus: Bus;
  /** Of a machine's cores, that its mixers may take together: 0 to 1. */
  coresShare: number;
  /** What is known of a stream's picture; null: nothing. */
  sizeOf(stream: string): PictureSize | null;
  now: () => number;
  log: Logger;
}

/** How a mix goes. */
export interface Progress {
  mixer: string | null;
  /** What the mixer told last; null: nothing yet. */
  status: MixStatus | null;
  /** Cores it was reckoned with. */
  estimate: number;
  /** Why no mixer makes it, when that is so. */
  problem: string | null;
}

/** What is being made, by what a mixer was told. */
interface Running {
  job: MixJob;
  mixer: string | null;
  composition: string;
  estimate: number;
  changedAtMs: number;
  problem: string | null;
}

/** After a start, mixers are waited for so long before what they made is placed elsewhere. */
const MIXERS_COME_WITHIN_MS = 5000;
/** A measurement of the CPU says nothing before. */
const SETTLES_IN_MS = 10_000;
/** What a mixer was told it has told back by then, or it is told again. */
const TOLD_BACK_WITHIN_MS = 3000;
/** A mix has pictures by then, or is not waited for. */
const WARM_WITHIN_MS = 2000;
const STRAINED = 'its mixer has more to do than it can: pictures come late, and it takes no more mixes';

/**
 * Has mixers make what the database asks for and nothing else: finds each mix a mixer with room, tells it, tells it again, and
 * ends what nobody asked for, whoever restarted.
 */
export class Foreman {
  readonly #options: ForemanOptions;
  readonly #crew: Crew;
  readonly #strain = new Strain();
  readonly #running = new Map<string, Running>();
  /** Orders on their way to mixers, by mix. */
  readonly #sending = new Map<string, { version: number; mixer: string; done: Promise<void> }>();
  /** When a mixer was told last: of a job by `id`, to stop by `mixer id`. */
  readonly #toldAtMs = new Map<string, number>();
  /** Mixers of before may come (back) until then. */
  #awaitedUntilMs = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #unsubscribe: Unsubscribe | null = null;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: ForemanOptions) {
    this.#options = options;
    this.#crew = new Crew(options.bus);
  }

  /** Learns what mixers make and puts right what is not as the database has it. */
  async start(): Promise<void> {
    this.#awaitedUntilMs = this.#options.now() + MIXERS_COME_WITHIN_MS;
    await this.#crew.start();
    this.#unsubscribe = this.#crew.onChange((change) => this.#heard(change));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.review();
    }, MIXERS_COME_WITHIN_MS);
    await this.review();
  }

  /** Runs it when all before it is done: what is placed must not be placed by two at once. */
  inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(job, job);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** {@link tend} in its turn; what fails is tried again later. */
  async review(ids: readonly string[] | null = null): Promise<void> {
    const failed = (error: unknown) =>
      this.#options.log.warn({ err: error }, 'mixes could not be looked after: it is tried again');
    await this.inTurn(() => this.tend(ids)).catch(failed);
  }

  progress({ row, spec }: WantedMix): Progress {
    const running = this.#running.get(row.id);
    const mixer = running?.mixer ?? null;
    return {
      mixer,
      status: this.#crew.status(mixer, row.id),
      estimate: running?.estimate ?? this.#estimate(spec),
      problem: running?.problem ?? (mixer !== null && this.#strain.has(mixer) ? STRAINED : null),
    };
  }

  /** A JPEG of the canvas, now. @throws LiveError UNAVAILABLE and what the mixer says. */
  async preview(id: string): Promise<Buffer> {
    const mixer = this.#running.get(id)?.mixer ?? null;
    if (!this.#crew.has(mixer))
      throw new LiveError('UNAVAILABLE', `no mixer makes "${id}" just now: try again in a moment`);
    return this.#crew.preview(mixer, id);
  }

  /** Resolves when the mixer has answered the last order of this mix, or so much later. */
  async whenAnswered(id: string, timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([this.#sending.get(id)?.done, promise, this.#closing.promise]);
    clearTimeout(timer);
  }

  /** Resolves when the mix has pictures, or is not to be waited for any longer. */
  async whenWarm(id: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const isWarm = () => {
      const state = this.#crew.status(this.#running.get(id)?.mixer ?? null, id)?.state;
      return state === 'running' || state === 'passing' || state === 'sleeping';
    };
    const timer = setTimeout(resolve, WARM_WITHIN_MS);
    const stop = this.#crew.onChange(() => isWarm() && resolve());
    await Promise.race([this.#sending.get(id)?.done, promise]);
    if (isWarm()) resolve();
    await Promise.race([promise, this.#closing.promise]);
    clearTimeout(timer);
    stop();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    if (this.#timer) clearTimeout(this.#timer);
    this.#unsubscribe?.();
    this.#crew.close();
    await this.#queue;
  }

  /** Makes mixers do what the database says of these mixes, or of all (null). To be called {@link inTurn}. */
  async tend(ids: readonly string[] | null): Promise<void> {
    if (this.#closed) return;
    const { db } = this.#options;
    if (ids === null) this.#forgetOldOrders();
    // Before the database is read: what is made now was in it, unless it was removed since.
    const made = this.#crew.made();
    const wanted = new Map((await wantedMixes(db, await loadMixes(db, ids))).map((mix) => [mix.row.id, mix]));
    for (const mix of wanted.values()) {
      if (mix.job) await this.#order(mix, mix.job);
      else this.#running.delete(mix.row.id);
    }
    for (const id of ids ?? [...this.#running.keys()]) if (!wanted.has(id)) this.#running.delete(id);
    for (const { mixer, status } of made)
      if ((ids === null || ids.includes(status.id)) && this.#running.get(status.id)?.mixer !== mixer)
        void this.stop(mixer, status.id);
  }

  async #order({ row, spec, digest }: WantedMix, job: MixJob): Promise<void> {
    const { db, now } = this.#options;
    const before = this.#running.get(row.id);
    const { mixer, problem } = this.#placeKept(row, spec);
    // A mixer that is ahead was told by a database that has been put back since.
    const told = this.#crew.status(mixer, row.id)?.version ?? 0;
    const version = told > row.version ? told + 1 : digest === row.digest ? row.version : row.version + 1;
    if (version !== row.version || mixer !== row.mixer)
      await updateMix(db, row.id, { version, digest, mixer: mixer ?? row.mixer });
    const running: Running = {
      job: { ...job, version },
      mixer,
      composition: compositionOf(spec),
      estimate: this.#estimate(spec),
      changedAtMs: before?.job.version === version ? before.changedAtMs : now(),
      problem,
    };
    this.#running.set(row.id, running);
    if (before) this.#tellPolicies(before.job, job);
    if (mixer !== null && this.#crew.status(mixer, row.id)?.version !== version) this.#send(running, mixer);
  }

  /** Where a mix stays or goes: a mixer, or null and why. */
  #placeKept(row: MixRow, spec: MixSpec): { mixer: string | null; problem: string | null } {
    if (this.#crew.has(row.mixer)) return { mixer: row.mixer, problem: null };
    const starting = this.#timer !== null;
    if (starting && row.mixer !== null && !this.#crew.knew(row.mixer))
      return { mixer: null, problem: `the mixer "${row.mixer}" is not there yet` };
    try {
      const mixer = this.place(row.id, spec, null);
      return { mixer, problem: mixer === null ? 'no mixer is there just now' : null };
    } catch (error) {
      if (error instanceof LiveError) return { mixer: null, problem: error.message };
      throw error;
    }
  }

  /**
   * Finds a mixer for what a mix is to be.
   * @param now the mixer that makes it.
   * @returns null while mixers are awaited.
   * @throws LiveError MIXER_FULL
   */
  place(id: string, spec: MixSpec, now: string | null): string | null {
    if (this.#crew.all().length === 0 && this.#options.now() < this.#awaitedUntilMs) return null;
    const mixers = this.#crew.all().map(({ id: mixer, machine, cores }) => ({
      id: mixer,
      machine,
      cores,
      strained: this.#strain.has(mixer),
      mixes: [...this.#running.entries()].flatMap(([other, running]) =>
        running.mixer === mixer && other !== id ? [this.#costed(other, running)] : [],
      ),
    }));
    const wanted = { composition: compositionOf(spec), estimate: this.#estimate(spec), now };
    return choosePlace(wanted, mixers, this.#options.coresShare);
  }

  #costed(id: string, { composition, estimate, mixer, changedAtMs, job }: Running): CostedMix {
    const status = this.#crew.status(mixer, id);
    const settled = status?.version === job.version && this.#options.now() - changedAtMs > SETTLES_IN_MS;
    return { composition, estimate, status, settled };
  }

  #estimate(spec: MixSpec): number {
    return estimateCores(spec, this.#options.sizeOf);
  }

  #send(running: Running, mixer: string): void {
    const { now, log } = this.#options;
    const { job } = running;
    const { id, version } = job;
    const going = this.#sending.get(id);
    if (going?.version === version && going.mixer === mixer) return;
    this.#toldAtMs.set(id, now());
    this.#toldAtMs.delete(`${mixer} ${id}`);
    const done = this.#crew
      .run(mixer, job)
      .then(() => {
        running.problem = null;
        log.info({ mix: id, version, mixer, stream: job.stream, inputs: job.inputs.length }, 'mix is ordered');
      })
      .catch((error: unknown) => {
        if (this.#closed) return;
        running.problem = error instanceof Error ? error.message : String(error);
        log.warn({ err: error, mix: id, version, mixer }, 'the mixer did not take the mix: it is told again');
      })
      .finally(() => {
        if (this.#sending.get(id)?.done === done) this.#sending.delete(id);
      });
    this.#sending.set(id, { version, mixer, done });
  }

  /** Tells a mixer to end a mix; what it does not hear it is told again later. */
  async stop(mixer: string, id: string): Promise<void> {
    const { now, log } = this.#options;
    const key = `${mixer} ${id}`;
    if (now() - (this.#toldAtMs.get(key) ?? 0) < TOLD_BACK_WITHIN_MS) return;
    this.#toldAtMs.set(key, now());
    try {
      await this.#crew.stop(mixer, id);
      log.info({ mix: id, mixer }, 'mix is ended');
    } catch (error) {
      if (!this.#closed) log.warn({ err: error, mix: id, mixer }, 'the mixer did not end the mix: it is told again');
    }
  }

  /** Viewers of a program are let in by what its lease says, and that changes only when the mixer takes it anew. */
  #tellPolicies(before: MixJob, { programs }: MixJob): void {
    for (const { stream, play } of programs) {
      const known = before.programs.find((program) => program.stream === stream);
      if (known && !samePolicy(known.play, play)) this.#options.bus.publish('stream.policy', { stream, play });
    }
  }

  #heard({ type, mixer }: CrewChange): void {
    if (type === 'reported') {
      this.#feel(mixer);
      const ids = this.#wrongAt(mixer);
      if (ids.length > 0) void this.review(ids);
    } else {
      if (type === 'left') {
        this.#awaitedUntilMs = this.#options.now() + MIXERS_COME_WITHIN_MS;
        this.#strain.forget(mixer);
      }
      this.#options.log.info({ mixer }, type === 'came' ? 'mixer is there' : 'mixer is gone');
      void this.review();
    }
  }

  #feel(mixer: string): void {
    const { now, log } = this.#options;
    const mixes = this.#crew.made().flatMap((made) => (made.mixer === mixer ? [made.status] : []));
    if (!this.#strain.learn({ mixer, mixes }, now())) return;
    if (this.#strain.has(mixer)) log.warn({ mixer }, 'the mixer is behind: it gets no more mixes');
    else log.info({ mixer }, 'the mixer keeps up again');
  }

  /** Mixes of which a mixer tells something else than it was told a while ago. */
  #wrongAt(mixer: string): string[] {
    const nowMs = this.#options.now();
    const overdue = (key: string) => nowMs - (this.#toldAtMs.get(key) ?? 0) > TOLD_BACK_WITHIN_MS;
    const missing = [...this.#running].flatMap(([id, running]) => {
      if (running.mixer !== mixer) return [];
      return this.#crew.status(mixer, id)?.version !== running.job.version && overdue(id) ? [id] : [];
    });
    const unwanted = this.#crew
      .made()
      .filter((made) => made.mixer === mixer && this.#running.get(made.status.id)?.mixer !== mixer)
      .map(({ status }) => status.id)
      .filter((id) => overdue(`${mixer} ${id}`));
    return [...missing, ...unwanted];
  }

  #forgetOldOrders(): void {
    const longAgo = this.#options.now() - TOLD_BACK_WITHIN_MS;
    for (const [key, atMs] of this.#toldAtMs) if (atMs < longAgo) this.#toldAtMs.delete(key);
  }
}
