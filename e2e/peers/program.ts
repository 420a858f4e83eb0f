import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { PATIENT_MS, within } from '../until.ts';

/** Where a program that a test talks to comes from, for the message when it is missing. */
const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  openssl: 'openssl',
  '/usr/sbin/nginx': 'nginx libnginx-mod-rtmp',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
};

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program the test started and owns: `await using` ends it. */
export class Program implements AsyncDisposable {
  readonly name: string;
  readonly exit: Promise<Exit>;
  readonly process: ChildProcess;
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(name: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = name;
    const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.process = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exit = new Promise((resolve, reject) => {
      child.once('error', (error) => {
        this.#ended = true;
        const install = DEBIAN_PACKAGES[name];
        reject(
          new Error(`${name} could not be run (${error.message})${install ? `: apt-get install ${install}` : ''}`),
        );
      });
      child.once('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    this.exit.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return !this.#ended;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal);
  }

  /** Waits for its own end. */
  async ended(timeoutMs = PATIENT_MS): Promise<Exit> {
    return within(timeoutMs, `${this.name} ends; it said ${this.#stderr.slice(-2000)}`, this.exit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.kill();
    await this.exit.catch(() => {});
  }
}

/**
 * Runs a program to its end.
 * @throws Error with what it said when it fails.
 */
export async function runProgram(name: string, args: readonly string[], timeoutMs = PATIENT_MS): Promise<Exit> {
  await using program = new Program(name, args);
  const exit = await program.ended(timeoutMs);
  if (exit.code !== 0)
    throw new Error(`${name} ${args.join(' ')} ended with ${exit.code ?? exit.signal}: ${exit.stderr}`);
  return exit;
}
