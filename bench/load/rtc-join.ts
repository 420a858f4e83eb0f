import type { RtcTarget } from './rtc-load.ts';
import type { RtcReceiver } from './rtc-receiver.ts';

/** Makes a receiver a viewer of the stream. @returns what says goodbye. @throws Error when the server refuses. */
export type Join = (receiver: RtcReceiver) => Promise<Leave>;
export type Leave = () => Promise<void>;

export async function joining(target: RtcTarget): Promise<Join> {
  if (target.kind === 'whep') return (receiver) => joinByWhep(target.url, receiver);
  const client = await JanusClient.open(target.url, target.mountpoint);
  return async (receiver) => {
    await client.join(receiver);
    return async () => {}; // Janus is not measured at it
  };
}

async function joinByWhep(url: string, receiver: RtcReceiver): Promise<Leave> {
  const offer = await receiver.offer();
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`WHEP: ${response.status} ${body}`);
  receiver.accept(body);
  const session = new URL(response.headers.get('location') ?? url, url);
  // The native library closes without a word of DTLS, unlike browsers.
  return async () => void (await (await fetch(session, { method: 'DELETE' })).text());
}

interface JanusMessage {
  janus: string;
  /** The handle of an event. */
  sender?: number;
  data?: { id: number };
  jsep?: { type: string; sdp: string };
  error?: { reason: string };
  plugindata?: { data?: { error?: string } };
}

/** The HTTP API of Janus: one session for all viewers, each a handle of it; events come by long polls. */
class JanusClient {
  readonly #session: string;
  readonly #mountpoint: number;
  readonly #offers = new Map<number, { resolve(sdp: string): void; reject(error: Error): void }>();

  private constructor(session: string, mountpoint: number) {
    this.#session = session;
    this.#mountpoint = mountpoint;
  }

  static async open(url: string, mountpoint: number): Promise<JanusClient> {
    const { data } = await post(url, { janus: 'create' });
    const client = new JanusClient(`${url}/${data!.id}`, mountpoint);
    void client.#poll();
    return client;
  }

  async join(receiver: RtcReceiver): Promise<void> {
    const { data } = await post(this.#session, { janus: 'attach', plugin: 'janus.plugin.streaming' });
    const handle = data!.id;
    const offered = new Promise<string>((resolve, reject) => this.#offers.set(handle, { resolve, reject }));
    await this.#message(handle, { request: 'watch', id: this.#mountpoint });
    const answer = await receiver.answer(await offered);
    await this.#message(handle, { request: 'start' }, { type: 'answer', sdp: answer });
  }

  async #message(handle: number, body: object, jsep?: object): Promise<void> {
    await post(`${this.#session}/${handle}`, { janus: 'message', body, ...(jsep ? { jsep } : {}) });
  }

  async #poll(): Promise<never> {
    for (;;) {
      const response = await fetch(`${this.#session}?maxev=10`);
      const events = (await response.json()) as JanusMessage[] | JanusMessage;
      for (const event of [events].flat()) this.#event(event);
    }
  }

  #event({ sender, jsep, plugindata }: JanusMessage): void {
    const waiting = this.#offers.get(sender ?? 0);
    const error = plugindata?.data?.error;
    if (!waiting || (!error && jsep?.type !== 'offer')) return;
    this.#offers.delete(sender ?? 0);
    if (error) waiting.reject(new Error(`Janus: ${error}`));
    else waiting.resolve(jsep!.sdp);
  }
}

async function post(url: string, message: object): Promise<JanusMessage> {
  const body = JSON.stringify({ ...message, transaction: crypto.randomUUID() });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answer = (await response.json()) as JanusMessage;
  if (answer.janus === 'error') throw new Error(`Janus: ${answer.error?.reason}`);
  return answer;
}
