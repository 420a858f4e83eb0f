import { LiveError } from '@lianmai/contract';
import type { CreateMix } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { MixDesk, MixState } from './desk.ts';
import { newMixId } from './names.ts';

/** A mix that viewers are to see; its owner keeps the id. */
export interface ShowWish {
  /** Whose channels' app. */
  appId: string;
  inputs: CreateMix['inputs'] & object[];
  layout: NonNullable<CreateMix['layout']>;
  /** Its size counts when the mix begins: players go through a change of it, but nobody likes to see one. */
  output: NonNullable<CreateMix['output']>;
  /** Told when the mix cannot be had as wished, and when it can again; of each only once. */
  onProblem?: (problem: ShowProblem | null) => void;
}

/** Why viewers do not see a mix. */
export interface ShowProblem {
  /** Of the error, such as MIXER_FULL. */
  name: string;
  message: string;
}

export interface ShowsOptions {
  desk: Pick<MixDesk, 'create' | 'change' | 'remove' | 'get'>;
  log: Logger;
}

/** Mixes made for rooms: ordered when they are wished, changed when the wish changes, ended when there is none. */
export class Shows {
  readonly #options: ShowsOptions;
  /** The wish that each mix was last ordered by, as JSON. */
  readonly #ordered = new Map<string, string>();
  /** Why a mix is not to be had, as told last. */
  readonly #problems = new Map<string, string>();

  constructor(options: ShowsOptions) {
    this.#options = options;
  }

  /**
   * Makes the wish true. A mix that cannot be had now is tried again when asked again.
   * @param id of the mix there is, or null.
   * @param keep writes down the id of the mix there is from now on (null: none): before it is ordered, after it has ended. So
   * there is no moment at which a mix would be forgotten.
   */
  async set(id: string | null, wish: ShowWish | null, keep: (id: string | null) => Promise<unknown>): Promise<void> {
    if (wish === null) {
      if (id !== null) await this.#end(id, keep);
      return;
    }
    const order = orderOf(wish);
    if (id !== null && this.#ordered.get(id) === order && !this.#problems.has(id)) return;
    const mixId = id ?? newMixId();
    if (id === null) await keep(mixId);
    try {
      const { problem } = await this.#order(mixId, wish, order);
      this.#tell(mixId, wish, problem === null ? null : { name: 'UNAVAILABLE', message: problem });
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      this.#options.log.debug({ err: error, mix: mixId }, 'a mix was refused: it is tried again');
      this.#tell(mixId, wish, { name: error.name, message: error.message });
    }
  }

  async #order(id: string, { onProblem: _, ...wish }: ShowWish, order: string): Promise<MixState> {
    const { desk } = this.#options;
    const { appId, ...request } = wish;
    const there = await desk.get(id);
    if (there && this.#ordered.get(id) === order) return there;
    const state = there
      ? await desk.change({ kind: 'operator' }, id, { ...request, output: withoutSize(request.output) })
      : await desk.create({ kind: 'operator' }, { ...request, appId }, id, 'show');
    this.#ordered.set(id, order);
    return state;
  }

  async #end(id: string, keep: (id: null) => Promise<unknown>): Promise<void> {
    await this.#options.desk.remove(id);
    this.#ordered.delete(id);
    this.#problems.delete(id);
    await keep(null);
  }

  #tell(id: string, { onProblem }: ShowWish, problem: ShowProblem | null): void {
    const before = this.#problems.get(id);
    if (before === problem?.name) return;
    if (problem) {
      this.#options.log.warn({ mix: id, reason: problem.message }, 'viewers do not see the mix: it is tried again');
      this.#problems.set(id, problem.name);
    } else this.#problems.delete(id);
    onProblem?.(problem);
  }
}

/** By which two wishes are the same. */
const orderOf = ({ appId, inputs, layout, output }: ShowWish): string =>
  JSON.stringify({ appId, inputs, layout, output: withoutSize(output) });

function withoutSize({ width: _, height: __, ...output }: ShowWish['output']): ShowWish['output'] {
  return output;
}
