/** RTP header extensions of RFC 8285: several small elements with ids that the session description gives meaning. */
import { WireError } from '../result.ts';

/** The extension block of an RTP header (RFC 3550 5.3.1). */
export interface HeaderExtension {
  /** 0xbede: one-byte elements; 0x1000 to 0x100f: two-byte elements; others are of other specifications. */
  profile: number;
  /** A multiple of 4 bytes. */
  data: Buffer;
}

const ONE_BYTE = 0xbede;
const TWO_BYTE = 0x1000;
const ONE_BYTE_RESERVED = 15;

/** Elements by id, parts of the block; none for profiles that are not of RFC 8285. */
export function readHeaderExtension({ profile, data }: HeaderExtension): Map<number, Buffer> | WireError {
  const elements = new Map<number, Buffer>();
  const isOneByte = profile === ONE_BYTE;
  if (!isOneByte && (profile & 0xfff0) !== TWO_BYTE) return elements;
  let offset = 0;
  while (offset < data.length) {
    const first = data.readUInt8(offset);
    if (first === 0) {
      offset += 1; // padding (RFC 8285 4.2, 4.3)
      continue;
    }
    const id = isOneByte ? first >> 4 : first;
    if (isOneByte && id === ONE_BYTE_RESERVED) break; // RFC 8285 4.2: nothing after it counts
    if (!isOneByte && offset + 1 >= data.length) return new WireError('an element length', 'end of block', offset);
    const size = isOneByte ? (first & 15) + 1 : data.readUInt8(offset + 1);
    const start = offset + (isOneByte ? 1 : 2);
    if (start + size > data.length) return new WireError(`an element of ${size} bytes`, 'end of block', offset);
    elements.set(id, data.subarray(start, start + size));
    offset = start + size;
  }
  return elements;
}

/** Elements as a block: one-byte form when all ids are 1 to 14 and all sizes 1 to 16, else two-byte form (sizes up to 255). */
export function writeHeaderExtension(elements: ReadonlyMap<number, Buffer>): HeaderExtension {
  const isOneByte = [...elements].every(([id, { length }]) => id < ONE_BYTE_RESERVED && length > 0 && length <= 16);
  const parts = [...elements].flatMap(([id, data]) => [
    isOneByte ? Buffer.of((id << 4) | (data.length - 1)) : Buffer.of(id, data.length),
    data,
  ]);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return {
    profile: isOneByte ? ONE_BYTE : TWO_BYTE,
    data: Buffer.concat([...parts, Buffer.alloc((4 - (size % 4)) % 4)]),
  };
}
