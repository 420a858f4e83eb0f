import { WireError } from '../result.ts';

const LAYER_3 = 1;
const MPEG_1 = 3;
const MPEG_2_5 = 0;
const RESERVED_VERSION = 1;
const MPEG_1_RATES = [44_100, 48_000, 32_000] as const;
const MONO = 3;

/** kbit/s by bitrate_index, MPEG-1 and MPEG-2 layer III (ISO 11172-3 2.4.2.3, ISO 13818-3 2.4.2.3). */
const MPEG_1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG_2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** The header of an MP3 frame (ISO 11172-3 2.4.1.3). */
export interface Mp3Header {
  sampleRate: number;
  channels: 1 | 2;
  /** 0 for the free format. */
  bitrateKbps: number;
  /** Per channel. */
  samples: 1152 | 576;
  /** With the header; 0 for the free format. */
  frameBytes: number;
}

/** Reads the header at the start of an MPEG-1, -2 or -2.5 layer III frame. */
export function parseMp3Header(data: Buffer): Mp3Header | WireError {
  if (data.length < 4) return new WireError('an MP3 header of 4 bytes', `${data.length} bytes`, data.length);
  const bits = data.readUInt32BE(0);
  if (bits >>> 21 !== 0x7ff) return new WireError('the MP3 sync word', `0x${(bits >>> 16).toString(16)}`, 0);
  const version = (bits >>> 19) & 3;
  const layer = (bits >>> 17) & 3;
  if (version === RESERVED_VERSION || layer !== LAYER_3) return new WireError('MPEG audio layer III', 'another', 1);
  const mpeg1 = version === MPEG_1;
  const baseRate = MPEG_1_RATES[(bits >>> 10) & 3];
  const bitrateKbps = (mpeg1 ? MPEG_1_KBPS : MPEG_2_KBPS)[(bits >>> 12) & 15];
  if (baseRate === undefined || bitrateKbps === undefined) {
    return new WireError('a bit rate and a sample rate', 'reserved values', 2);
  }
  const sampleRate = mpeg1 ? baseRate : version === MPEG_2_5 ? baseRate / 4 : baseRate / 2;
  const samples = mpeg1 ? 1152 : 576;
  const padding = (bits >>> 9) & 1;
  return {
    sampleRate,
    channels: ((bits >>> 6) & 3) === MONO ? 1 : 2,
    bitrateKbps,
    samples,
    frameBytes: bitrateKbps === 0 ? 0 : Math.floor(((samples / 8) * bitrateKbps * 1000) / sampleRate) + padding,
  };
}
