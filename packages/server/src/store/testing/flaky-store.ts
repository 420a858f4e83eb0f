import type { KyselyPlugin, PluginTransformQueryArgs, RootOperationNode } from 'kysely';
import type { Store } from '../store.ts';

/** A store whose database can be away, from any query on: also in the middle of a transaction. */
export class FlakyStore {
  readonly store: Store;
  /** Queries that still go through; null: all do. */
  #left: number | null = null;
  /** Queries that did not. */
  failed = 0;

  constructor(store: Store) {
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }: PluginTransformQueryArgs): RootOperationNode => {
        this.#count();
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    this.store = { ...store, db: store.db.withPlugin(plugin) };
  }

  /** From now on nothing is answered, after so many more queries. */
  fail(afterQueries = 0): void {
    this.#left = afterQueries;
  }

  mend(): void {
    this.#left = null;
  }

  #count(): void {
    if (this.#left === null) return;
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    this.failed += 1;
    throw Object.assign(new Error('the database is away'), { code: 'ECONNRESET' });
  }
}
