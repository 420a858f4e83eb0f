import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LocalBroker } from '../bus/local-broker.ts';
import { childChannel } from '../bus/local-channel.ts';
import type { Logger } from '../log/log.ts';
import type { ChildStart, FromChild } from './messages.ts';
import { restartDelayMs } from './restart.ts';

const KILL_AFTER_MS = 8000;
/**
 * A media worker's garbage is small and dies at once: the usual 16 MiB would only be memory that newcomers fill, some 5 KB
 * for each of 1,000 viewers, at no less CPU time.
 */
const YOUNG_GENERATION_MIB = 4;
/** Compiled code kept between starts: half the time of a restart. */
const COMPILE_CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/lianmai', import.meta.url));

export interface ChildOptions {
  start: ChildStart;
  /** The process's composition file. */
  module: URL;
  /** Beside this process's own variables. */
  env?: Readonly<Record<string, string>>;
  broker: LocalBroker;
  log: Logger;
  /** Takes the child's log lines; null leaves its output on this process's own. */
  output: ((lines: Readable) => void) | null;
  /** It can never start like this; not told of one that has started before, which is tried again. */
  onFatal(sentence: string): void;
}

/** One supervised process: started, started again whenever it dies, stopped once. */
export class Child {
  readonly name: string;
  readonly #options: ChildOptions;
  readonly #firstReady = Promise.withResolvers<readonly string[]>();
  #process: ChildProcess | null = null;
  #retry: NodeJS.Timeout | undefined;
  #startedAtMs = 0;
  #quickDeaths = 0;
  #ready = false;
  #everReady = false;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.name = options.start.name;
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when it first can serve, with what it wants said. */
  start(): Promise<readonly string[]> {
    this.#spawn();
    return this.#firstReady.promise;
  }

  /** Asks it to drain and waits for its end, by force if it must be. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const child = this.#process;
    if (!child) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const force = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    if (child.connected) child.send({ stop: true }, () => {});
    await exited;
    clearTimeout(force);
  }

  #spawn(): void {
    const { module, output, start, broker, env } = this.#options;
    const child = fork(module, [], {
      execArgv: [...process.execArgv, `--max-semi-space-size=${YOUNG_GENERATION_MIB}`],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      serialization: 'advanced',
      stdio: ['ignore', output ? 'pipe' : 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    this.#startedAtMs = performance.now();
    if (child.stdout) output?.(child.stdout);
    broker.attach(childChannel(child));
    child.on('message', (message: FromChild) => this.#hear(message));
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.on('error', (err) => this.#options.log.error({ err, process: this.name }, 'process failed'));
    child.send({ start }, () => {});
  }

  #hear(message: FromChild): void {
    if ('ready' in message) {
      this.#ready = true;
      const tookMs = Math.round(performance.now() - this.#startedAtMs);
      if (this.#everReady) this.#options.log.info({ process: this.name, tookMs }, 'process is back');
      this.#everReady = true;
      this.#firstReady.resolve(message.ready.say);
    }
    if (!('fatal' in message)) return;
    if (this.#everReady) this.#options.log.warn({ process: this.name }, message.fatal);
    else this.#options.onFatal(message.fatal);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#process = null;
    this.#ready = false;
    if (this.#stopping) return;
    const livedMs = performance.now() - this.#startedAtMs;
    this.#quickDeaths = livedMs < 5000 ? this.#quickDeaths + 1 : 0;
    const delayMs = restartDelayMs(this.#quickDeaths);
    this.#options.log.warn(
      { process: this.name, code, signal, restartInMs: delayMs },
      'process ended unexpectedly: starting it again',
    );
    this.#retry = setTimeout(() => this.#spawn(), delayMs);
  }
}
