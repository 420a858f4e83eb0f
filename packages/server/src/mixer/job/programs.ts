import { leases, type MixProgram, type Program } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import { KeptLease } from './kept-lease.ts';

export interface ProgramsOptions {
  bus: Pick<Bus, 'acquire'>;
  /** Of this process. */
  worker: string;
  /** The mix's stream. */
  source: string;
  kind: Program['kind'];
  /** The viewers of a channel see the mix now, or see it no longer. */
  changed(): void;
}

interface Held {
  lease: KeptLease<Program>;
  play: string;
}

/** The channels whose viewers see a mix: each by a lease, which ends with this process. */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /** Channels that carry the mix now. */
  get streams(): string[] {
    return [...this.#held].filter(([, { lease }]) => lease.held).map(([stream]) => stream);
  }

  /** These channels, and no others. */
  want(programs: readonly MixProgram[], nowMs: number): void {
    const streams = new Set(programs.map(({ stream }) => stream));
    for (const stream of [...this.#held.keys()]) if (!streams.has(stream)) void this.#release(stream);
    for (const program of programs) this.#take(program, nowMs);
  }

  /** A channel's lease has ended, whoever had it. */
  ended(stream: string): void {
    this.#held.get(stream)?.lease.ended();
  }

  /** Lets all channels go back to their own streams; resolves when that is known. Idempotent. */
  async release(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((stream) => this.#release(stream)));
  }

  #take({ stream, channelId, accountId, play }: MixProgram, nowMs: number): void {
    const { bus, worker, source, kind, changed } = this.#options;
    const value: Program = { source, kind, worker, channelId, accountId, play, startedAtMs: Math.round(nowMs) };
    const rules = JSON.stringify([channelId, accountId, play]);
    const held = this.#held.get(stream);
    if (held?.play === rules) return;
    if (held) {
      held.play = rules;
      void held.lease.replace(value);
      return;
    }
    const lease = new KeptLease({ bus, key: leases.program(stream), value, taken: changed });
    this.#held.set(stream, { lease, play: rules });
  }

  async #release(stream: string): Promise<void> {
    const held = this.#held.get(stream);
    this.#held.delete(stream);
    await held?.lease.release();
    this.#options.changed();
  }
}
