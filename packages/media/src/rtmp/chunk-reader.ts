import { WireError } from '../result.ts';
import { ChunkStream } from './chunk-stream.ts';
import { DEFAULT_CHUNK_SIZE, MAX_CHUNK_SIZE, MESSAGE, type RtmpMessage } from './message.ts';

export interface ChunkReaderOptions {
  /** A longer message is an error as soon as it is announced. */
  maxMessageBytes: number;
  /** Default 64. */
  maxChunkStreams?: number;
  /** Memory for messages that are not complete yet, over all chunk streams. Default: twice maxMessageBytes. */
  maxPartialBytes?: number;
}

const EMPTY: Buffer = Buffer.alloc(0);
/** Three bytes of basic header, eleven of message header, four of extended timestamp. */
const LONGEST_HEADER = 18;
/** Message header bytes by chunk type (RTMP 1.0, 5.3.1.2). */
const HEADER_BYTES = [11, 7, 3, 0] as const;
const EXTENDED = 0xffffff;
/**
 * By 5.3.1.2.4 a type-3 chunk right after a type-0 chunk repeats that chunk's timestamp as its delta, which some peers do
 * at the start of a stream. Others mean "the same time again". Past this many ms only the latter makes sense.
 */
const MAX_IMPLIED_DELTA = 1000;
/** A body that is at least this part of the memory it lies in is not copied out of it. */
const SLICE_SHARE = 8;

/**
 * Puts messages together from the chunks of one connection. Give it bytes with {@link push}, then take messages with
 * {@link next} until it answers null. Set Chunk Size and Abort are obeyed here and not handed out.
 * @see RTMP 1.0, section 5.3.
 */
export class ChunkReader {
  readonly #maxChunkStreams: number;
  readonly #maxPartialBytes: number | null;
  readonly #streams = new Map<number, ChunkStream>();
  #maxMessageBytes: number;
  #chunkSize = DEFAULT_CHUNK_SIZE;
  #bytes: Buffer = EMPTY;
  #at = 0;
  /** Bytes of the connection before {@link #bytes}. */
  #base = 0;
  /** A chunk header that began in earlier bytes; made when the first one does. */
  #header: Buffer = EMPTY;
  #headerLength = 0;
  /** The chunk stream whose chunk is being read, and what is missing of the chunk. */
  #current: ChunkStream | null = null;
  #chunkLeft = 0;
  #partialBytes = 0;
  #longestMessage = 0;
  #error: WireError | null = null;

  constructor(options: ChunkReaderOptions) {
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#maxChunkStreams = options.maxChunkStreams ?? 64;
    this.#maxPartialBytes = options.maxPartialBytes ?? null;
  }

  /** Changes the limit for messages that begin from now on. */
  set maxMessageBytes(bytes: number) {
    this.#maxMessageBytes = bytes;
  }

  /** Memory held for messages that are not complete. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** The next bytes of the connection; they must stay as they are, messages may be parts of them. */
  push(bytes: Buffer): void {
    this.#base += this.#at;
    this.#bytes = this.#at < this.#bytes.length ? Buffer.concat([this.#bytes.subarray(this.#at), bytes]) : bytes;
    this.#at = 0;
  }

