/** A call's answer; `body` is the parsed JSON, or null. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface ErrorAnswer {
  error: { code: number; name: string; message: string; requestId: string; field?: string };
}

/** What tests use of a channel. */
export interface Channel {
  id: string;
  name: string;
  stream: string;
  state: 'idle' | 'live' | 'interrupted';
  push: { rtmp: string; server: string; streamKey: string; expiresAt: string | null };
  play: { rtmp: string; flv: string; wsFlv: string; hls: string; watch: string };
  video?: { codec: string; width: number; height: number; fps: number; bitrateKbps: number; gopMs: number } | null;
  audio?: { codec: string; sampleRate: number; channels: number } | null;
  viewers?: number;
  viewersByProtocol?: Record<string, number>;
}

/** The REST API as one operator sees it. */
export class Rest {
  readonly #base: string;
  readonly #key: string;

  constructor(base: string, key: string) {
    this.#base = base;
    this.#key = key;
  }

  async call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  /** @throws Error when the answer is not of the 200s. */
  async ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  createChannel(stream: string, more: Record<string, unknown> = {}): Promise<Channel> {
    return this.ok('POST', '/v1/channels', { name: stream, stream, ...more });
  }

  channel(id: string): Promise<Channel> {
    return this.ok('GET', `/v1/channels/${id}`);
  }
}
