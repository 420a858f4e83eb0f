import type { Capabilities } from './capabilities.ts';
import { type Choice, choose } from './choose.ts';
import type { Engine, EngineEvents, OpenEngine } from './engines/engine.ts';
import type { EngineId, Problem, StreamCodecs } from './player.ts';

/** An engine that fails so often in a row gives way to the next, unless the viewer chose it. */
const FAILURES_TO_SWITCH = 2;

export interface EngineSlotOptions {
  video: HTMLVideoElement;
  stream: string;
  /** See {@link EngineSlot.query}. */
  query: string;
  browser: Capabilities;
  openEngine: OpenEngine;
  /** From 0 to 1. */
  random(): number;
  /** The engine in the slot told something; others are not heard. */
  events: EngineEvents;
}

/** Holds at most one engine, and the memory of which ones failed. */
export class EngineSlot {
  readonly #options: EngineSlotOptions;
  readonly #failures = new Map<EngineId, number>();
  /** Signature of the play address, of engines that are opened from now on. */
  query: string;
  #engine: Engine | null = null;
  #id: EngineId | null = null;
  /** Counts openings, so that a late answer of an earlier one is known as such. */
  #opening = 0;

  constructor(options: EngineSlotOptions) {
    this.#options = options;
    this.query = options.query;
  }

  /** The open engine. */
  get engine(): Engine | null {
    return this.#engine;
  }

  /** Of the engine that is open or being loaded. */
  get id(): EngineId | null {
    return this.#id;
  }

  choose(codecs: StreamCodecs | null, wish: EngineId | 'auto'): Choice {
    const failed = [...this.#failures.keys()].filter((id) => this.#gaveUp(id));
    return choose(this.#options.browser, codecs, wish, new Set(failed));
  }

  /** @returns whether it is open and still wanted; when its code can't be had, `failed` is told. */
  async open(id: EngineId): Promise<boolean> {
    this.close();
    const opening = this.#opening;
    const current = () => opening === this.#opening;
    this.#id = id;
    const { video, stream, openEngine, events, random } = this.#options;
    try {
      const engine = await openEngine(id, {
        video,
        stream,
        query: this.query,
        events: {
          failed: (problem) => current() && events.failed(problem),
          finished: () => current() && events.finished(),
        },
        random,
      });
      if (current()) this.#engine = engine;
      else engine.close();
      return current();
    } catch (error) {
      if (current()) events.failed({ reason: 'library', detail: String(error) });
      return false;
    }
  }

  /** Idempotent. */
  close(): void {
    this.#opening++;
    const engine = this.#engine;
    this.#engine = null;
    this.#id = null;
    engine?.close();
  }

  /**
   * Counts a problem against the engine in the slot. A refused connection is no fault of its.
   * @param nothingCame no picture since it was opened.
   */
  blame({ reason }: Problem, nothingCame: boolean): void {
    if (!this.#id || reason === 'not-live' || reason === 'network' || reason === 'forbidden') return;
    // It can't be decoded, or the network lets nothing through: once is enough to try another way.
    const decisive = reason === 'codec' || reason === 'not-carried' || (reason === 'timeout' && nothingCame);
    this.#failures.set(this.#id, decisive ? FAILURES_TO_SWITCH : (this.#failures.get(this.#id) ?? 0) + 1);
  }

  /** Whether all that could play these codecs have failed. */
  exhausted(codecs: StreamCodecs | null): boolean {
    const { engine } = this.choose(codecs, 'auto');
    return engine === null || this.#gaveUp(engine);
  }

  /** It plays well: what it did before is forgotten. */
  forgive(): void {
    if (this.#id) this.#failures.delete(this.#id);
  }

  forgiveAll(): void {
    this.#failures.clear();
  }

  #gaveUp(id: EngineId): boolean {
    return (this.#failures.get(id) ?? 0) >= FAILURES_TO_SWITCH;
  }
}
