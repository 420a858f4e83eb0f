import { leases, type Program } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';

/** What viewers of channels get in place of the channels' own streams now: follows the leases of the mixers. */
export class ProgramBoard {
  readonly #programs = new Map<string, Program>();
  #unwatch: Unsubscribe | null = null;

  async start(bus: Bus): Promise<void> {
    const prefix = leases.program('');
    this.#unwatch = await bus.watch<Program>(prefix, (key, program) => {
      const stream = key.slice(prefix.length);
      if (program) this.#programs.set(stream, program);
      else this.#programs.delete(stream);
    });
  }

  /** @param stream the channel's. */
  get(stream: string): Program | null {
    return this.#programs.get(stream) ?? null;
  }

  /** By the channels' streams. */
  all(): ReadonlyMap<string, Program> {
    return this.#programs;
  }

  close(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }
}
