import { MESSAGE, type RtmpMessage, setChunkSize } from '../index.ts';

/** What a peer does with the extended timestamp on type-3 chunks. */
export type RepeatHabit = 'field' | 'absolute time' | 'omit';

interface Sent {
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  streamId: number;
  extended: number | null;
}

interface Outgoing {
  message: RtmpMessage;
  taken: number;
}

const EXTENDED = 0xffffff;

/**
 * Writes messages the way all kinds of peers do: any chunk stream ids, the shortest or any other legal header, chunks of
 * several messages mixed. Choices come from `choose`, so that a property test drives them.
 */
export class Chunker {
  readonly #choose: (count: number) => number;
  readonly #habit: RepeatHabit;
  readonly #sent = new Map<number, Sent>();
  readonly #queues = new Map<number, Outgoing[]>();
  readonly #bytes: Buffer[] = [];
  #chunkSize = 128;
  /** In the order in which their last chunks were written. */
  readonly complete: RtmpMessage[] = [];

  constructor(choose: (count: number) => number, habit: RepeatHabit) {
    this.#choose = choose;
    this.#habit = habit;
  }

  add(chunkStreamId: number, message: RtmpMessage): void {
    const queue = this.#queues.get(chunkStreamId) ?? [];
    queue.push({ message, taken: 0 });
    this.#queues.set(chunkStreamId, queue);
  }

  /** Writes everything added, changing the chunk size now and then. */
  write(chunkSizes: readonly number[]): Buffer {
    for (const size of chunkSizes) {
      for (let i = this.#choose(6); i > 0; i -= 1) this.#writeSomeChunk();
      const change = { message: setChunkSize(size), taken: 0 };
      while (change.taken < change.message.body.length) this.#chunk(2, change);
      this.#chunkSize = size;
    }
    while (this.#writeSomeChunk());
    return Buffer.concat(this.#bytes);
  }

  #writeSomeChunk(): boolean {
    const ids = [...this.#queues.keys()];
    if (ids.length === 0) return false;
    const id = ids[this.#choose(ids.length)]!;
    const queue = this.#queues.get(id)!;
    const outgoing = queue[0]!;
    this.#chunk(id, outgoing);
    if (outgoing.taken === outgoing.message.body.length) {
      this.complete.push(outgoing.message);
      queue.shift();
      if (queue.length === 0) this.#queues.delete(id);
    }
    return true;
  }

  #chunk(id: number, outgoing: Outgoing): void {
    const { message } = outgoing;
    if (outgoing.taken === 0) this.#begin(id, message);
    else {
      this.#bytes.push(basicHeader(3, id));
      this.#repeat(this.#sent.get(id)!);
    }
    const end = Math.min(outgoing.taken + this.#chunkSize, message.body.length);
    this.#bytes.push(message.body.subarray(outgoing.taken, end));
    outgoing.taken = end;
  }

  #begin(id: number, message: RtmpMessage): void {
    const last = this.#sent.get(id);
    const fmt = this.#choose(1 + lowestHeader(last, message));
    const delta = last === undefined ? 0 : (message.timestamp - last.timestamp) >>> 0;
    const time = fmt === 0 ? message.timestamp : delta;
    const sent = {
      timestamp: message.timestamp,
      delta: fmt === 0 && time > 1000 ? 0 : time,
      length: message.body.length,
      type: message.type,
      streamId: message.streamId,
      extended: fmt === 3 ? last!.extended : time >= EXTENDED ? time : null,
    };
    this.#sent.set(id, sent);
    this.#bytes.push(basicHeader(fmt, id), messageHeader(fmt, time, message));
    if (fmt === 3) this.#repeat(sent);
    else if (sent.extended !== null) this.#bytes.push(number32(time));
  }

  #repeat(sent: Sent): void {
    if (sent.extended === null || this.#habit === 'omit') return;
    this.#bytes.push(number32(this.#habit === 'field' ? sent.extended : sent.timestamp));
  }
}

/** The greatest chunk type that can say what the message is. */
function lowestHeader(last: Sent | undefined, message: RtmpMessage): number {
  if (last === undefined || last.streamId !== message.streamId) return 0;
  if (last.type !== message.type || last.length !== message.body.length) return 1;
  return (message.timestamp - last.timestamp) >>> 0 === last.delta ? 3 : 2;
}

function basicHeader(fmt: number, id: number): Buffer {
  if (id < 64) return Buffer.of((fmt << 6) | id);
  if (id < 320 && id % 2 === 0) return Buffer.of(fmt << 6, id - 64);
  return Buffer.of((fmt << 6) | 1, (id - 64) & 0xff, (id - 64) >> 8);
}

function messageHeader(fmt: number, time: number, message: RtmpMessage): Buffer {
  const header = Buffer.alloc(11);
  header.writeUIntBE(Math.min(time, EXTENDED), 0, 3);
  header.writeUIntBE(message.body.length, 3, 3);
  header[6] = message.type;
  header.writeUInt32LE(message.streamId, 7);
  return header.subarray(0, [11, 7, 3, 0][fmt]);
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Message types that the reader hands out. */
export const CARRIED_TYPES = Object.values(MESSAGE).filter((type) => type > MESSAGE.abort);
