import { WireError } from '../result.ts';
import { AAC_SAMPLE_RATES, type AacConfig } from './aac.ts';

const ADTS_CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8] as const;

/** The header before each AAC frame in ADTS (ISO 14496-3 1.A.2.2). */
export interface AdtsHeader {
  objectType: number;
  sampleRate: number;
  /** 0 when the frame itself tells. */
  channels: number;
  headerBytes: number;
  /** With the header. */
  frameBytes: number;
}

/** Reads the ADTS header at `offset`; the frame itself need not be there. */
export function parseAdtsHeader(data: Buffer, offset = 0): AdtsHeader | WireError {
  if (data.length < offset + 7) {
    return new WireError('an ADTS header of 7 bytes', `${Math.max(0, data.length - offset)} bytes`, offset);
  }
  // Sync word of 12 ones; the layer, always 0.
  if ((data.readUInt16BE(offset) & 0xfff6) !== 0xfff0) {
    return new WireError('the ADTS sync word', `0x${data.readUInt16BE(offset).toString(16)}`, offset);
  }
  const bits = data.readUInt32BE(offset + 2);
  const sampleRate = AAC_SAMPLE_RATES[(bits >>> 26) & 15];
  if (sampleRate === undefined) return new WireError('a sample rate index below 13', 'more', offset + 2);
  const headerBytes = (data.readUInt8(offset + 1) & 1) !== 0 ? 7 : 9;
  const frameBytes = (bits >>> 5) & 0x1fff;
  if (frameBytes < headerBytes)
    return new WireError('a frame longer than its header', `${frameBytes} bytes`, offset + 3);
  return {
    objectType: (bits >>> 30) + 1,
    sampleRate,
    channels: ADTS_CHANNELS[(bits >>> 22) & 7]!,
    headerBytes,
    frameBytes,
  };
}

/**
 * The 7 header bytes (without CRC) of an AAC frame with `frameDataBytes` of data, at most 8184.
 * @returns null when ADTS cannot say that: object types above 4, rates outside the table, more than 8 channels.
 */
export function adtsHeader(
  config: Pick<AacConfig, 'objectType' | 'sampleRate' | 'channels'>,
  frameDataBytes: number,
): Buffer | null {
  const rate = AAC_SAMPLE_RATES.indexOf(config.sampleRate as (typeof AAC_SAMPLE_RATES)[number]);
  const channels = ADTS_CHANNELS.indexOf(config.channels as (typeof ADTS_CHANNELS)[number]);
  const bytes = frameDataBytes + 7;
  if (config.objectType > 4 || rate < 0 || channels < 1 || bytes > 0x1fff) return null;
  return Buffer.of(
    0xff,
    0xf1,
    ((config.objectType - 1) << 6) | (rate << 2) | (channels >> 2),
    ((channels & 3) << 6) | (bytes >> 11),
    (bytes >> 3) & 0xff,
    ((bytes & 7) << 5) | 0x1f,
    0xfc,
  );
}
