import { type EndReason, leases, type StreamEvent, type StreamHolder } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import { advance, type LiveChange, type LiveEntry, type LiveInput } from './state.ts';

/** A worker that is alive says itself that its stream's grace is over; control's own clock is for workers that died. */
const WORKER_SPEAKS_FIRST_MS = 500;

export interface LiveBoardOptions {
  bus: Bus;
  now: () => number;
  publishGraceMs: number;
}

/** What is live now, in memory: follows the leases and the workers' events. */
export class LiveBoard {
  readonly #bus: Bus;
  readonly #now: () => number;
  readonly #graceMs: number;
  readonly #entries = new Map<string, LiveEntry>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<(change: LiveChange) => void>();
  #unsubscribe: Unsubscribe[] = [];

  constructor({ bus, now, publishGraceMs }: LiveBoardOptions) {
    this.#bus = bus;
    this.#now = now;
    this.#graceMs = publishGraceMs;
  }

  /**
   * Learns what is live. `open` are the sessions that were on when control last stopped, each with when it was last seen:
   * those that no worker holds any more are interrupted since, and get their grace from now.
   */
  async start(open: readonly { entry: LiveEntry; lastSeenAtMs: number }[]): Promise<void> {
    for (const { entry } of open) this.#entries.set(entry.stream, entry);
    const held = new Set<string>();
    const prefix = leases.stream('');
    const unwatch = await this.#bus.watch<StreamHolder>(prefix, (key, holder) => {
      const stream = key.slice(prefix.length);
      if (holder) held.add(stream);
      this.#learn(stream, holder ? { type: 'held', stream, holder } : { type: 'released', atMs: this.#now() });
    });
    const unsubscribe = this.#bus.subscribe('stream.event', (event) => this.#heard(event));
    this.#unsubscribe = [unwatch, unsubscribe];
    for (const { entry, lastSeenAtMs } of open) {
      if (!held.has(entry.stream)) this.#learn(entry.stream, { type: 'released', atMs: lastSeenAtMs });
    }
  }

  get(stream: string): LiveEntry | null {
    return this.#entries.get(stream) ?? null;
  }

  all(): LiveEntry[] {
    return [...this.#entries.values()];
  }

  onChange(listener: (change: LiveChange) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends a session without waiting for a worker's word. */
  end(entry: LiveEntry, reason: EndReason): void {
    this.#learn(entry.stream, { type: 'ended', sessionId: entry.sessionId, reason, atMs: this.#now() });
  }

  /** Resolves when the session is over, with false when it is not within the time. */
  async whenOver(entry: LiveEntry, timeoutMs: number): Promise<boolean> {
    if (this.get(entry.stream)?.sessionId !== entry.sessionId) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const stop = this.onChange((change) => {
      if (change.type === 'ended' && change.entry.sessionId === entry.sessionId) resolve(true);
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#listeners.clear();
  }

  #heard({ stream, sessionId, state, reason, atMs }: StreamEvent): void {
    if (state === 'ended') this.#learn(stream, { type: 'ended', sessionId, reason: reason ?? 'vanished', atMs });
  }

  #learn(stream: string, input: LiveInput): void {
    const { entry, changes } = advance(this.get(stream), input);
    if (entry) this.#entries.set(stream, entry);
    else this.#entries.delete(stream);
    if (changes.length > 0) this.#timeGrace(stream, entry);
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }

  #timeGrace(stream: string, entry: LiveEntry | null): void {
    clearTimeout(this.#timers.get(stream));
    this.#timers.delete(stream);
    if (!entry || entry.interruptedAtMs === null) return;
    const expire = () => this.#learn(stream, { type: 'expired', sessionId: entry.sessionId });
    this.#timers.set(stream, setTimeout(expire, this.#graceMs + WORKER_SPEAKS_FIRST_MS));
  }
}
