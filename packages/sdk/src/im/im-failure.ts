import type { ErrorBody } from '@lianmai/contract';

/** Why a call failed: the server's error, or `OFFLINE` (there is no connection) and `TIMED_OUT` (no answer came). */
export class ImFailure extends Error {
  override readonly name: ErrorBody['error']['name'] | 'OFFLINE' | 'TIMED_OUT';
  /** Of the server's error; 0 when it did not answer. */
  readonly code: number;
  /** The param at fault, when the server named one. */
  readonly field: string | undefined;

  constructor(name: ImFailure['name'], message: string, code = 0, field?: string) {
    super(message);
    this.name = name;
    this.code = code;
    this.field = field;
  }

  static of({ name, message, code, field }: ErrorBody['error']): ImFailure {
    return new ImFailure(name, message, code, field);
  }
}
