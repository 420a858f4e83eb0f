import { WireError } from '@lianmai/media';

/** RFC 6455 5.2: opcodes. */
export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
/** RFC 6455 7.4.1: why a connection is closed. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  invalidText: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  tryAgainLater: 1013,
} as const;
const FINAL = 0x80;
const MASKED = 0x80;
const LONGEST_CONTROL = 125;
const MASK_BYTES = 4;

/** What a viewer may send that is not a control frame; players send nothing. */
const LONGEST_DATA = 64 << 10;

/** The header of an unmasked, final binary frame with a payload of `bytes` (RFC 6455 5.2). */
export function binaryFrameHeader(bytes: number): Buffer {
  const header = Buffer.alloc(headerLength(bytes));
  writeHeader(header, OPCODE.binary, bytes);
  return header;
}

/** An unmasked, final text frame, in a buffer of its own: the same one may be written to any number of sockets. */
export function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafeSlow(headerLength(bytes) + bytes);
  const begin = writeHeader(frame, OPCODE.text, bytes);
  frame.write(text, begin);
  return frame;
}

const headerLength = (bytes: number): number => (bytes <= LONGEST_CONTROL ? 2 : bytes <= 0xffff ? 4 : 10);

/** @returns where the payload begins. */
function writeHeader(frame: Buffer, opcode: number, bytes: number): number {
  frame[0] = FINAL | opcode;
  if (bytes <= LONGEST_CONTROL) {
    frame[1] = bytes;
    return 2;
  }
  if (bytes <= 0xffff) {
    frame[1] = 126;
    return frame.writeUInt16BE(bytes, 2);
  }
  frame[1] = 127;
  return frame.writeBigUInt64BE(BigInt(bytes), 2);
}

/** An unmasked control frame; the payload is cut to what one may carry (RFC 6455 5.5). */
export function controlFrame(opcode: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const short = payload.subarray(0, LONGEST_CONTROL);
  return Buffer.concat([Buffer.of(FINAL | opcode, short.length), short]);
}

/** A close frame with its status code and, in at most 123 bytes, the reason (RFC 6455 7.4). */
export function closeFrame(status: number, reason = ''): Buffer {
  return controlFrame(OPCODE.close, Buffer.concat([Buffer.of(status >> 8, status & 0xff), Buffer.from(reason)]));
}

export interface ControlFrame {
  opcode: number;
  payload: Buffer;
}

/**
 * Reads what a client sends to a server that has no use for its data: control frames come out unmasked, the payload of
 * other frames is passed over without being kept.
 */
export class ClientFrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #passOver = 0;

  /** @returns the control frames that are complete now, or what is wrong; nothing may be pushed after that. */
  push(chunk: Buffer): ControlFrame[] | WireError {
    const frames: ControlFrame[] = [];
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      const passed = Math.min(this.#passOver, bytes.length);
      this.#passOver -= passed;
      bytes = bytes.subarray(passed);
      const frame = readFrame(bytes);
      if (frame instanceof WireError) return frame;
      if (frame === null) break;
      if ('passOver' in frame) this.#passOver = frame.passOver;
      else frames.push({ opcode: frame.opcode, payload: frame.payload });
      bytes = bytes.subarray(frame.bytes);
    }
    // A copy, so that a few waiting bytes do not hold the whole chunk.
    this.#rest = Buffer.from(bytes);
    return frames;
  }
}

type ReadFrame = (ControlFrame & { bytes: number }) | { passOver: number; bytes: number };

/** One control frame, or the header of another frame; null while it is not complete. */
function readFrame(bytes: Buffer): ReadFrame | WireError | null {
  const head = readHead(bytes, 0);
  if (head === null || head instanceof WireError) return head;
  if (head.opcode >= OPCODE.close) {
    const payload = readPayload(bytes, 0, head);
    return payload && { opcode: head.opcode, payload, bytes: head.headBytes + head.length };
  }
  if (head.length > LONGEST_DATA)
    return new WireError(`at most ${LONGEST_DATA} bytes in a frame`, String(head.length), 2);
  const unmaskedHead = head.headBytes - MASK_BYTES;
  return { passOver: MASK_BYTES + head.length, bytes: unmaskedHead };
}

/** The head of a client's frame (RFC 6455 5.2). */
export interface FrameHead {
  isFinal: boolean;
  opcode: number;
  /** Of the payload; may be as long as its sender says. */
  length: number;
  /** With the mask. */
  headBytes: number;
}

/** @returns null while it is not complete up to the length; the mask may still be missing. */
export function readHead(bytes: Buffer, at: number): FrameHead | WireError | null {
  if (bytes.length < at + 2) return null;
  const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)];
  if (first & 0x70) return new WireError('no reserved bits, since no extension was agreed', hex(first), at);
  if (!(second & MASKED)) return new WireError('a masked frame (RFC 6455 5.1)', hex(second), at + 1);
  const opcode = first & 0x0f;
  const isFinal = (first & FINAL) !== 0;
  const short = second & 0x7f;
  if (opcode >= OPCODE.close && (!isFinal || short > LONGEST_CONTROL))
    return new WireError('a control frame in one piece of at most 125 bytes', hex(second), at + 1);
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < at + 2 + lengthBytes) return null;
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  return { isFinal, opcode, length, headBytes: 2 + lengthBytes + MASK_BYTES };
}

/** The unmasked payload of the frame at `at`, in memory of its own; null while it is not complete. */
export function readPayload(bytes: Buffer, at: number, { length, headBytes }: FrameHead): Buffer | null {
  const begin = at + headBytes;
  if (bytes.length < begin + length) return null;
  const payload = Buffer.from(bytes.subarray(begin, begin + length));
  for (let i = 0; i < length; i++) payload[i]! ^= bytes[begin - MASK_BYTES + (i & 3)]!;
  return payload;
}

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`;
