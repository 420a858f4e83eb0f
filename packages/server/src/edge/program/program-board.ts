import { leases, type PlayPolicy, type Program } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';

const PROGRAMS = leases.program('');

/** This worker's copy of which channels show something else than their own streams. */
export class ProgramBoard {
  readonly #programs = new Map<string, Program>();

  /** @param changed called after each change. */
  async watch(
    bus: Bus,
    changed: (stream: string, program: Program | null, before: Program | null) => void,
  ): Promise<Unsubscribe> {
    const unsubscribe = bus.subscribe('stream.policy', ({ stream, play }) => this.#setPolicy(stream, play));
    const unwatch = await bus.watch<Program>(PROGRAMS, (key, program) => {
      const stream = key.slice(PROGRAMS.length);
      const before = this.get(stream);
      if (program) this.#programs.set(stream, program);
      else this.#programs.delete(stream);
      changed(stream, program, before);
    });
    return () => {
      unsubscribe();
      unwatch();
    };
  }

  get(stream: string): Program | null {
    return this.#programs.get(stream) ?? null;
  }

  #setPolicy(stream: string, play: PlayPolicy): void {
    const program = this.#programs.get(stream);
    if (program) this.#programs.set(stream, { ...program, play });
  }
}
