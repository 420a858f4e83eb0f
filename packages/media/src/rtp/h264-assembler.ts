/** H.264 out of RTP payloads (RFC 6184 5.6 to 5.8), as frames with avcC. */
import { buildAvcConfig } from '../codec/h264.ts';
import { toLengthPrefixed } from '../codec/nal.ts';
import { WireError } from '../result.ts';
import { type AssembledFrame, type FrameAssembler, MAX_FRAME_BYTES, PART_BYTES } from './assembler.ts';
import type { RtpPacket } from './packet.ts';

const NAL_SLICE = 1;
const NAL_IDR = 5;
const NAL_SPS = 7;
const NAL_PPS = 8;
const NAL_ACCESS_UNIT_DELIMITER = 9;
const NAL_FILLER = 12;
const STAP_A = 24;
const FU_A = 28;
/** Parameter sets kept by id; a stream with more is hostile. */
const MOST_SETS = 32;

/** The NAL units of one payload: whole ones, or a piece of one. */
type Content = { units: Buffer[] } | { piece: Buffer; header: number; starts: boolean; ends: boolean };

/**
 * Takes apart one payload.
 * @returns a WireError for what packetization-mode 1 does not have.
 */
export function readH264Payload(payload: Buffer): Content | WireError {
  const first = payload[0];
  if (first === undefined) return new WireError('a NAL unit', 'an empty payload');
  const type = first & 31;
  if (type >= 1 && type < STAP_A) return { units: [payload] };
  if (type === FU_A) {
    const second = payload[1];
    if (second === undefined || payload.length < 3) return new WireError('a fragment', 'end of payload', 1);
    const header = (first & 0xe0) | (second & 31);
    return { piece: payload.subarray(2), header, starts: second >= 0x80, ends: (second & 0x40) !== 0 };
  }
  if (type !== STAP_A) return new WireError('a single NAL unit, STAP-A or FU-A', `type ${type}`);
  const units: Buffer[] = [];
  let at = 1;
  while (at < payload.length) {
    if (at + 2 > payload.length) return new WireError('a NAL unit size', 'end of payload', at);
    const end = at + 2 + payload.readUInt16BE(at);
    if (end > payload.length || end === at + 2) return new WireError('a NAL unit', 'end of payload', at + 2);
    units.push(payload.subarray(at + 2, end));
    at = end;
  }
  return { units };
}

/** See {@link FrameAssembler}. Parameter sets are taken out of the frames and become configurations. */
export class H264Assembler implements FrameAssembler {
  readonly #sps = new Map<string, Buffer>();
  readonly #pps = new Map<string, Buffer>();
  #config: Buffer | null = null;
  #needsKeyFrame = true;
  #timestamp: number | null = null;
  #units: Buffer[] = [];
  #bytes = 0;
  #pieces: Buffer[] | null = null;
  /** The frame of this timestamp misses something. */
  #damaged = false;

  get needsKeyFrame(): boolean {
    return this.#needsKeyFrame;
  }

  push(packet: Pick<RtpPacket, 'timestamp' | 'marker' | 'payload'>, afterLoss: boolean): AssembledFrame | null {
    const { timestamp, marker, payload } = packet;
    // A frame without its marker ends where another begins (RFC 6184 5.1: the marker is only a hint).
    const before = this.#timestamp !== null && this.#timestamp !== timestamp ? this.#finish(afterLoss) : null;
    if (this.#timestamp === null) {
      this.#timestamp = timestamp;
      this.#damaged = false;
    }
    const content = payload.length > 0 ? readH264Payload(payload) : { units: [] };
    if (afterLoss) this.#lost(content);
    if (content instanceof WireError) this.#damage();
    else this.#add(content);
    if (!marker) return before;
    // Two frames cannot come out at once in practice: the first one lacked its marker, which was lost with it.
    return this.#finish(false) ?? before;
  }

