import type { Reply } from './reply.ts';

/** Media files of other workers, which never change; the least recently used go first. */
export class MediaCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Reply>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Reply | null {
    const reply = this.#entries.get(key);
    if (!reply) return null;
    this.#entries.delete(key);
    this.#entries.set(key, reply);
    return reply;
  }

  set(key: string, reply: Reply): void {
    const before = this.#entries.get(key);
    if (before) this.#bytes -= before.content.bytes;
    this.#entries.delete(key);
    this.#entries.set(key, reply);
    this.#bytes += reply.content.bytes;
    for (const [oldest, { content }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= content.bytes;
    }
  }
}
