import { LiveError } from '@lianmai/contract';
import type { Logger } from 'pino';
import { isStoreUnavailable, storeUnavailable } from '../../store/errors.ts';
import type { WorkerLink } from './connection.ts';
import type { Later } from './methods.ts';

/** A client's call, as its worker knows it. `call` null: it wants no answer. */
export interface AnsweredCall {
  link: WorkerLink;
  connection: number;
  call: number | null;
}

/** The answers to clients' calls: at once, or when what they tell of is written. */
export class Answers {
  readonly #log: Logger;
  readonly #waiting = new Set<Promise<void>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param result JSON text, or when there will be one. */
  give(to: AnsweredCall, result: string | Later): void {
    if (typeof result === 'string') return answer(to, result);
    const answered = result.answer
      .then(
        (value) => answer(to, JSON.stringify(value)),
        (error: unknown) => this.refuse(to, error),
      )
      .finally(() => this.#waiting.delete(answered));
    this.#waiting.add(answered);
  }

  /** @param error LiveErrors are the caller's business, others are logged. */
  refuse({ link, connection, call }: AnsweredCall, error: unknown, method?: string): void {
    const known = error instanceof LiveError ? error : this.#known(error, method);
    if (call !== null) link.push({ type: 'refusal', connection, call, error: known.toBody().error });
  }

  /** Resolves when no answer is waited for any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  #known(err: unknown, method: string | undefined): LiveError {
    if (isStoreUnavailable(err)) {
      this.#log.debug({ err, method }, 'a chat call was refused: the database is away');
      return storeUnavailable();
    }
    this.#log.error({ err, method }, 'a chat call failed');
    return new LiveError('INTERNAL', 'the server failed at this call; its log says why');
  }
}

function answer({ link, connection, call }: AnsweredCall, result: string): void {
  if (call !== null) link.push({ type: 'answer', connection, call, result });
}
