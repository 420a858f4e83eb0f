import { Agent, request } from 'node:http';
import { type ErrorBody, LiveError } from '@lianmai/contract';
import { Content } from './content.ts';
import type { OtherWorker } from './directory.ts';
import { MediaCache } from './media-cache.ts';
import type { Reply } from './reply.ts';

/** The other worker did not answer: it died, or was too slow. Somebody else may have the stream by now. */
export class WorkerUnreachable extends Error {}

/** Longer than any held request. */
const ANSWER_WITHIN_MS = 45_000;
const MAX_ANSWER_BYTES = 64 << 20;
const MAX_ERROR_BYTES = 64 << 10;
const CACHE_BYTES = 64 << 20;

/**
 * Fetches from the worker that packages a stream, over its internal address: what never changes once for all, the rest once
 * for all who ask at the same time.
 */
export class RemotePackagers {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #cache = new MediaCache(CACHE_BYTES);
  readonly #running = new Map<string, Promise<Reply>>();

  /** @throws LiveError what the other worker said; WorkerUnreachable. */
  playlist(worker: OtherWorker, path: string): Promise<Reply> {
    return this.#shared(worker, path);
  }

  /** @throws LiveError what the other worker said; WorkerUnreachable. */
  async media(worker: OtherWorker, path: string): Promise<Reply> {
    const known = this.#cache.get(path);
    if (known) return known;
    const reply = await this.#shared(worker, path);
    this.#cache.set(path, reply);
    return reply;
  }

  /** Tells the other worker something; whether it hears is its own affair. */
  tell(worker: OtherWorker, path: string): void {
    this.#fetch(worker, path).catch(() => {});
  }

  close(): void {
    this.#agent.destroy();
  }

  #shared(worker: OtherWorker, path: string): Promise<Reply> {
    const key = `${worker.id} ${path}`;
    let running = this.#running.get(key);
    if (!running) {
      running = this.#fetch(worker, path).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  #fetch({ address }: OtherWorker, path: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: address, agent: this.#agent, path });
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), ANSWER_WITHIN_MS);
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.on('error', (error) => reject(new WorkerUnreachable(error.message)));
      outgoing.on('response', (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const limit = answer.statusCode === 200 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > limit) answer.destroy(new Error('the answer is too long'));
        });
        answer.on('error', (error) => reject(new WorkerUnreachable(error.message)));
        answer.on('end', () => {
          if (answer.statusCode !== 200) return reject(errorOf(Buffer.concat(chunks)));
          const { 'content-type': contentType = '', 'cache-control': cacheControl = 'no-store' } = answer.headers;
          resolve({ contentType, cacheControl, content: new Content([Buffer.concat(chunks)]) });
        });
      });
      outgoing.end();
    });
  }
}

function errorOf(body: Buffer): LiveError {
  try {
    return LiveError.fromBody(JSON.parse(body.toString()) as ErrorBody);
  } catch {
    return new LiveError('UNAVAILABLE', 'the worker that has this stream gave no sensible answer: try again');
  }
}
