/** H.264 into RTP payloads (RFC 6184 5.6 to 5.8): single NAL units, STAP-A for small ones, FU-A for large ones. */
import { splitLengthPrefixed } from '../codec/nal.ts';
import { WireError } from '../result.ts';

const STAP_A = 24;
const FU_A = 28;
const FU_START = 0x80;
const FU_END = 0x40;
const NAL_SPS = 7;
const NAL_ACCESS_UNIT_DELIMITER = 9;
const NAL_FILLER = 12;

export interface PacketizerOptions {
  /** Bytes left free before each payload, for a header. */
  headroom: number;
  /** Longest payload. */
  maxPayload: number;
  /** SPS and PPS, sent in front of a key frame that does not have them itself; none for other frames. */
  parameterSets: readonly Buffer[];
}

/**
 * One frame as RTP payloads, each behind its headroom; the last one gets the marker bit.
 * @param data NAL units with 4-byte lengths. Delimiters and filler are left out: RTP needs neither.
 */
export function packetizeH264(data: Buffer, options: PacketizerOptions): Buffer[] | WireError {
  const units = splitLengthPrefixed(data);
  if (units instanceof WireError) return units;
  const hasOwnSets = units.some((unit) => nalType(unit) === NAL_SPS);
  const all = (hasOwnSets ? units : [...options.parameterSets, ...units]).filter(
    (unit) => unit.length > 0 && ![NAL_ACCESS_UNIT_DELIMITER, NAL_FILLER].includes(nalType(unit)),
  );
  const payloads: Buffer[] = [];
  let small: Buffer[] = [];
  let smallBytes = 1;
  const flush = () => {
    const [only] = small;
    if (small.length === 1 && only) payloads.push(single(only, options.headroom));
    else if (small.length > 1) payloads.push(aggregate(small, smallBytes, options.headroom));
    small = [];
    smallBytes = 1;
  };
  for (const unit of all) {
    if (smallBytes + 2 + unit.length > options.maxPayload) flush();
    if (unit.length > options.maxPayload) payloads.push(...fragments(unit, options));
    else {
      small.push(unit);
      smallBytes += 2 + unit.length;
    }
  }
  flush();
  return payloads;
}

const nalType = (unit: Buffer) => (unit[0] ?? 0) & 31;

function single(unit: Buffer, headroom: number): Buffer {
  const out = Buffer.allocUnsafe(headroom + unit.length);
  unit.copy(out, headroom);
  return out;
}

function aggregate(units: readonly Buffer[], bytes: number, headroom: number): Buffer {
  const out = Buffer.allocUnsafe(headroom + bytes);
  // RFC 6184 5.7: F is the OR of all, NRI the largest of all.
  const forbidden = units.reduce((bits, unit) => bits | ((unit[0] ?? 0) & 0x80), 0);
  const importance = Math.max(...units.map((unit) => (unit[0] ?? 0) & 0x60));
  let at = out.writeUInt8(forbidden | importance | STAP_A, headroom);
  for (const unit of units) {
    at = out.writeUInt16BE(unit.length, at);
    at += unit.copy(out, at);
  }
  return out;
}

/** Pieces of about the same size, so that none is a tiny one. */
function fragments(unit: Buffer, { headroom, maxPayload }: PacketizerOptions): Buffer[] {
  const header = unit[0] ?? 0;
  const bytes = unit.length - 1;
  const count = Math.ceil(bytes / (maxPayload - 2));
  const size = Math.ceil(bytes / count);
  const pieces: Buffer[] = [];
  for (let start = 1; start < unit.length; start += size) {
    const end = Math.min(start + size, unit.length);
    const out = Buffer.allocUnsafe(headroom + 2 + end - start);
    out[headroom] = (header & 0xe0) | FU_A;
    out[headroom + 1] = (start === 1 ? FU_START : 0) | (end === unit.length ? FU_END : 0) | (header & 31);
    unit.copy(out, headroom + 2, start, end);
    pieces.push(out);
  }
  return pieces;
}
