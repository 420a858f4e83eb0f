import { WireError } from '@lianmai/media';

/** RFC 6455 5.2: opcodes. */
export const OPCODE = { close: 0x8, ping: 0x9, pong: 0xa } as const;
const BINARY = 0x2;
const FINAL = 0x80;
const MASKED = 0x80;
const LONGEST_CONTROL = 125;

/** What a viewer may send that is not a control frame; players send nothing. */
const LONGEST_DATA = 64 << 10;

/** The header of an unmasked, final binary frame with a payload of `bytes` (RFC 6455 5.2). */
export function binaryFrameHeader(bytes: number): Buffer {
  if (bytes <= LONGEST_CONTROL) return Buffer.of(FINAL | BINARY, bytes);
  if (bytes <= 0xffff) return Buffer.of(FINAL | BINARY, 126, bytes >> 8, bytes & 0xff);
  const header = Buffer.alloc(10);
  header[0] = FINAL | BINARY;
  header[1] = 127;
  header.writeUIntBE(bytes, 4, 6);
  return header;
}

/** An unmasked control frame; the payload is cut to what one may carry (RFC 6455 5.5). */
export function controlFrame(opcode: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const short = payload.subarray(0, LONGEST_CONTROL);
  return Buffer.concat([Buffer.of(FINAL | opcode, short.length), short]);
}

/** A close frame with its status code (RFC 6455 7.4). */
export function closeFrame(status: number): Buffer {
  return controlFrame(OPCODE.close, Buffer.of(status >> 8, status & 0xff));
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
  if (bytes.length < 2) return null;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  if (first & 0x70) return new WireError('no reserved bits, since no extension was agreed', hex(first));
  if (!(second & MASKED)) return new WireError('a masked frame (RFC 6455 5.1)', hex(second), 1);
  const opcode = first & 0x0f;
  const short = second & 0x7f;
  if (opcode >= OPCODE.close) {
    if (!(first & FINAL) || short > LONGEST_CONTROL)
      return new WireError('a control frame in one piece of at most 125 bytes', hex(second), 1);
    return readControl(bytes, opcode, short);
  }
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + lengthBytes) return null;
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > LONGEST_DATA) return new WireError(`at most ${LONGEST_DATA} bytes in a frame`, String(length), 2);
  return { passOver: 4 + length, bytes: 2 + lengthBytes };
}

function readControl(bytes: Buffer, opcode: number, length: number): ReadFrame | null {
  if (bytes.length < 6 + length) return null;
  const mask = bytes.subarray(2, 6);
  const payload = Buffer.from(bytes.subarray(6, 6 + length));
  for (let i = 0; i < length; i++) payload[i]! ^= mask[i & 3]!;
  return { opcode, payload, bytes: 6 + length };
}

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`;
