import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody, MixerInfo } from '@lianmai/contract';
import { pino } from 'pino';
import { MemoryBus } from '../../bus/memory-bus.ts';
import { parseSettings } from '../../settings/parse.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Store } from '../../store/store.ts';
import { type Control, startControl } from '../control.ts';
import type { RateLimits } from '../rest/access.ts';
import { DocumentedAnswers } from './documented.ts';
import { FakeMixer } from './fake-mixer.ts';
import { FakeWorker } from './fake-worker.ts';

export const OPERATOR_KEY = 'operator-key-of-the-tests';

export interface Answer<T> {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. */
  body: T;
}

interface CallOptions {
  /** null: no key. Default: the operator's. */
  key?: string | null;
  headers?: Record<string, string>;
}

interface TestOptions {
  store?: Store;
  settings?: Partial<Settings>;
  limits?: RateLimits;
  now?: () => number;
}

/** A control of a test's own, reached over its unix socket, on a bus with whatever workers the test adds. */
export class TestControl {
  readonly bus = new MemoryBus();
  readonly folder = mkdtempSync(join(tmpdir(), 'lianmai-control-'));
  readonly #options: TestOptions;
  readonly #agent = new Agent({ keepAlive: true });
  #control: { control: Control; kill(): void } | null = null;
  #documented: DocumentedAnswers | null = null;

  private constructor(options: TestOptions) {
    this.#options = options;
  }

  static async start(options: TestOptions = {}): Promise<TestControl> {
    const test = new TestControl(options);
    await test.startAgain();
    const { body } = await test.#send('GET', '/v1/openapi.json', undefined, { key: null });
    test.#documented = new DocumentedAnswers(body);
    return test;
  }

  get socketPath(): string {
    return join(this.folder, 'control.sock');
  }

  get control(): Control {
    if (!this.#control) throw new Error('control is stopped');
    return this.#control.control;
  }

  /** The next process of control, with the database and the bus of the one before. */
  async startAgain(): Promise<void> {
    const { store, settings, limits, now } = this.#options;
    const { bus, kill } = this.bus.member();
    const control = await startControl({
      settings: {
        ...parseSettings(['--data-dir', this.folder, '--api-key', OPERATOR_KEY, '--public-host', 'live.test'], {}),
        ...settings,
      },
      bus,
      socketPath: this.socketPath,
      log: pino({ level: 'silent' }),
      version: '1.2.3',
      passwordCost: { logN: 4, r: 8, p: 1 },
      ...(store ? { store } : {}),
      ...(limits ? { limits } : {}),
      ...(now ? { now } : {}),
    });
    this.#control = { control, kill };
  }

  async stop(): Promise<void> {
    const running = this.#control;
    this.#control = null;
    await running?.control.close();
    running?.kill();
  }

  async close(): Promise<void> {
    await this.stop();
    this.bus.close();
    this.#agent.destroy();
    rmSync(this.folder, { recursive: true });
  }

  worker(id: string): Promise<FakeWorker> {
    return FakeWorker.join(this.bus, id);
  }

  mixer(id: string, info: Partial<MixerInfo> = {}): Promise<FakeMixer> {
    return FakeMixer.join(this.bus, id, info);
  }

  get = <T = ErrorBody>(path: string, options?: CallOptions) => this.call<T>('GET', path, undefined, options);
  post = <T = ErrorBody>(path: string, body?: unknown, options?: CallOptions) =>
    this.call<T>('POST', path, body, options);
  patch = <T = ErrorBody>(path: string, body: unknown, options?: CallOptions) =>
    this.call<T>('PATCH', path, body, options);
  delete = <T = ErrorBody>(path: string, options?: CallOptions) => this.call<T>('DELETE', path, undefined, options);

  /** A REST call. `body` is sent as JSON; a string as it is. The answer must be as the OpenAPI document says. */
  async call<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer<T>> {
    const answer = await this.#send(method, path, body, options);
    this.#documented?.check(method, path, answer.status, answer.body);
    return answer as Answer<T>;
  }

  #send(method: string, path: string, body: unknown, { key = OPERATOR_KEY, headers = {} }: CallOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer<unknown>>();
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const outgoing = request(
      {
        socketPath: this.socketPath,
        agent: this.#agent,
        method,
        path,
        headers: {
          'x-forwarded-for': '198.51.100.7',
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: answered } = incoming;
          const isJson = answered['content-type']?.startsWith('application/json');
          resolve({ status, headers: answered, text, body: isJson ? JSON.parse(text) : undefined });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(sent);
    return promise;
  }
}
