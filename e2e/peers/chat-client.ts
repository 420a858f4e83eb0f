import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What came on the socket: an answer, or an event. */
export interface RpcMessage {
  id?: number;
  method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says is looked at by the test
  params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  result?: any;
  error?: { code: number; message: string; data: { code: number; name: string } };
}

/** A chat client that is not ours: the `ws` package and JSON. */
export class ChatClient implements Disposable {
  readonly socket: WebSocket;
  /** All events so far, in order. */
  readonly events: RpcMessage[] = [];
  readonly #waiting = new Map<number, (answer: RpcMessage) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const value = JSON.parse(String(data)) as RpcMessage | RpcMessage[];
      for (const message of Array.isArray(value) ? value : [value]) this.#take(message);
    });
    socket.on('error', () => {});
  }

  /** @param http of the server; `query` beside the token. @throws Error with the HTTP status when it is refused. */
  static connect(http: string, token: string, query = ''): Promise<ChatClient> {
    return ChatClient.#open(`${http.replace('http', 'ws')}/v1/im?token=${token}${query}`);
  }

  /** Somebody who is not logged in. */
  static visit(http: string, browser: string): Promise<ChatClient> {
    return ChatClient.#open(`${http.replace('http', 'ws')}/v1/im?visitor=${browser}`);
  }

  static async #open(url: string): Promise<ChatClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, rejectUnauthorized: false });
    const client = new ChatClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** The number of the last event. */
  get seq(): number {
    return Math.max(0, ...this.events.map(({ params }) => params.seq));
  }

  ask(method: string, params: object = {}): Promise<RpcMessage> {
    const id = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<RpcMessage>();
    this.#waiting.set(id, resolve);
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return promise;
  }

  /** The result; fails on an error. */
  // biome-ignore lint/suspicious/noExplicitAny: the test knows what to expect
  async call(method: string, params: object = {}): Promise<any> {
    const { result, error } = await this.ask(method, params);
    assert.equal(error, undefined, `${method}: ${error?.message}`);
    return result;
  }

  /** The name of the error; fails when there is none. */
  async refused(method: string, params: object = {}): Promise<string> {
    const { result, error } = await this.ask(method, params);
    assert.ok(error, `${method} was answered with ${JSON.stringify(result)}`);
    return error.data.name;
  }

  /** The first event that fits, of those that came or will come. */
  async event(
    method: string,
    fits: (params: RpcMessage['params']) => boolean = () => true,
  ): Promise<RpcMessage['params']> {
    for (let seen = 0; ; ) {
      for (; seen < this.events.length; seen++) {
        const event = this.events[seen]!;
        if (event.method === method && fits(event.params)) return event.params;
      }
      const closed = once(this.socket, 'close').then(([code]) => {
        throw new Error(`closed with ${code} while waiting for ${method}`);
      });
      closed.catch(() => {});
      await Promise.race([once(this.socket, 'message'), closed]);
    }
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  #take(message: RpcMessage): void {
    if (message.method !== undefined) return void this.events.push(message);
    this.#waiting.get(message.id ?? -1)?.(message);
    this.#waiting.delete(message.id ?? -1);
  }
}
