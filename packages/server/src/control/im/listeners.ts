import type { Logger } from 'pino';
import type { Unsubscribe } from '../../bus/bus.ts';

/** Those in control who want to know what happens in chat. What one of them fails at is no other's business. */
export class Listeners<T> {
  readonly #log: Logger;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(listener: (value: T) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(value: T): void {
    for (const listener of this.#listeners)
      try {
        listener(value);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener of chat failed');
      }
  }
}
