import type { ErrorBody } from '@lianmai/contract';
import { LiveError } from '@lianmai/contract';
import type { Acquired, Bus, Unsubscribe } from './bus.ts';
import type { Channel, Role, ToBroker, ToMember } from './local-wire.ts';

type Handler = (body: unknown) => unknown;
interface Waiting {
  resolve(body: unknown): void;
  reject(error: Error): void;
}
interface Watch {
  prefix: string;
  listener: (key: string, value: unknown) => void;
}

/** A member of the embedded bus: speaks to a {@link ./local-broker.ts LocalBroker} over a channel. */
export class LocalBus implements Bus {
  readonly #channel: Channel<ToMember, ToBroker>;
  readonly #handlers: Record<Role, Map<string, Set<Handler>>> = {
    listen: new Map(),
    serve: new Map(),
    answer: new Map(),
  };
  readonly #waiting = new Map<number, Waiting>();
  readonly #watches = new Set<Watch>();
  readonly #onListenerError: (error: unknown, subject: string) => void;
  #nextId = 1;
  #closed = false;

  /** @param onListenerError told when an event listener throws; the other listeners still hear the event. */
  constructor(channel: Channel<ToMember, ToBroker>, onListenerError: (error: unknown, subject: string) => void) {
    this.#channel = channel;
    this.#onListenerError = onListenerError;
    channel.onMessage((message) => this.#receive(message));
    channel.onClose(() => this.#fail());
  }

  publish(subject: string, body: unknown): void {
    if (!this.#closed) this.#channel.send({ type: 'event', subject, body });
  }

  subscribe<E>(subject: string, listener: (event: E) => void): Unsubscribe {
    return this.#join('listen', subject, listener as Handler);
  }

  request<A>(subject: string, body: unknown, { timeoutMs = 5000 } = {}): Promise<A> {
    return this.#ask<A>((id) => ({ type: 'request', id, subject, body, timeoutMs }));
  }

  serve<Q, A>(subject: string, handler: (body: Q) => A): Unsubscribe {
    return this.#join('serve', subject, handler as Handler);
  }

  gather<A>(subject: string, body: unknown, { timeoutMs = 1000 } = {}): Promise<A[]> {
    return this.#ask<A[]>((id) => ({ type: 'gather', id, subject, body, timeoutMs }));
  }

  answer<Q, A>(subject: string, handler: (body: Q) => A): Unsubscribe {
    return this.#join('answer', subject, handler as Handler);
  }

  async acquire<T>(key: string, value: T): Promise<Acquired<T>> {
    const { holder } = await this.#ask<{ holder: T | null }>((id) => ({ type: 'acquire', id, key, value }));
    if (holder !== null) return { lease: null, holder };
    let released: Promise<void> | null = null;
    const release = () => (released ??= this.#ask<void>((id) => ({ type: 'release', id, key })));
    return { lease: { key, release }, holder: null };
  }

  async watch<T>(prefix: string, listener: (key: string, value: T | null) => void): Promise<Unsubscribe> {
    const watch: Watch = { prefix, listener: listener as Watch['listener'] };
    // Within the answer's own turn: a change that comes right behind it must not be overtaken by the first values.
    const begin = (now: { key: string; value: T }[]) => {
      this.#watches.add(watch);
      for (const { key, value } of now) this.#guard(key, () => listener(key, value));
    };
    await this.#ask((id) => ({ type: 'watch', id, prefix }), begin);
    return () => {
      if (this.#watches.delete(watch)) void this.#ask((id) => ({ type: 'unwatch', id, prefix })).catch(() => {});
    };
  }

  async close(): Promise<void> {
    this.#fail();
  }

  #join(role: Role, subject: string, handler: Handler): Unsubscribe {
    const handlers = this.#handlers[role].get(subject) ?? new Set();
    this.#handlers[role].set(subject, handlers.add(handler));
    if (handlers.size === 1 && !this.#closed) this.#channel.send({ type: 'join', role, subject });
    return () => {
      if (!handlers.delete(handler) || handlers.size > 0 || this.#closed) return;
      this.#channel.send({ type: 'quit', role, subject });
    };
  }

  #ask<A>(message: (id: number) => ToBroker, onDone?: (body: A) => void): Promise<A> {
    if (this.#closed) return Promise.reject(gone());
    return new Promise<A>((resolve, reject) => {
      const id = this.#nextId++;
      const done = (body: unknown) => {
        onDone?.(body as A);
        resolve(body as A);
      };
      this.#waiting.set(id, { resolve: done, reject });
      this.#channel.send(message(id));
    });
  }

  #receive(message: ToMember): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'event':
        for (const handler of this.#handlers.listen.get(message.subject) ?? [])
          this.#guard(message.subject, () => handler(message.body));
        return;
      case 'call':
        void this.#serveCall(message);
        return;
      case 'lease':
        for (const watch of this.#watches)
          if (message.key.startsWith(watch.prefix))
            this.#guard(message.key, () => watch.listener(message.key, message.value));
        return;
      case 'done': {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.error) waiting?.reject(LiveError.fromBody(message.error));
        else waiting?.resolve(message.body);
      }
    }
  }

  async #serveCall({ call, role, subject, body }: ToMember & { type: 'call' }): Promise<void> {
    const [handler] = this.#handlers[role].get(subject) ?? [];
    try {
      if (!handler) throw gone();
      const answer = await handler(body);
      this.#channel.send({ type: 'reply', call, body: answer });
    } catch (error) {
      if (!(error instanceof LiveError)) this.#onListenerError(error, subject);
      this.#channel.send({ type: 'reply', call, error: asBody(error) });
    }
  }

  #guard(subject: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onListenerError(error, subject);
    }
  }

  #fail(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }
}

const gone = () => new LiveError('UNAVAILABLE', 'the server is stopping or restarting: try again in a few seconds');
const asBody = (error: unknown): ErrorBody =>
  error instanceof LiveError
    ? error.toBody()
    : new LiveError('INTERNAL', 'the server failed at this request; its log says why').toBody();