  /**
   * The next complete message; null when more bytes are needed; a WireError (from then on always) when the connection
   * cannot be read any further. Its offset counts from the first byte after the handshake.
   */
  next(): RtmpMessage | WireError | null {
    while (this.#error === null) {
      this.#current ??= this.#readHeader();
      if (this.#current === null) break;
      const message = this.#readPayload(this.#current);
      if (message === null) {
        if (this.#current === null) continue;
        break;
      }
      if (message.type === MESSAGE.setChunkSize) this.#setChunkSize(message.body);
      else if (message.type === MESSAGE.abort) this.#abort(message.body);
      else return message;
    }
    if (this.#error === null && this.#at === this.#bytes.length) this.push(EMPTY);
    return this.#error;
  }

  #fail(expected: string, got: string): null {
    this.#error = new WireError(expected, got, this.#base + this.#at);
    return null;
  }

  /** The stream of the chunk whose header was read; null when the header is not complete or not acceptable. */
  #readHeader(): ChunkStream | null {
    if (this.#at === this.#bytes.length) return null;
    if (this.#headerLength === 0) {
      const consumed = this.#parseHeader(this.#bytes, this.#at, this.#bytes.length);
      if (consumed > 0) {
        this.#at += consumed;
        return this.#current;
      }
      if (this.#error !== null) return null;
    }
    if (this.#header.length === 0) this.#header = Buffer.allocUnsafeSlow(LONGEST_HEADER);
    const before = this.#headerLength;
    const added = this.#bytes.copy(this.#header, before, this.#at);
    const consumed = this.#parseHeader(this.#header, 0, before + added);
    if (consumed === 0) {
      this.#headerLength = before + added;
      this.#at += added;
      return null;
    }
    this.#headerLength = 0;
    if (consumed >= before) this.#at += consumed - before;
    else this.#giveBack(this.#header.subarray(consumed, before));
    return this.#current;
  }

  /** What looked like a repeated timestamp at the end of earlier bytes was payload. */
  #giveBack(payload: Buffer): void {
    this.#base += this.#at - payload.length;
    this.#bytes = Buffer.concat([payload, this.#bytes.subarray(this.#at)]);
    this.#at = 0;
  }

  /** Reads one chunk header; returns its length, or 0 when it is not complete (nothing changed then) or an error. */
  #parseHeader(bytes: Buffer, at: number, end: number): number {
    if (at >= end) return 0;
    const first = bytes[at]!;
    const fmt = first >> 6;
    let id = first & 0x3f;
    let offset = at + 1;
    if (id < 2) {
      const more = id + 1;
      if (offset + more > end) return 0;
      id = 64 + bytes[offset]! + (more === 2 ? bytes[offset + 1]! * 256 : 0);
      offset += more;
    }
    const fields = offset;
    offset += HEADER_BYTES[fmt as 0 | 1 | 2 | 3];
    if (offset > end) return 0;
    const stream = this.#streams.get(id);
    if (!this.#fits(fmt, id, stream)) return 0;

    let time = fmt === 3 ? 0 : bytes.readUIntBE(fields, 3);
    if (fmt === 3) {
      const repeated = stream!.extended < 0 ? 0 : repeatedTimestampBytes(stream!, bytes, offset, end);
      if (repeated < 0) return 0;
      offset += repeated;
    } else if (time === EXTENDED) {
      if (offset + 4 > end) return 0;
      time = bytes.readUInt32BE(offset);
      offset += 4;
    }
    this.#current = this.#beginChunk(stream ?? new ChunkStream(id), fmt, time, bytes, fields);
    return this.#error === null ? offset - at : 0;
  }

  /** Whether a chunk of this type may come now on this chunk stream. */
  #fits(fmt: number, id: number, stream: ChunkStream | undefined): boolean {
    if (stream === undefined) {
      // Some old libraries open the control stream with type 1; nothing earlier is needed but the time.
      if (fmt > 1) this.#fail(`a type-0 chunk to open chunk stream ${id}`, `type ${fmt}`);
      else if (this.#streams.size >= this.#maxChunkStreams) {
        this.#fail(`at most ${this.#maxChunkStreams} chunk streams`, `another one, ${id}`);
      }
    } else if (stream.open && fmt !== 3) {
      this.#fail(`a type-3 chunk to go on with the message on chunk stream ${id}`, `type ${fmt}`);
    }
    return this.#error === null;
  }

  #beginChunk(stream: ChunkStream, fmt: number, time: number, bytes: Buffer, fields: number): ChunkStream | null {
    if (!stream.open) {
      if (fmt < 3) stream.extended = bytes.readUIntBE(fields, 3) === EXTENDED ? time : -1;
      if (fmt < 2) {
        stream.length = bytes.readUIntBE(fields + 3, 3);
        stream.type = bytes[fields + 6]!;
      }
      if (fmt === 0) {
        stream.streamId = bytes.readUInt32LE(fields + 7);
        stream.timestamp = time;
        stream.delta = time <= MAX_IMPLIED_DELTA ? time : 0;
      } else {
        if (fmt < 3) stream.delta = time;
        stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
      }
      if (stream.length > this.#maxMessageBytes) {
        return this.#fail(`a message of at most ${this.#maxMessageBytes} bytes`, `one of ${stream.length}`);
      }
      stream.open = true;
      this.#streams.set(stream.id, stream);
    }
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.received);
    return stream;
  }

