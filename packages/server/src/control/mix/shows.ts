import { LiveError } from '@lianmai/contract';
import type { CreateMix } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { MixDesk } from './desk.ts';

/** A mix that viewers are to see; its owner keeps the id. */
export interface ShowWish {
  /** Whose channels' app. */
  appId: string;
  inputs: CreateMix['inputs'] & object[];
  layout: NonNullable<CreateMix['layout']>;
  output: NonNullable<CreateMix['output']>;
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

  constructor(options: ShowsOptions) {
    this.#options = options;
  }

  /**
   * @param id of the mix there is, or null.
   * @returns the id of the mix there is now; null: none. A mix that cannot be had now is wished again at the next review.
   */
  async set(id: string | null, wish: ShowWish | null): Promise<string | null> {
    const { desk, log } = this.#options;
    if (wish === null) {
      if (id !== null) {
        this.#ordered.delete(id);
        await desk.remove(id);
      }
      return null;
    }
    const order = JSON.stringify(wish);
    if (id !== null && this.#ordered.get(id) === order) return id;
    try {
      const there = id === null ? null : await desk.get(id);
      const { appId, ...request } = wish;
      const mix = there
        ? await desk.change({ kind: 'operator' }, there.row.id, request)
        : await desk.create({ kind: 'operator' }, { ...request, appId });
      this.#ordered.set(mix.row.id, order);
      return mix.row.id;
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      log.warn({ err: error, mix: id }, 'viewers do not see the mix: it is tried again');
      return id;
    }
  }
}
