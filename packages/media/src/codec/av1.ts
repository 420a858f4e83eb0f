import { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';

const OBU_SEQUENCE_HEADER = 1;
/** AV1 6.4.2: color_primaries, transfer_characteristics and matrix_coefficients of sRGB. */
const BT_709 = 1;
const SRGB_TRANSFER = 13;
const IDENTITY_MATRIX = 0;
const UNSPECIFIED = 2;
const SELECT = 2;

/** AV1CodecConfigurationRecord, the content of av1C (AV1-ISOBMFF 2.3.3). */
export interface Av1Config {
  profile: number;
  /** seq_level_idx: 8 is 4.0. */
  level: number;
  highTier: boolean;
  bitDepth: 8 | 10 | 12;
  monochrome: boolean;
  chromaSubsamplingX: number;
  chromaSubsamplingY: number;
  chromaSamplePosition: number;
  /** OBUs, usually the sequence header; may be empty. */
  obus: Buffer;
}

/** What the sequence header says (AV1 5.5). */
export interface Av1SequenceHeader extends Omit<Av1Config, 'obus'> {
  /** max_frame_width and -height. */
  width: number;
  height: number;
  /** Only when pictures are promised to come at equal intervals. */
  fps?: number;
}

/** One open bitstream unit; `payload` is a part of the data. */
export interface Obu {
  type: number;
  payload: Buffer;
  /** With header and size. */
  bytes: Buffer;
}

/** Reads av1C; its OBUs are a part of `data`. */
export function parseAv1Config(data: Buffer): Av1Config | WireError {
  if (data.length < 4) return new WireError('an av1C of at least 4 bytes', `${data.length} bytes`, data.length);
  if (data[0] !== 0x81) return new WireError('av1C version 1 with its marker (0x81)', `0x${data[0]?.toString(16)}`, 0);
  const reader = new BitReader(data, 1);
  const profile = reader.bits(3);
  const level = reader.bits(5);
  const highTier = reader.flag();
  const highBitDepth = reader.flag();
  const twelveBit = reader.flag();
  return {
    profile,
    level,
    highTier,
    bitDepth: twelveBit ? 12 : highBitDepth ? 10 : 8,
    monochrome: reader.flag(),
    chromaSubsamplingX: reader.bits(1),
    chromaSubsamplingY: reader.bits(1),
    chromaSamplePosition: reader.bits(2),
    obus: data.subarray(4),
  };
}

/**
 * Makes av1C from a sequence header OBU with its header and size.
 * @returns a WireError when that cannot be read.
 */
export function buildAv1Config(sequenceHeaderObu: Buffer): Buffer | WireError {
  const sequence = findSequenceHeader(sequenceHeaderObu);
  if (sequence === null) return new WireError('a sequence header OBU', 'none');
  if (sequence instanceof WireError) return sequence;
  const flags =
    (sequence.highTier ? 0x80 : 0) |
    (sequence.bitDepth > 8 ? 0x40 : 0) |
    (sequence.bitDepth === 12 ? 0x20 : 0) |
    (sequence.monochrome ? 0x10 : 0) |
    (sequence.chromaSubsamplingX << 3) |
    (sequence.chromaSubsamplingY << 2) |
    sequence.chromaSamplePosition;
  return Buffer.concat([Buffer.of(0x81, (sequence.profile << 5) | sequence.level, flags, 0), sequenceHeaderObu]);
}

/**
 * The OBUs of a temporal unit in low-overhead format (AV1 5.2, 5.3); the last may go without its size.
 */
export function splitObus(data: Buffer): Obu[] | WireError {
  const obus: Obu[] = [];
  let offset = 0;
  while (offset < data.length) {
    const header = data.readUInt8(offset);
    if ((header & 0x80) !== 0) return new WireError('an OBU header', 'its forbidden bit set', offset);
    let start = offset + 1 + ((header >> 2) & 1);
    let size = data.length - start;
    if ((header & 2) !== 0) {
      const coded = readLeb128(data, start);
      if (coded instanceof WireError) return coded;
      start = coded.end;
      size = coded.value;
    }
    if (size < 0 || size > data.length - start) {
      return new WireError(`an OBU of ${size} bytes`, `${data.length - start} bytes`, start);
    }
    const end = start + size;
    obus.push({ type: (header >> 3) & 15, payload: data.subarray(start, end), bytes: data.subarray(offset, end) });
    offset = end;
  }
  return obus;
}

/** AV1 4.10.5: at most 8 bytes of seven bits, least significant first, up to 2^32 - 1. */
function readLeb128(data: Buffer, start: number): { value: number; end: number } | WireError {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = data[start + i];
    if (byte === undefined) return new WireError('an OBU size', 'end of data', start + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) {
      return value < 2 ** 32
        ? { value, end: start + i + 1 }
        : new WireError('an OBU size below 2^32', String(value), start);
    }
  }
  return new WireError('an OBU size of at most 8 bytes', 'more', start);
}

