import { leases, type StreamEvent, type StreamHolder, type WorkerInfo } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';

const STREAMS = leases.stream('');
const WORKERS = leases.worker('');

/** This worker's copy of who holds which stream, so that looking it up takes no time. */
export class Holders {
  readonly #graceMs: number;
  readonly #streams = new Map<string, StreamHolder>();
  readonly #workers = new Map<string, WorkerInfo>();
  /** Streams whose publisher may come back: when each was lost. */
  readonly #lost = new Map<string, { sessionId: string; atMs: number }>();
  readonly #endedSessions = new Set<string>();

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** @param changed called after each change, with the holder before it. */
  async watch(
    bus: Bus,
    now: () => number,
    changed: (stream: string, holder: StreamHolder | null, before: StreamHolder | null) => void,
  ): Promise<Unsubscribe> {
    const unwatchWorkers = await bus.watch<WorkerInfo>(WORKERS, (key, worker) => {
      if (worker) this.#workers.set(key.slice(WORKERS.length), worker);
      else this.#workers.delete(key.slice(WORKERS.length));
    });
    const unwatchStreams = await bus.watch<StreamHolder>(STREAMS, (key, holder) => {
      const stream = key.slice(STREAMS.length);
      const before = this.#streams.get(stream) ?? null;
      if (holder) this.#found(stream, holder);
      else this.#gone(stream, before, now());
      changed(stream, holder, before);
    });
    return () => {
      unwatchWorkers();
      unwatchStreams();
    };
  }

  get(stream: string): StreamHolder | null {
    return this.#streams.get(stream) ?? null;
  }

  worker(id: string): WorkerInfo | null {
    return this.#workers.get(id) ?? null;
  }

  /** Whether a publisher is there or may come back within the grace. */
  expected(stream: string, nowMs: number): boolean {
    const holder = this.#streams.get(stream);
    if (holder) return !this.#endedSessions.has(holder.sessionId);
    const lost = this.#lost.get(stream);
    return lost !== undefined && nowMs - lost.atMs < this.#graceMs;
  }

  /** Control changed how a stream may be played. */
  setPolicy(stream: string, play: StreamHolder['play']): void {
    const holder = this.#streams.get(stream);
    if (holder) this.#streams.set(stream, { ...holder, play });
  }

  /** A session ended for good: nobody waits for it. Comes before or after its lease is gone. */
  ended({ stream, sessionId }: Pick<StreamEvent, 'stream' | 'sessionId'>): void {
    if (this.#streams.get(stream)?.sessionId === sessionId) this.#endedSessions.add(sessionId);
    if (this.#lost.get(stream)?.sessionId === sessionId) this.#lost.delete(stream);
  }

  tick(nowMs: number): void {
    for (const [stream, { atMs }] of this.#lost) if (nowMs - atMs >= this.#graceMs) this.#lost.delete(stream);
  }

  #found(stream: string, holder: StreamHolder): void {
    this.#streams.set(stream, holder);
    this.#lost.delete(stream);
  }

  #gone(stream: string, before: StreamHolder | null, nowMs: number): void {
    this.#streams.delete(stream);
    if (before && !this.#endedSessions.delete(before.sessionId))
      this.#lost.set(stream, { sessionId: before.sessionId, atMs: nowMs });
  }
}