  /** Takes what is there of the current chunk; the message when that completes it. */
  #readPayload(stream: ChunkStream): RtmpMessage | null {
    const available = this.#bytes.length - this.#at;
    if (stream.received === 0 && this.#chunkLeft === stream.length && available >= stream.length) {
      const body = this.#wholeBody(stream.length);
      stream.discard();
      return this.#complete(stream, body);
    }
    const count = Math.min(available, this.#chunkLeft);
    if (count === 0) return null;
    const before = stream.capacity;
    stream.append(this.#bytes, this.#at, count, this.#longestMessage);
    this.#partialBytes += stream.capacity - before;
    this.#at += count;
    this.#chunkLeft -= count;
    const allowed = this.#maxPartialBytes ?? 2 * this.#maxMessageBytes;
    if (this.#partialBytes > allowed) {
      return this.#fail(`at most ${allowed} bytes of incomplete messages`, String(this.#partialBytes));
    }
    if (stream.received === stream.length) {
      this.#partialBytes -= stream.capacity;
      return this.#complete(stream, stream.takeBody());
    }
    if (this.#chunkLeft === 0) this.#current = null;
    return null;
  }

  #complete(stream: ChunkStream, body: Buffer): RtmpMessage {
    this.#current = null;
    if (body.length > this.#longestMessage) this.#longestMessage = body.length;
    return { type: stream.type, streamId: stream.streamId, timestamp: stream.timestamp, body };
  }

  /** A message that lies whole in the bytes at hand: a part of them, unless it would keep much more memory than its own alive. */
  #wholeBody(length: number): Buffer {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return length * SLICE_SHARE >= this.#bytes.buffer.byteLength ? part : Buffer.from(part);
  }

  /** RTMP 1.0, 5.4.1. */
  #setChunkSize(body: Buffer): void {
    const size = body.length < 4 ? 0 : body.readInt32BE(0);
    if (size < 1) this.#fail('a chunk size of 1 to 2147483647', body.subarray(0, 4).toString('hex') || 'nothing');
    else this.#chunkSize = Math.min(size, MAX_CHUNK_SIZE);
  }

  /** RTMP 1.0, 5.4.2. */
  #abort(body: Buffer): void {
    const stream = body.length < 4 ? undefined : this.#streams.get(body.readUInt32BE(0));
    if (stream === undefined) return;
    this.#partialBytes -= stream.capacity;
    stream.discard();
  }
}

/**
 * Type-3 chunks repeat the extended timestamp (5.3.1.3), but not every peer does, and some repeat the absolute time where
 * the header had a difference. So it is taken as repeated when the bytes are those.
 * @returns 4 when they are, 0 when they are not, -1 when too few bytes are there to tell.
 */
function repeatedTimestampBytes(stream: ChunkStream, bytes: Buffer, offset: number, end: number): number {
  const count = Math.min(4, end - offset);
  let maybeField = true;
  let maybeTime = true;
  for (let i = 0; i < count; i += 1) {
    const byte = bytes[offset + i]!;
    const shift = 24 - 8 * i;
    maybeField &&= byte === ((stream.extended >>> shift) & 0xff);
    maybeTime &&= byte === ((stream.timestamp >>> shift) & 0xff);
  }
  if (!maybeField && !maybeTime) return 0;
  return count === 4 ? 4 : -1;
}
