/** A live server under test, started for one measurement and ended by disposing it. */
export interface RunningServer extends AsyncDisposable {
  /** All its processes: what they use is what it costs. */
  readonly pids: readonly number[];
  readonly rtmpPort: number;
  /** null: it has no HTTP-FLV. */
  readonly httpPort: number | null;
  /** So many streams that may be pushed: where to push (`app/stream?query`) and where to play (`app/stream`). */
  streams(count: number): Promise<{ push: string; play: string }[]>;
  /** The longest time its event loop was held up since the last question, ms; null when it does not tell. */
  loopPauseMs(): Promise<number | null>;
}

export interface Peer {
  readonly name: string;
  /** What it plays. */
  readonly protocols: readonly ('flv' | 'rtmp')[];
  /** Its tick of merged writes can be set. */
  readonly hasTick: boolean;
  /** Why it cannot take part here, in a sentence; null when it can. */
  missing(): string | null;
  /** @param flushMs its tick of merged writes, where it has one. */
  start(flushMs: number | null): Promise<RunningServer>;
}
