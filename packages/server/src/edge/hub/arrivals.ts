import { LiveError } from '@lianmai/contract';
import type { LiveStream } from './sink.ts';

interface Arrival<S> {
  promise: Promise<S>;
  resolve(stream: S): void;
  reject(error: LiveError): void;
  deadlineMs: number;
}

/** Viewers who wait for streams that are on their way here: one wait per stream, however many viewers. */
export class Arrivals<S extends LiveStream> {
  readonly #arrivals = new Map<string, Arrival<S>>();

  /** Streams waited for. */
  get streams(): IterableIterator<string> {
    return this.#arrivals.keys();
  }

  has(stream: string): boolean {
    return this.#arrivals.has(stream);
  }

  /** @throws LiveError UNAVAILABLE at the deadline. */
  wait(stream: string, deadlineMs: number): Promise<S> {
    const waiting = this.#arrivals.get(stream);
    if (waiting) return waiting.promise;
    const { promise, resolve, reject } = Promise.withResolvers<S>();
    this.#arrivals.set(stream, { promise, resolve, reject, deadlineMs });
    return promise;
  }

  arrived(stream: S): void {
    this.#arrivals.get(stream.name)?.resolve(stream);
    this.#arrivals.delete(stream.name);
  }

  refuse(stream: string, error: LiveError): void {
    this.#arrivals.get(stream)?.reject(error);
    this.#arrivals.delete(stream);
  }

  tick(nowMs: number): void {
    for (const [stream, { deadlineMs }] of this.#arrivals)
      if (nowMs >= deadlineMs)
        this.refuse(stream, new LiveError('UNAVAILABLE', `"${stream}" could not be fetched in time: try again`));
  }
}
