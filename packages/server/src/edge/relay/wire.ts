import type { EndReason, ErrorBody, StreamHolder } from '@lianmai/contract';
import { type Frame, WireError } from '@lianmai/media';

/** What two workers say to each other about one stream: messages of a length, a kind and a body. */
export type RelayMessage =
  /** The asking worker's only message. */
  | { kind: 'open'; stream: string }
  /** The answer: whose stream it is. Configurations and the GOP follow. */
  | { kind: 'hello'; holder: StreamHolder; state: 'live' | 'interrupted' }
  | { kind: 'frame'; frame: Frame }
  /** What a newcomer needs has been sent; from here on it is live. */
  | { kind: 'caughtUp' }
  | { kind: 'interrupted' }
  | { kind: 'resumed' }
  | { kind: 'ended'; reason: EndReason }
  /** Instead of `hello`: why there is no stream. */
  | { kind: 'refused'; error: ErrorBody['error'] };

const KINDS = ['open', 'hello', 'frame', 'caughtUp', 'interrupted', 'resumed', 'ended', 'refused'] as const;
const TRACKS = ['video', 'audio', 'data'] as const;
const TYPES = ['config', 'key', 'inter'] as const;
const CODECS = ['h264', 'h265', 'av1', 'vp8', 'vp9', 'aac', 'mp3', 'opus', 'amf0'] as const;

const FRAME = KINDS.indexOf('frame');
const LENGTH_BYTES = 4;
/** Length, kind, track, type, codec, dts, cts. */
const FRAME_HEADER_BYTES = LENGTH_BYTES + 4 + 8 + 8;
/** A frame of the longest RTMP message and room to spare. */
const LONGEST_BODY = 32 << 20;

/** One message; a frame in two parts, so that its data is not copied. */
export function writeRelayMessage(message: RelayMessage): Buffer[] {
  if (message.kind === 'frame') return [frameHeader(message.frame), message.frame.data];
  const { kind, ...body } = message;
  const json = Buffer.from(JSON.stringify(body));
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + 1 + json.length);
  bytes.writeUInt32BE(1 + json.length, 0);
  bytes[LENGTH_BYTES] = KINDS.indexOf(kind);
  json.copy(bytes, LENGTH_BYTES + 1);
  return [bytes];
}

function frameHeader(frame: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  bytes.writeUInt32BE(FRAME_HEADER_BYTES - LENGTH_BYTES + frame.data.length, 0);
  bytes[4] = FRAME;
  bytes[5] = TRACKS.indexOf(frame.track);
  bytes[6] = TYPES.indexOf(frame.type);
  bytes[7] = CODECS.indexOf(frame.codec);
  bytes.writeDoubleBE(frame.dts, 8);
  bytes.writeDoubleBE(frame.cts, 16);
  return bytes;
}

/** Cuts a byte stream into messages. */
export class RelayReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted = LENGTH_BYTES;

  /**
   * @returns the messages that are complete now, a frame's data a part of the chunk when it came in one; or what is wrong:
   *   nothing may be pushed after that.
   */
  push(chunk: Buffer): RelayMessage[] | WireError {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const messages: RelayMessage[] = [];
    if (this.#bytes < this.#wanted) return messages;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    this.#wanted = LENGTH_BYTES;
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(0);
      if (length < 1 || length > LONGEST_BODY) return new WireError('a relay message', `${length} bytes`);
      this.#wanted = LENGTH_BYTES + length;
      if (bytes.length < this.#wanted) break;
      const message = readMessage(bytes.subarray(LENGTH_BYTES, this.#wanted));
      if (message instanceof WireError) return message;
      messages.push(message);
      bytes = bytes.subarray(this.#wanted);
      this.#wanted = LENGTH_BYTES;
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#bytes = bytes.length;
    return messages;
  }
}

function readMessage(body: Buffer): RelayMessage | WireError {
  const kind = KINDS[body.readUInt8(0)];
  if (kind === undefined) return new WireError('a kind of relay message', String(body[0]));
  if (kind === 'frame') return readFrame(body);
  try {
    return { kind, ...(JSON.parse(body.toString('utf8', 1)) as object) } as RelayMessage;
  } catch {
    return new WireError(`the JSON of "${kind}"`, body.toString('utf8', 1, 40), 1);
  }
}

function readFrame(body: Buffer): RelayMessage | WireError {
  const headerBytes = FRAME_HEADER_BYTES - LENGTH_BYTES;
  if (body.length < headerBytes) return new WireError('a frame header', `${body.length} bytes`);
  const track = TRACKS[body.readUInt8(1)];
  const type = TYPES[body.readUInt8(2)];
  const codec = CODECS[body.readUInt8(3)];
  if (!track || !type || !codec) return new WireError('track, type and codec', body.toString('hex', 1, 4), 1);
  const dts = body.readDoubleBE(4);
  const cts = body.readDoubleBE(12);
  // Written by the same program: a video track has a video codec.
  return { kind: 'frame', frame: { track, type, codec, dts, cts, data: body.subarray(headerBytes) } as Frame };
}
