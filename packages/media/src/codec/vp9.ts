import { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';

const SYNC_CODE = 0x498342;
const FRAME_MARKER = 2;
const SRGB = 7;

/** VPCodecConfigurationRecord, the content of vpcC (VP codec ISO media file format binding). */
export interface VpConfig {
  profile: number;
  /** Ten times the level: 31 is 3.1; 0 when unknown. */
  level: number;
  bitDepth: number;
  /** 0 and 1: 4:2:0; 2: 4:2:2; 3: 4:4:4. */
  chromaSubsampling: number;
}

/**
 * Reads a VPCodecConfigurationRecord, with the version and flags of the vpcC box before it (as FLV carries it) or
 * without. It says nothing of the picture's size: that is in key frames.
 */
export function parseVpConfig(data: Buffer): VpConfig | WireError {
  const record = vpRecord(data);
  if (record.length < 8) return new WireError('a vpcC of at least 8 bytes', `${data.length} bytes`, data.length);
  const bits = record.readUInt8(2);
  const config = {
    profile: record.readUInt8(0),
    level: record.readUInt8(1),
    bitDepth: bits >> 4,
    chromaSubsampling: (bits >> 1) & 7,
  };
  if (config.profile > 3) return new WireError('a VP9 profile of 0 to 3', String(config.profile), 0);
  return config;
}

/** The record without version and flags: 1, 0, 0, 0 cannot begin a record, whose profile 1 has no bit depth 0. */
export function vpRecord(data: Buffer): Buffer {
  return data.length >= 12 && data.readUInt32BE(0) === 0x01000000 ? data.subarray(4) : data;
}

/** Makes a VPCodecConfigurationRecord of 8 bytes (no version and flags before it), colours unspecified. */
export function buildVpConfig(config: VpConfig): Buffer {
  const unspecified = 2;
  const depths = (config.bitDepth << 4) | (config.chromaSubsampling << 1);
  return Buffer.of(config.profile, config.level, depths, unspecified, unspecified, unspecified, 0, 0);
}

/** What a VP9 key frame says (VP9 6.2). */
export interface Vp9KeyFrame {
  profile: number;
  bitDepth: 8 | 10 | 12;
  width: number;
  height: number;
}

/** Reads the uncompressed header of a key frame. */
export function parseVp9KeyFrame(frame: Buffer): Vp9KeyFrame | WireError {
  const reader = new BitReader(frame);
  const marker = reader.bits(2);
  if (marker !== FRAME_MARKER) return new WireError('a VP9 frame marker of 2', String(marker), 0);
  const profile = reader.bits(1) + 2 * reader.bits(1);
  if (profile === 3) reader.skip(1);
  const showExisting = reader.flag();
  const inter = reader.flag();
  if (showExisting || inter) return new WireError('a VP9 key frame', 'another frame', 0);
  reader.skip(2);
  if (reader.bits(24) !== SYNC_CODE) return new WireError('the VP9 sync code', 'other bytes', 1);
  const bitDepth = profile >= 2 ? (reader.flag() ? 12 : 10) : 8;
  skipColour(reader, profile);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  return reader.overrun ? reader.error('a VP9 key frame header') : { profile, bitDepth, width, height };
}

/** VP9 6.2.2 after the bit depth. */
function skipColour(reader: BitReader, profile: number): void {
  const subsampled = profile === 1 || profile === 3;
  if (reader.bits(3) !== SRGB) {
    reader.skip(subsampled ? 4 : 1);
  } else if (subsampled) {
    reader.skip(1);
  }
}

/** What a VP8 key frame says (RFC 6386 9.1). */
export interface Vp8KeyFrame {
  /** `version` of the frame tag. */
  profile: number;
  width: number;
  height: number;
}

/** Reads the frame tag and start of a VP8 key frame. */
export function parseVp8KeyFrame(frame: Buffer): Vp8KeyFrame | WireError {
  if (frame.length < 10) return new WireError('a VP8 key frame of at least 10 bytes', `${frame.length} bytes`);
  const tag = frame.readUInt8(0);
  if ((tag & 1) !== 0) return new WireError('a VP8 key frame', 'another frame', 0);
  if (frame.readUIntBE(3, 3) !== 0x9d012a) return new WireError('the VP8 start code 9d 01 2a', 'other bytes', 3);
  const width = frame.readUInt16LE(6) & 0x3fff;
  const height = frame.readUInt16LE(8) & 0x3fff;
  if (width === 0 || height === 0) return new WireError('a picture size', `${width}x${height}`, 6);
  return { profile: (tag >> 1) & 7, width, height };
}

/** `vp09.00.31.08`: VP codec ISO media file format binding, codecs parameter. An unknown level is given as 1.0. */
export function vpCodecString(
  fourCc: 'vp09' | 'vp08',
  config: { profile: number; level: number; bitDepth: number },
): string {
  return [fourCc, config.profile, config.level || 10, config.bitDepth || 8]
    .map((part) => (typeof part === 'number' ? String(part).padStart(2, '0') : part))
    .join('.');
}
