import type { EventEmitter } from 'node:events';

interface Wait {
  ready(): boolean;
  deadlineMs: number;
  settle(ready: boolean): void;
}

/** Requests held until the stream has come so far; looked at after each change, all in one pass. */
export class Waits {
  readonly #waits = new Set<Wait>();

  get size(): number {
    return this.#waits.size;
  }

  /**
   * Resolves with true as soon as `ready` holds, which is asked at once and at each {@link wake}; with false when the time
   * is over or the client is gone.
   * @param client emits `close`.
   */
  until(ready: () => boolean, deadlineMs: number, client: EventEmitter): Promise<boolean> {
    if (ready()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const gone = () => wait.settle(false);
      const wait: Wait = {
        ready,
        deadlineMs,
        settle: (result) => {
          this.#waits.delete(wait);
          client.off('close', gone);
          resolve(result);
        },
      };
      this.#waits.add(wait);
      client.once('close', gone);
    });
  }

  wake(): void {
    for (const wait of this.#waits) if (wait.ready()) wait.settle(true);
  }

  sweep(nowMs: number): void {
    for (const wait of this.#waits) if (nowMs >= wait.deadlineMs) wait.settle(false);
  }

  /** Sends everyone away. */
  close(): void {
    for (const wait of this.#waits) wait.settle(false);
  }
}