/** The first sequence header among the OBUs of a key frame or of av1C; null when there is none. */
export function findSequenceHeader(obus: Buffer): Av1SequenceHeader | null | WireError {
  const units = splitObus(obus);
  if (units instanceof WireError) return units;
  const found = units.find((obu) => obu.type === OBU_SEQUENCE_HEADER);
  return found === undefined ? null : parseAv1SequenceHeader(found.payload);
}

/** Reads sequence_header_obu(), the payload of its OBU (AV1 5.5.1). */
export function parseAv1SequenceHeader(payload: Buffer): Av1SequenceHeader | WireError {
  const reader = new BitReader(payload);
  const profile = reader.bits(3);
  if (profile > 2) return new WireError('an AV1 profile of 0 to 2', String(profile), 0);
  reader.skip(1);
  const reduced = reader.flag();
  const point = reduced ? { level: reader.bits(5), highTier: false } : readOperatingPoints(reader);
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  skipTools(reader, reduced);
  const colour = readColourConfig(reader, profile);
  if (reader.overrun) return reader.error('a sequence header');
  return { profile, width, height, ...point, ...colour };
}

type OperatingPoint = Pick<Av1SequenceHeader, 'level' | 'highTier' | 'fps'>;

/** From timing_info_present_flag to the last operating point, of which the first counts. */
function readOperatingPoints(reader: BitReader): OperatingPoint {
  const first: OperatingPoint = { level: 0, highTier: false };
  let delayBits = 0;
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    const equalInterval = reader.flag();
    const ticks = equalInterval ? reader.unsignedGolomb() + 1 : 0;
    if (equalInterval && unitsInTick > 0 && timeScale > 0) first.fps = timeScale / (unitsInTick * ticks);
    if (reader.flag()) {
      delayBits = reader.bits(5) + 1;
      reader.skip(32 + 10);
    }
  }
  const initialDelayPresent = reader.flag();
  const points = reader.bits(5) + 1;
  for (let i = 0; i < points; i++) {
    reader.skip(12);
    const level = reader.bits(5);
    const highTier = level > 7 && reader.flag();
    if (i === 0) {
      first.level = level;
      first.highTier = highTier;
    }
    if (delayBits > 0 && reader.flag()) reader.skip(2 * delayBits + 1);
    if (initialDelayPresent && reader.flag()) reader.skip(4);
  }
  return first;
}

/** Frame ids and coding tools up to enable_restoration. */
function skipTools(reader: BitReader, reduced: boolean): void {
  if (!reduced && reader.flag()) reader.skip(7);
  reader.skip(3);
  if (!reduced) {
    reader.skip(4);
    const orderHint = reader.flag();
    if (orderHint) reader.skip(2);
    const screenContent = reader.flag() ? SELECT : reader.bits(1);
    if (screenContent > 0 && !reader.flag()) reader.skip(1);
    if (orderHint) reader.skip(3);
  }
  reader.skip(3);
}

type ColourConfig = Pick<
  Av1SequenceHeader,
  'bitDepth' | 'monochrome' | 'chromaSubsamplingX' | 'chromaSubsamplingY' | 'chromaSamplePosition'
>;

/** AV1 5.5.2. */
function readColourConfig(reader: BitReader, profile: number): ColourConfig {
  const highBitDepth = reader.flag();
  const twelveBit = profile === 2 && highBitDepth && reader.flag();
  const bitDepth = twelveBit ? 12 : highBitDepth ? 10 : 8;
  const monochrome = profile !== 1 && reader.flag();
  const [primaries, transfer, matrix] = reader.flag()
    ? [reader.bits(8), reader.bits(8), reader.bits(8)]
    : [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED];
  const subsampling = (x: number, y: number, position = 0) => {
    return {
      bitDepth,
      monochrome,
      chromaSubsamplingX: x,
      chromaSubsamplingY: y,
      chromaSamplePosition: position,
    } as const;
  };
  if (monochrome) {
    reader.skip(1);
    return subsampling(1, 1);
  }
  if (primaries === BT_709 && transfer === SRGB_TRANSFER && matrix === IDENTITY_MATRIX) return subsampling(0, 0);
  reader.skip(1);
  if (profile === 0) return subsampling(1, 1, reader.bits(2));
  if (profile === 1) return subsampling(0, 0);
  if (bitDepth < 12) return subsampling(1, 0);
  const x = reader.bits(1);
  const y = x === 1 ? reader.bits(1) : 0;
  return subsampling(x, y, x === 1 && y === 1 ? reader.bits(2) : 0);
}

/** `av01.0.04M.08`: AV1-ISOBMFF 5, without the optional colour. */
export function av1CodecString(config: {
  profile: number;
  level: number;
  highTier: boolean;
  bitDepth: number;
}): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `av01.${config.profile}.${two(config.level)}${config.highTier ? 'H' : 'M'}.${two(config.bitDepth)}`;
}

/** The profile's name (AV1 A.2). */
export function av1ProfileName(profile: number): string {
  return ['Main', 'High', 'Professional'][profile] ?? `profile ${profile}`;
}
