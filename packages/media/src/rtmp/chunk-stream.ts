const EMPTY: Buffer = Buffer.alloc(0);
const FIRST_CAPACITY = 4096;

/** What is remembered of one chunk stream: the last header, and the message that is coming in. */
export class ChunkStream {
  readonly id: number;
  timestamp = 0;
  /** Added to {@link timestamp} by a type-3 chunk that begins a message. */
  delta = 0;
  /** The extended timestamp field of the last header that had one; -1 when the last header had none. */
  extended = -1;
  length = 0;
  type = 0;
  streamId = 0;
  /** A message has begun and is not complete. */
  open = false;
  received = 0;
  #body: Buffer = EMPTY;

  constructor(id: number) {
    this.id = id;
  }

  /** Bytes held for the message that is coming in. */
  get capacity(): number {
    return this.#body.length;
  }

  /**
   * Takes bytes of the body. Memory follows what has come, not what was announced: at most four times the bytes at hand
   * or twice `proven` (the longest message that this peer ever completed), so a usual message is still copied once only.
   */
  append(source: Buffer, at: number, count: number, proven: number): void {
    const needed = this.received + count;
    if (needed > this.#body.length) {
      const capacity = Math.min(this.length, Math.max(FIRST_CAPACITY, needed * 4, proven * 2));
      const grown = Buffer.allocUnsafe(capacity);
      this.#body.copy(grown, 0, 0, this.received);
      this.#body = grown;
    }
    source.copy(this.#body, this.received, at, at + count);
    this.received = needed;
  }

  /** Hands the complete body over and makes ready for the next message. */
  takeBody(): Buffer {
    const body = this.#body;
    this.discard();
    return body;
  }

  discard(): void {
    this.#body = EMPTY;
    this.received = 0;
    this.open = false;
  }
}
