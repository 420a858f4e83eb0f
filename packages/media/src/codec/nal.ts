/** NAL units, the packaging H.264 and H.265 share: between start codes (Annex B) or behind lengths (ISO 14496-15). */
import { WireError } from '../result.ts';

const START_CODE = Buffer.of(0, 0, 1);
const LONG_START_CODE = Buffer.of(0, 0, 0, 1);
const EMULATION_PREVENTION = Buffer.of(0, 0, 3);

/**
 * The NAL units of a frame, parts of `data`; empty ones are left out.
 * @param lengthSize bytes of each length: 1, 2 or 4, from avcC / hvcC; 4 in our frames.
 * @see ISO 14496-15 5.3.2.
 */
export function splitLengthPrefixed(data: Buffer, lengthSize = 4): Buffer[] | WireError {
  const units: Buffer[] = [];
  let offset = 0;
  while (offset < data.length) {
    if (offset + lengthSize > data.length) {
      return new WireError(`a NAL unit length of ${lengthSize} bytes`, `${data.length - offset} bytes`, offset);
    }
    const size = data.readUIntBE(offset, lengthSize);
    const start = offset + lengthSize;
    if (size > data.length - start) {
      return new WireError(`a NAL unit of ${size} bytes`, `${data.length - start} bytes`, start);
    }
    if (size > 0) units.push(data.subarray(start, start + size));
    offset = start + size;
  }
  return units;
}

/** The NAL units of an Annex B byte stream (ISO 14496-10 B.1), parts of `data`, without zero bytes at their ends. */
export function splitAnnexB(data: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = data.indexOf(START_CODE);
  while (start >= 0) {
    start += START_CODE.length;
    const next = data.indexOf(START_CODE, start);
    let end = next < 0 ? data.length : next;
    while (end > start && data[end - 1] === 0) end -= 1;
    if (end > start) units.push(data.subarray(start, end));
    start = next;
  }
  return units;
}

/** NAL units behind 4-byte lengths, as our frames carry them. */
export function toLengthPrefixed(units: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(units.reduce((sum, unit) => sum + 4 + unit.length, 0));
  let at = 0;
  for (const unit of units) {
    at = out.writeUInt32BE(unit.length, at);
    at += unit.copy(out, at);
  }
  return out;
}

/** NAL units as an Annex B byte stream with 4-byte start codes. */
export function toAnnexB(units: readonly Buffer[]): Buffer {
  return Buffer.concat(units.flatMap((unit) => [LONG_START_CODE, unit]));
}

/** The raw payload: each `00 00 03` loses its 3 (ISO 14496-10 7.4.1.1). Copies only when there is one. */
export function withoutEmulationPrevention(unit: Buffer): Buffer {
  let found = unit.indexOf(EMULATION_PREVENTION);
  if (found < 0) return unit;
  const parts: Buffer[] = [];
  let start = 0;
  while (found >= 0) {
    parts.push(unit.subarray(start, found + 2));
    start = found + 3;
    found = unit.indexOf(EMULATION_PREVENTION, start);
  }
  parts.push(unit.subarray(start));
  return Buffer.concat(parts);
}

/**
 * Whether one of the units' first bytes satisfies `matches`; stops at the first bad length. No allocation: for use on
 * every frame.
 */
export function someNalUnit(data: Buffer, lengthSize: number, matches: (firstByte: number) => boolean): boolean {
  let offset = 0;
  while (offset + lengthSize < data.length) {
    const size = data.readUIntBE(offset, lengthSize);
    const start = offset + lengthSize;
    if (size > data.length - start) return false;
    if (size > 0 && matches(data.readUInt8(start))) return true;
    offset = start + size;
  }
  return false;
}
