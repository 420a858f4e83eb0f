import { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';
import { type HevcProfile, readHevcProfile } from './h265-profile.ts';
import { type HevcSps, parseHevcSps } from './h265-sps.ts';
import { someNalUnit } from './nal.ts';

const NAL_VPS = 32;
const NAL_SPS = 33;
const NAL_PPS = 34;
/** Intra random access points: BLA, IDR, CRA and the reserved types beside them (ISO 23008-2 table 7-1). */
const FIRST_IRAP = 16;
const LAST_IRAP = 23;

/** HEVCDecoderConfigurationRecord, the content of hvcC and of FLV's sequence header (ISO 14496-15 8.3.3.1). */
export interface HevcConfig extends HevcProfile {
  nalLengthSize: number;
  vps: Buffer[];
  sps: Buffer[];
  pps: Buffer[];
}

/** Reads hvcC; the parameter sets are parts of `data`. */
export function parseHevcConfig(data: Buffer): HevcConfig | WireError {
  if (data.length < 23) return new WireError('an hvcC of at least 23 bytes', `${data.length} bytes`, data.length);
  // Version 0 was written before the standard was out, with the same layout.
  if (data.readUInt8(0) > 1) return new WireError('hvcC version 1', String(data[0]), 0);
  const nalLengthSize = (data.readUInt8(21) & 3) + 1;
  if (nalLengthSize === 3) return new WireError('NAL unit lengths of 1, 2 or 4 bytes', '3', 21);
  const config: HevcConfig = { ...readHevcProfile(new BitReader(data, 1)), nalLengthSize, vps: [], sps: [], pps: [] };
  const sets = new Map([
    [NAL_VPS, config.vps],
    [NAL_SPS, config.sps],
    [NAL_PPS, config.pps],
  ]);
  let offset = 23;
  for (let array = data.readUInt8(22); array > 0; array--) {
    if (offset + 3 > data.length) return new WireError('an array of NAL units', 'end of hvcC', offset);
    const target = sets.get(data.readUInt8(offset) & 0x3f);
    const count = data.readUInt16BE(offset + 1);
    offset += 3;
    for (let i = 0; i < count; i++) {
      if (offset + 2 > data.length) return new WireError('a NAL unit length', 'end of hvcC', offset);
      const end = offset + 2 + data.readUInt16BE(offset);
      if (end > data.length) return new WireError(`a NAL unit up to byte ${end}`, 'end of hvcC', offset);
      target?.push(data.subarray(offset + 2, end));
      offset = end;
    }
  }
  return config;
}

/**
 * Makes hvcC, with 4-byte lengths and complete arrays, from parameter sets (NAL units without start codes).
 * @returns a WireError when the first SPS cannot be read.
 */
export function buildHevcConfig(
  vps: readonly Buffer[],
  sps: readonly Buffer[],
  pps: readonly Buffer[],
): Buffer | WireError {
  const info = sps[0] === undefined ? new WireError('an SPS', 'none') : parseHevcSps(sps[0]);
  if (info instanceof WireError) return info;
  const arrays = [
    [NAL_VPS, vps],
    [NAL_SPS, sps],
    [NAL_PPS, pps],
  ] as const;
  const parts = [configHead(info, arrays.length)];
  for (const [type, units] of arrays) {
    const arrayHead = Buffer.of(0x80 | type, 0, 0);
    arrayHead.writeUInt16BE(units.length, 1);
    parts.push(arrayHead);
    for (const unit of units) {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(unit.length);
      parts.push(size, unit);
    }
  }
  return Buffer.concat(parts);
}

function configHead(info: HevcSps, arrays: number): Buffer {
  const head = Buffer.alloc(23);
  head[0] = 1;
  head[1] = (info.profileSpace << 6) | (info.highTier ? 0x20 : 0) | info.profile;
  head.writeUInt32BE(info.compatibility, 2);
  info.constraints.copy(head, 6);
  head[12] = info.level;
  // Spatial segmentation and parallelism are unknown: 0 behind the reserved ones.
  head.writeUInt16BE(0xf000, 13);
  head[15] = 0xfc;
  head[16] = 0xfc | info.chromaFormat;
  head[17] = 0xf8 | (info.bitDepth - 8);
  head[18] = 0xf8 | (info.chromaBitDepth - 8);
  head[21] = (info.temporalLayers << 3) | (info.temporalNesting ? 4 : 0) | 3;
  head[22] = arrays;
  return head;
}

/** Whether a frame's NAL units include an intra random access point (IDR, CRA, BLA): decoding can begin here. */
export function containsIrap(data: Buffer, nalLengthSize = 4): boolean {
  return someNalUnit(data, nalLengthSize, (firstByte) => {
    const type = (firstByte >> 1) & 0x3f;
    return type >= FIRST_IRAP && type <= LAST_IRAP;
  });
}
