import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { HealthReport, ProcessHealth } from '@lianmai/contract';
import type { Bus } from '../bus/bus.ts';
import { MemoryBus } from '../bus/memory-bus.ts';
import type { Logger } from '../log/log.ts';
import type { Settings } from '../settings/settings.ts';
import { Child } from './child.ts';

export interface SupervisorOptions {
  settings: Settings;
  version: string;
  log: Logger;
  output: ((lines: Readable) => void) | null;
}

const HEALTH_TIMEOUT_MS = 2500;
/**
 * Codecs free megabytes at a time. glibc would keep them: it learns from the first ones that such sizes are usual, and has a heap for each
 * thread. Given back, a mix of four takes 20 MiB less, at the same CPU time. Other C libraries do not know these.
 */
const CODECS_ENV = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536' };

/** Owns the processes of one machine and the embedded bus between them. Knows nothing of what they do. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #system = new MemoryBus();
  readonly #control: Child;
  readonly #edges: Child[];
  readonly #transcoder: Child;
  readonly #mixers: Child[];
  readonly #demo: Child | null;
  readonly #runtimeDir: string;
  readonly #fatal = Promise.withResolvers<never>();
  #stopped: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#runtimeDir = runtimeDir(options.settings.dataDir);
    this.#control = this.#child('control', 'control');
    this.#edges = Array.from({ length: options.settings.workers }, (_, i) => this.#child(`edge-${i}`, 'edge'));
    this.#transcoder = this.#child('transcoder', 'transcoder');
    this.#mixers = Array.from({ length: options.settings.mixers }, (_, i) =>
      this.#child(`mixer-${i}`, 'mixer', CODECS_ENV),
    );
    this.#demo = options.settings.demo ? this.#child('demo', 'demo') : null;
    this.#fatal.promise.catch(() => {});
  }

  /**
   * Starts everything; resolves when all can serve, with what they want said.
   * @throws Error whose message is the sentence of the process that can never start.
   */
  async start(): Promise<readonly string[]> {
    const { bus } = this.#system.member((err) => this.#options.log.error({ err }, 'a bus listener failed'));
    bus.serve('supervisor.health', () => this.#health(bus));
    rmSync(this.#runtimeDir, { recursive: true, force: true });
    mkdirSync(this.#runtimeDir, { mode: 0o700 });
    const said = await Promise.race([Promise.all(this.#parts.map((child) => child.start())), this.#fatal.promise]);
    void this.#demo?.start();
    return said.flat();
  }

  /** Asks every process, for one that runs may still be unable to work, or hang. */
  async #health(bus: Bus): Promise<HealthReport> {
    const answers = await bus.gather('all.health', null, { timeoutMs: HEALTH_TIMEOUT_MS });
    const processes = this.#parts.map(({ name, ready }): ProcessHealth => {
      if (!ready) return { name, ok: false, detail: 'starting' };
      return answers.find((answer) => answer.name === name) ?? { name, ok: false, detail: 'does not answer' };
    });
    return { ok: processes.every(({ ok }) => ok), processes };
  }

  /** Drains and ends everything: sources first, control last, for it takes the final figures. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#demo?.stop();
      await Promise.all([...this.#edges, this.#transcoder, ...this.#mixers].map((child) => child.stop()));
      await this.#control.stop();
      this.#system.close();
      rmSync(this.#runtimeDir, { recursive: true, force: true });
    })();
    return this.#stopped;
  }

  /** All without which the system is not healthy. */
  get #parts(): Child[] {
    return [this.#control, ...this.#edges, this.#transcoder, ...this.#mixers];
  }

  #child(name: string, folder: string, env: Readonly<Record<string, string>> = {}): Child {
    const { settings, version, log, output } = this.#options;
    return new Child({
      start: { settings, name, version, runtimeDir: this.#runtimeDir },
      module: new URL(`../${folder}/main.ts`, import.meta.url),
      env,
      broker: this.#system.broker,
      log,
      output,
      onFatal: (sentence) => this.#fatal.reject(new Error(sentence)),
    });
  }
}

/** The same for the same data folder, so that what a killed run left is found and removed; short, as socket paths must be. */
function runtimeDir(dataDir: string): string {
  return join(tmpdir(), `lianmai-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
}
