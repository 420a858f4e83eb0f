import type { Track } from '../frame.ts';
import { WireError } from '../result.ts';
import { unwrapTimestamp } from './timestamp.ts';

const FILE_HEADER_BYTES = 9;
const PREVIOUS_SIZE_BYTES = 4;
const TAG_HEADER_BYTES = 11;
/** FLV 10.1 E.2: DataOffset is 9 in version 1; more is room for later versions. */
const MAX_FILE_HEADER_BYTES = 1024;

const TRACKS = new Map<number, Track>([
  [8, 'audio'],
  [9, 'video'],
  [18, 'data'],
]);

/** One tag of an FLV stream, before its body is read (see `parseTagBody`). */
export interface FlvTag {
  track: Track;
  /** ms, unwrapped from the 32 bits of the file. */
  dts: number;
  /** May be a part of the bytes pushed. */
  body: Buffer;
}

/**
 * Takes an FLV file or HTTP-FLV stream in pieces of any size and gives its tags. Holds at most one incomplete tag.
 * PreviousTagSize is not checked: many writers get it wrong and nothing is lost by that.
 * @see Adobe FLV 10.1 E.2, E.3, E.4.1.
 */
export class FlvReader {
  readonly #maxTagBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Nothing can be read before so many bytes are there. */
  #needed = FILE_HEADER_BYTES;
  #headerRead = false;
  /** null before the first tag, whose time is taken as it is. */
  #lastDts: number | null = null;
  #error: WireError | null = null;
  /** Bytes of the stream before those buffered, so that errors name the place in the stream. */
  #consumed = 0;

  /** @param options.maxTagBytes a longer tag body is an error; default the most FLV can express. */
  constructor(options: { maxTagBytes?: number } = {}) {
    this.#maxTagBytes = options.maxTagBytes ?? 0xffffff;
  }

  /**
   * @returns the tags completed by these bytes, maybe none; a WireError (offset from the start of the stream) when this
   *   is no FLV: then the reader is done for and answers every push so. Tags complete before the bad bytes in the same
   *   push are lost with it.
   */
  push(bytes: Buffer): FlvTag[] | WireError {
    if (this.#error !== null) return this.#error;
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    if (this.#buffered < this.#needed) return [];
    const buffer = this.#chunks.length === 1 ? bytes : Buffer.concat(this.#chunks, this.#buffered);
    const tags: FlvTag[] = [];
    let offset = 0;
    while (true) {
      const next = this.#headerRead ? this.#readTag(buffer, offset, tags) : this.#readFileHeader(buffer, offset);
      if (next instanceof WireError) {
        this.#chunks = [];
        return (this.#error = next);
      }
      if (next === offset) break;
      offset = next;
    }
    this.#consumed += offset;
    this.#buffered = buffer.length - offset;
    this.#chunks = this.#buffered === 0 ? [] : [buffer.subarray(offset)];
    return tags;
  }

  /** @returns where the header ends, or `offset` when more bytes are needed. */
  #readFileHeader(buffer: Buffer, offset: number): number | WireError {
    if (buffer.length < FILE_HEADER_BYTES) return this.#wait(FILE_HEADER_BYTES, offset);
    if (buffer.toString('latin1', 0, 3) !== 'FLV') {
      return new WireError("'FLV'", `bytes ${buffer.toString('hex', 0, 3)}`, 0);
    }
    if (buffer[3] !== 1) return new WireError('FLV version 1', String(buffer[3]), 3);
    const headerBytes = buffer.readUInt32BE(5);
    if (headerBytes < FILE_HEADER_BYTES || headerBytes > MAX_FILE_HEADER_BYTES) {
      return new WireError(`a header of 9 to ${MAX_FILE_HEADER_BYTES} bytes`, String(headerBytes), 5);
    }
    const end = headerBytes + PREVIOUS_SIZE_BYTES;
    if (buffer.length < end) return this.#wait(end, offset);
    this.#headerRead = true;
    return end;
  }

  #readTag(buffer: Buffer, offset: number, tags: FlvTag[]): number | WireError {
    const available = buffer.length - offset;
    if (available < TAG_HEADER_BYTES) return this.#wait(TAG_HEADER_BYTES, offset);
    const position = this.#consumed + offset;
    const type = buffer.readUInt8(offset);
    const track = TRACKS.get(type);
    if (track === undefined) return new WireError('a tag of type 8, 9 or 18, not encrypted', String(type), position);
    const bodyBytes = buffer.readUIntBE(offset + 1, 3);
    if (bodyBytes > this.#maxTagBytes) {
      return new WireError(`a tag of at most ${this.#maxTagBytes} bytes`, `${bodyBytes} bytes`, position + 1);
    }
    const end = TAG_HEADER_BYTES + bodyBytes + PREVIOUS_SIZE_BYTES;
    if (available < end) return this.#wait(end, offset);
    const timestamp = (buffer.readUIntBE(offset + 4, 3) | (buffer.readUInt8(offset + 7) << 24)) >>> 0;
    const dts = this.#lastDts === null ? timestamp : unwrapTimestamp(timestamp, this.#lastDts);
    this.#lastDts = dts;
    const bodyStart = offset + TAG_HEADER_BYTES;
    tags.push({ track, dts, body: buffer.subarray(bodyStart, bodyStart + bodyBytes) });
    return offset + end;
  }

  #wait(needed: number, offset: number): number {
    this.#needed = needed;
    return offset;
  }
}
