import { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';
import { someNalUnit, withoutEmulationPrevention } from './nal.ts';
import { aspectOf, type PixelAspect } from './pixel-aspect.ts';

const NAL_IDR = 5;
const NAL_SPS = 7;
/** Larger pictures exist in no level of the standard; a hostile SPS may claim them. */
const MAX_PIXELS = 65_535;

/** AVCDecoderConfigurationRecord, the content of avcC and of FLV's sequence header (ISO 14496-15 5.3.3.1). */
export interface AvcConfig {
  profile: number;
  compatibility: number;
  level: number;
  /** Bytes of each NAL unit's length: 1, 2 or 4. */
  nalLengthSize: number;
  sps: Buffer[];
  pps: Buffer[];
}

/** What a sequence parameter set says (ISO 14496-10 7.3.2.1). */
export interface AvcSps {
  profile: number;
  constraints: number;
  level: number;
  /** After cropping. */
  width: number;
  height: number;
  /** 1 is 4:2:0. */
  chromaFormat: number;
  bitDepth: number;
  fps?: number;
  pixelAspect?: PixelAspect;
}

/** Reads avcC; the parameter sets are parts of `data`. Bytes after them (the High profiles' extension) are ignored. */
export function parseAvcConfig(data: Buffer): AvcConfig | WireError {
  if (data.length < 7) return new WireError('an avcC of at least 7 bytes', `${data.length} bytes`, data.length);
  if (data[0] !== 1) return new WireError('avcC version 1', String(data[0]), 0);
  const nalLengthSize = (data.readUInt8(4) & 3) + 1;
  if (nalLengthSize === 3) return new WireError('NAL unit lengths of 1, 2 or 4 bytes', '3', 4);
  const sps = readParameterSets(data, 6, data.readUInt8(5) & 0x1f);
  if (sps instanceof WireError) return sps;
  if (sps.end >= data.length) return new WireError('a count of PPS', 'end of avcC', sps.end);
  const pps = readParameterSets(data, sps.end + 1, data.readUInt8(sps.end));
  if (pps instanceof WireError) return pps;
  return {
    profile: data.readUInt8(1),
    compatibility: data.readUInt8(2),
    level: data.readUInt8(3),
    nalLengthSize,
    sps: sps.units,
    pps: pps.units,
  };
}

function readParameterSets(data: Buffer, start: number, count: number): { units: Buffer[]; end: number } | WireError {
  const units: Buffer[] = [];
  let offset = start;
  for (let i = 0; i < count; i++) {
    if (offset + 2 > data.length) return new WireError('a parameter set length', 'end of avcC', offset);
    const end = offset + 2 + data.readUInt16BE(offset);
    if (end > data.length) return new WireError(`a parameter set up to byte ${end}`, 'end of avcC', offset);
    units.push(data.subarray(offset + 2, end));
    offset = end;
  }
  return { units, end: offset };
}

/**
 * Makes avcC, with 4-byte lengths, from parameter sets (NAL units without start codes).
 * @returns a WireError when the first SPS cannot be read.
 */
export function buildAvcConfig(sps: readonly Buffer[], pps: readonly Buffer[]): Buffer | WireError {
  const info = sps[0] === undefined ? new WireError('an SPS', 'none') : parseAvcSps(sps[0]);
  if (info instanceof WireError) return info;
  const head = Buffer.of(1, info.profile, info.constraints, info.level, 0xff, 0xe0 | sps.length);
  const parts = [head, ...sps.flatMap(withLength), Buffer.of(pps.length), ...pps.flatMap(withLength)];
  // ISO 14496-15 5.3.3.1.2: the High profiles repeat chroma format and bit depths.
  if (hasChromaFormat(info.profile)) {
    parts.push(Buffer.of(0xfc | info.chromaFormat, 0xf8 | (info.bitDepth - 8), 0xf8 | (info.bitDepth - 8), 0));
  }
  return Buffer.concat(parts);
}

function withLength(unit: Buffer): Buffer[] {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(unit.length);
  return [size, unit];
}

/** Reads a sequence parameter set, a NAL unit with its header byte. A damaged VUI costs only what it would have said. */
export function parseAvcSps(unit: Buffer): AvcSps | WireError {
  const rbsp = withoutEmulationPrevention(unit);
  const reader = new BitReader(rbsp);
  const header = reader.bits(8);
  if ((header & 0x1f) !== NAL_SPS) return new WireError('an SPS (NAL unit type 7)', `type ${header & 0x1f}`, 0);
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  const level = reader.bits(8);
  reader.unsignedGolomb();
  let chromaFormat = 1;
  let separatePlanes = false;
  let bitDepth = 8;
  if (hasChromaFormat(profile)) {
    chromaFormat = reader.unsignedGolomb();
    if (chromaFormat > 3) return reader.error('a chroma format of 0 to 3');
    if (chromaFormat === 3) separatePlanes = reader.flag();
    bitDepth = reader.unsignedGolomb() + 8;
    const chromaDepth = reader.unsignedGolomb() + 8;
    if (bitDepth > 14 || chromaDepth > 14) return reader.error('a bit depth of 8 to 14');
    reader.skip(1);
    if (reader.flag()) skipScalingMatrix(reader, chromaFormat === 3 ? 12 : 8);
  }
  reader.unsignedGolomb();
  if (!skipPictureOrderCount(reader)) return reader.error('a picture order count type of 0 to 2');
  reader.unsignedGolomb();
  reader.skip(1);
  const codedWidth = (reader.unsignedGolomb() + 1) * 16;
  const mapUnits = reader.unsignedGolomb() + 1;
  const frameMbsOnly = reader.flag();
  const codedHeight = mapUnits * 16 * (frameMbsOnly ? 1 : 2);
  if (!frameMbsOnly) reader.skip(1);
  reader.skip(1);
  const crop = readCropping(reader, separatePlanes ? 0 : chromaFormat, frameMbsOnly);
  const width = codedWidth - crop.x;
  const height = codedHeight - crop.y;
  if (reader.overrun || width < 1 || height < 1 || codedWidth > MAX_PIXELS || codedHeight > MAX_PIXELS) {
    return reader.error('an SPS with a picture size');
  }
  const vui = reader.flag() ? readVui(reader) : {};
  return { profile, constraints, level, width, height, chromaFormat, bitDepth, ...(reader.overrun ? {} : vui) };
}

/** ISO 14496-10 7.3.2.1.1: the profiles whose SPS has chroma format, bit depths and scaling matrix. */
function hasChromaFormat(profile: number): boolean {
  return [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].includes(profile);
}

function skipScalingMatrix(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!reader.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size && next !== 0; i++) {
      next = (((last + reader.signedGolomb()) % 256) + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

function skipPictureOrderCount(reader: BitReader): boolean {
  const type = reader.unsignedGolomb();
  if (type === 0) {
    reader.unsignedGolomb();
  } else if (type === 1) {
    reader.skip(1);
    reader.signedGolomb();
    reader.signedGolomb();
    const cycle = reader.unsignedGolomb();
    if (cycle > 255) return false;
    for (let i = 0; i < cycle; i++) reader.signedGolomb();
  }
  return type <= 2;
}

/** Luma samples cut off in all, by ISO 14496-10 table 6-1 and 7-19 to 7-22. */
function readCropping(reader: BitReader, chromaArrayType: number, frameMbsOnly: boolean): { x: number; y: number } {
  if (!reader.flag()) return { x: 0, y: 0 };
  const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const unitY = (chromaArrayType === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2);
  const x = (reader.unsignedGolomb() + reader.unsignedGolomb()) * unitX;
  const y = (reader.unsignedGolomb() + reader.unsignedGolomb()) * unitY;
  return { x, y };
}

/** ISO 14496-10 E.1.1 up to the frame rate. */
function readVui(reader: BitReader): Pick<AvcSps, 'fps' | 'pixelAspect'> {
  const vui: Pick<AvcSps, 'fps' | 'pixelAspect'> = {};
  if (reader.flag()) {
    const aspect = aspectOf(reader);
    if (aspect !== null) vui.pixelAspect = aspect;
  }
  if (reader.flag()) reader.skip(1);
  if (reader.flag()) {
    reader.skip(4);
    if (reader.flag()) reader.skip(24);
  }
  if (reader.flag()) {
    reader.unsignedGolomb();
    reader.unsignedGolomb();
  }
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    // A tick is a field; a frame has two (E.2.1).
    if (unitsInTick > 0 && timeScale > 0) vui.fps = timeScale / (2 * unitsInTick);
  }
  return vui;
}

/** `avc1.PPCCLL` (RFC 6381 3.3). */
export function avcCodecString(config: { profile: number; compatibility: number; level: number }): string {
  const bytes = [config.profile, config.compatibility, config.level];
  return `avc1.${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The profile's name; constraint flags make some of them narrower (ISO 14496-10 A.2). */
export function avcProfileName(profile: number, constraints: number): string {
  const intra = (constraints & 0x10) !== 0 ? ' Intra' : '';
  switch (profile) {
    case 66:
      return constraints & 0x40 ? 'Constrained Baseline' : 'Baseline';
    case 77:
      return 'Main';
    case 88:
      return 'Extended';
    case 100:
      return 'High';
    case 110:
      return `High 10${intra}`;
    case 122:
      return `High 4:2:2${intra}`;
    case 244:
      return `High 4:4:4${intra || ' Predictive'}`;
    case 44:
      return 'CAVLC 4:4:4';
    default:
      return `profile ${profile}`;
  }
}

/** Whether a frame's NAL units include an IDR slice: decoding can begin here. */
export function containsIdr(data: Buffer, nalLengthSize = 4): boolean {
  return someNalUnit(data, nalLengthSize, (firstByte) => (firstByte & 0x1f) === NAL_IDR);
}