  /** After a gap only a packet that plainly begins a frame can be trusted to be the first one of it. */
  #lost(content: Content | WireError): void {
    this.#needsKeyFrame = true;
    const begun = this.#units.length > 0 || this.#pieces !== null;
    if (begun || content instanceof WireError || !beginsFrame(content)) this.#damage();
  }

  #damage(): void {
    this.#damaged = true;
    this.#needsKeyFrame = true;
    this.#pieces = null;
  }

  #add(content: Content): void {
    if (this.#damaged) return;
    if ('units' in content) {
      if (this.#pieces) return this.#damage();
      for (const unit of content.units) this.#take(unit);
      return;
    }
    if (content.starts) this.#pieces = [Buffer.of(content.header)];
    if (!this.#pieces) return this.#damage();
    this.#pieces.push(content.piece);
    this.#bytes += PART_BYTES + content.piece.length;
    if (this.#bytes > MAX_FRAME_BYTES) return this.#damage();
    if (!content.ends) return;
    const unit = Buffer.concat(this.#pieces);
    this.#pieces = null;
    this.#take(unit);
  }

  #take(unit: Buffer): void {
    const type = (unit[0] ?? 0) & 31;
    if (type === NAL_SPS) keep(this.#sps, setId(unit[4]), unit);
    else if (type === NAL_PPS) keep(this.#pps, setId(unit[1]), unit);
    else if (type !== NAL_ACCESS_UNIT_DELIMITER && type !== NAL_FILLER) {
      this.#bytes += PART_BYTES + unit.length;
      if (this.#bytes > MAX_FRAME_BYTES) this.#damage();
      else this.#units.push(unit);
    }
  }

  #finish(cutShort: boolean): AssembledFrame | null {
    const units = this.#units;
    const timestamp = this.#timestamp ?? 0;
    const whole = !this.#damaged && !cutShort && this.#pieces === null;
    this.#units = [];
    this.#pieces = null;
    this.#bytes = 0;
    this.#timestamp = null;
    this.#damaged = false;
    if (!whole) this.#needsKeyFrame = true;
    if (!whole || !units.some(isSlice)) return null;
    const isKey = units.some((unit) => ((unit[0] ?? 0) & 31) === NAL_IDR);
    if (!isKey) {
      return this.#needsKeyFrame ? null : { timestamp, type: 'inter', data: toLengthPrefixed(units), config: null };
    }
    const config = this.#newConfig();
    if (this.#config === null) return null;
    this.#needsKeyFrame = false;
    return { timestamp, type: 'key', data: toLengthPrefixed(units), config };
  }

  #newConfig(): Buffer | null {
    const config = buildAvcConfig([...this.#sps.values()], [...this.#pps.values()]);
    if (config instanceof WireError || this.#config?.equals(config)) return null;
    this.#config = config;
    return config;
  }
}

const isSlice = (unit: Buffer) => {
  const type = (unit[0] ?? 0) & 31;
  return type >= NAL_SLICE && type <= NAL_IDR;
};

/**
 * Parameter sets lead key frames, so a key frame's slice may have lost its own; any other first slice begins with
 * first_mb_in_slice 0, the single bit 1 (ISO 14496-10 7.3.3).
 */
function beginsFrame(content: Content): boolean {
  const starts = (header: number, next: number | undefined) => {
    const type = header & 31;
    if (type === NAL_SPS || type === NAL_ACCESS_UNIT_DELIMITER) return true;
    return type === NAL_SLICE && ((next ?? 0) & 0x80) !== 0;
  };
  if ('piece' in content) return content.starts && starts(content.header, content.piece[0]);
  const [first] = content.units;
  return first !== undefined && starts(first[0] ?? 0, first[1]);
}

/** A parameter set's id (ISO 14496-10 7.3.2), an exp-Golomb code at the start of `byte`: its bits tell ids apart as well. */
function setId(byte: number | undefined): string {
  const bits = (byte ?? 0x80).toString(2).padStart(8, '0');
  const zeros = bits.indexOf('1');
  return bits.slice(0, zeros < 0 ? 8 : zeros * 2 + 1);
}

/** A set with the same id takes the old one's place. */
function keep(sets: Map<string, Buffer>, id: string, unit: Buffer): void {
  if (sets.get(id)?.equals(unit)) return;
  if (sets.size >= MOST_SETS) sets.clear();
  sets.set(id, Buffer.from(unit));
}
