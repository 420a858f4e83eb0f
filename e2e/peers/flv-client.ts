import { PATIENT_MS, until } from '../until.ts';
import { isConfig } from './rtmp-client.ts';

export interface FlvTag {
  type: number;
  timestamp: number;
  payload: Buffer;
  /** When it came, ms of this process's clock. */
  atMs: number;
}

/** Watches HTTP-FLV or, by a `ws:` address, WebSocket-FLV, and keeps every tag. */
export class FlvClient implements Disposable {
  readonly tags: FlvTag[] = [];
  /** The body so far. */
  readonly chunks: Buffer[] = [];
  /** How it ended; null while it goes on. `clean`: the server ended it properly and no tag was cut. */
  end: 'clean' | 'broken' | null = null;
  header: Buffer = Buffer.alloc(0);
  #rest: Buffer = Buffer.alloc(0);
  readonly #stop = new AbortController();

  /**
   * Resolves when the answer has begun.
   * @throws Error with the status when it is not 200.
   */
  static async open(url: string): Promise<FlvClient> {
    const client = new FlvClient();
    if (url.startsWith('ws')) await client.#openSocket(url);
    else await client.#openBody(url);
    return client;
  }

  /** Timestamps of the sound (8) or picture (9) tags, without configurations. */
  timestamps(type: 8 | 9): number[] {
    return this.tags.filter((tag) => tag.type === type && !isConfig(tag)).map(({ timestamp }) => timestamp);
  }

  /** Waits until so many more tags of a kind came. */
  async more(count: number, type: 8 | 9, timeoutMs = PATIENT_MS): Promise<void> {
    const from = this.timestamps(type).length;
    await until(`${count} more tags of type ${type}`, () => this.timestamps(type).length >= from + count, timeoutMs);
  }

  async ended(timeoutMs = PATIENT_MS): Promise<'clean' | 'broken'> {
    return until('the FLV stream ends', () => this.end, timeoutMs);
  }

  /** What came so far as a file. */
  file(): Buffer {
    const whole = Buffer.concat(this.chunks);
    return whole.subarray(0, whole.length - this.#rest.length);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #openBody(url: string): Promise<void> {
    const response = await fetch(url, { signal: this.#stop.signal });
    if (response.status !== 200 || !response.body) {
      const text = await response.text();
      throw new Error(`${url} was answered ${response.status} ${text}`);
    }
    const { body } = response;
    void (async () => {
      for await (const chunk of body) this.#take(Buffer.from(chunk));
    })().then(
      () => this.#finish(true),
      () => this.#finish(false),
    );
  }

  async #openSocket(url: string): Promise<void> {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#stop.signal.addEventListener('abort', () => socket.close());
    socket.addEventListener('message', ({ data }) => this.#take(Buffer.from(data as ArrayBuffer)));
    socket.addEventListener('close', ({ wasClean }) => this.#finish(wasClean));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`${url} did not open`)));
    });
  }

  #finish(properly: boolean): void {
    this.end ??= properly && this.#rest.length === 0 ? 'clean' : 'broken';
  }

  #take(chunk: Buffer): void {
    this.chunks.push(chunk);
    let rest = Buffer.concat([this.#rest, chunk]);
    if (this.header.length === 0) {
      if (rest.length < 13) {
        this.#rest = rest;
        return;
      }
      this.header = rest.subarray(0, 13);
      rest = rest.subarray(13);
    }
    while (rest.length >= 11) {
      const size = rest.readUIntBE(1, 3);
      if (rest.length < 15 + size) break;
      const timestamp = rest.readUIntBE(4, 3) + rest.readUInt8(7) * 2 ** 24;
      this.tags.push({
        type: rest.readUInt8(0) & 0x1f,
        timestamp,
        payload: Buffer.from(rest.subarray(11, 11 + size)),
        atMs: performance.now(),
      });
      rest = rest.subarray(15 + size);
    }
    this.#rest = rest;
  }
}

/** Steps so near to a new configuration belong to the change. */
const NEAR_MS = 500;

/** The longest step between two pictures (9) or sounds (8) around new configurations, and the longest of all others. */
export function longestSteps(
  tags: readonly { type: number; timestamp: number; payload: Buffer }[],
  type: 8 | 9,
): { atChangesMs: number; elsewhereMs: number } {
  const changes = tags.filter((tag) => tag.type === 9 && isConfig(tag)).slice(1);
  const times = tags.filter((tag) => tag.type === type && !isConfig(tag)).map(({ timestamp }) => timestamp);
  const longest = { atChangesMs: 0, elsewhereMs: 0 };
  for (const [i, at] of times.slice(1).entries()) {
    const before = times[i]!;
    const isNear = changes.some(({ timestamp }) => before - NEAR_MS < timestamp && timestamp < at + NEAR_MS);
    const where = isNear ? 'atChangesMs' : 'elsewhereMs';
    longest[where] = Math.max(longest[where], at - before);
  }
  return longest;
}

/** Where a list of timestamps goes back, as readable pairs; empty when it never does. */
export function stepsBack(timestamps: readonly number[]): string[] {
  return timestamps.flatMap((at, i) => (i > 0 && at < timestamps[i - 1]! ? [`${timestamps[i - 1]} -> ${at}`] : []));
}
