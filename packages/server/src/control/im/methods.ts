import { LiveError } from '@lianmai/contract';
import type { Static, TObject } from 'typebox';
import { compileValidator } from '../rest/validation.ts';
import type { ImCaller, ImMethod, ImRight } from './desk.ts';

/** A result that is JSON text already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An answer that comes later, while the caller's next call is looked at already. */
export class Later {
  readonly answer: Promise<object>;

  constructor(answer: Promise<object>) {
    this.answer = answer;
  }
}

interface Defined {
  who: ImRight;
  visitors: boolean;
  read(params: unknown): unknown;
  handler(caller: ImCaller, params: never): unknown;
}

/** The methods that clients may call. */
export class Methods {
  readonly #methods = new Map<string, Defined>();
  readonly #checkRight: (caller: ImCaller, right: ImRight, roomId: string) => void | Promise<void>;

  /** @param checkRight throws when the caller may not. */
  constructor(checkRight: (caller: ImCaller, right: ImRight, roomId: string) => void | Promise<void>) {
    this.#checkRight = checkRight;
  }

  /** @throws Error when the name is taken. */
  define<P extends TObject>({ name, params, who, visitors = false, handler }: ImMethod<P>): void {
    if (this.#methods.has(name)) throw new Error(`the method ${name} is defined twice`);
    const validate = compileValidator({ schema: params, method: name, url: '', httpPart: 'body' });
    const read = (given: unknown): Static<P> => {
      const outcome = validate(given) as { value: Static<P>; error?: Error };
      if (outcome.error) throw outcome.error;
      return outcome.value;
    };
    this.#methods.set(name, { who, visitors, read, handler });
  }

  /**
   * @returns the result as JSON, or when there will be one.
   * @throws LiveError METHOD_NOT_ALLOWED, UNAUTHENTICATED, BAD_REQUEST, and those of the rights and of the method.
   */
  async call(caller: ImCaller, name: string, given: unknown): Promise<string | Later> {
    const method = this.#methods.get(name);
    if (!method) throw new LiveError('METHOD_NOT_ALLOWED', `there is no method "${name}": see docs/im.md`);
    if (caller.isVisitor && !method.visitors)
      throw new LiveError('UNAUTHENTICATED', `log in to call ${name}: who is not logged in only watches`);
    const params = method.read(given);
    if (method.who !== 'user') await this.#checkRight(caller, method.who, (params as { roomId: string }).roomId);
    const result = await method.handler(caller, params as never);
    if (result instanceof Later) return result;
    return result instanceof JsonText ? result.text : JSON.stringify(result ?? {});
  }
}
