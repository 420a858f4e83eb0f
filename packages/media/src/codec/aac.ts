import type { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';

/** ISO 14496-3 table 1.16, samplingFrequencyIndex. */
export const AAC_SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
] as const;
/** ISO 14496-3 table 1.19, channelConfiguration; 0 means a program config element tells. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8] as const;

const EXPLICIT_RATE = 15;
const AOT_ESCAPE = 31;
const AOT_SBR = 5;
const AOT_PS = 29;
const SYNC_SBR = 0x2b7;
const SYNC_PS = 0x548;
/** Object types whose configuration is GASpecificConfig (table 1.15). */
const GENERAL_AUDIO = [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23];

/** AudioSpecificConfig (ISO 14496-3 1.6.2.1). */
export interface AacConfig {
  /** Of the core: 1 Main, 2 LC, … even when SBR or PS is on top. */
  objectType: number;
  /** Of the core, Hz. */
  sampleRate: number;
  /** Coded channels; parametric stereo makes two of one. */
  channels: number;
  /** Spectral band replication is signalled: the decoder gives {@link extensionRate}. */
  sbr: boolean;
  /** Parametric stereo is signalled. */
  ps: boolean;
  /** Hz of the output when SBR is signalled, else the core's. */
  extensionRate: number;
  /** Samples per channel and frame of the core: 1024 or 960 (512, 480 for low delay). */
  frameSamples: number;
}

/** Reads an AudioSpecificConfig; SBR and PS are found in both explicit forms (hierarchical and backward compatible). */
export function parseAacConfig(data: Buffer): AacConfig | WireError {
  const reader = new BitReader(data);
  let objectType = readObjectType(reader);
  const sampleRate = readSampleRate(reader);
  const channelConfiguration = reader.bits(4);
  const hierarchical = objectType === AOT_SBR || objectType === AOT_PS;
  let ps = objectType === AOT_PS;
  let sbr = hierarchical;
  let extensionRate = sampleRate;
  if (hierarchical) {
    extensionRate = readSampleRate(reader);
    objectType = readObjectType(reader);
  }
  let channels: number = CHANNELS[channelConfiguration] ?? 0;
  let frameSamples = 1024;
  if (GENERAL_AUDIO.includes(objectType)) {
    const general = readGeneralAudio(reader, objectType, channelConfiguration);
    frameSamples = general.frameSamples;
    channels ||= general.channels;
  } else if (objectType === 39) {
    frameSamples = reader.flag() ? 480 : 512;
  }
  if (reader.overrun) return reader.error('an AudioSpecificConfig');
  if (!hierarchical && reader.bitsLeft >= 16) {
    const extension = readSyncExtension(reader);
    if (extension !== null)
      ({ sbr, ps, extensionRate } = { ...extension, extensionRate: extension.rate || sampleRate });
  }
  if (sampleRate < 1 || extensionRate < 1) return reader.error('a sample rate');
  if (channels < 1) return reader.error('a channel configuration of 1 to 7 or 11 to 14');
  if (objectType === 0) return reader.error('an audio object type');
  return { objectType, sampleRate, channels, sbr, ps, extensionRate, frameSamples };
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === AOT_ESCAPE ? 32 + reader.bits(6) : type;
}

/** 0 for the reserved indexes. */
function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4);
  return index === EXPLICIT_RATE ? reader.bits(24) : (AAC_SAMPLE_RATES[index] ?? 0);
}

/** ISO 14496-3 4.4.1, GASpecificConfig. */
function readGeneralAudio(
  reader: BitReader,
  objectType: number,
  channelConfiguration: number,
): { frameSamples: number; channels: number } {
  const short = reader.flag();
  if (reader.flag()) reader.skip(14);
  const extension = reader.flag();
  const channels = channelConfiguration === 0 ? readProgramConfig(reader) : 0;
  if (objectType === 6 || objectType === 20) reader.skip(3);
  if (extension) {
    if (objectType === 22) reader.skip(16);
    if ([17, 19, 20, 23].includes(objectType)) reader.skip(3);
    reader.skip(1);
  }
  if (objectType === 23) return { frameSamples: short ? 480 : 512, channels };
  return { frameSamples: short ? 960 : 1024, channels };
}

/** ISO 14496-3 4.4.1.1, program_config_element; gives the number of channels. */
function readProgramConfig(reader: BitReader): number {
  reader.skip(4 + 2 + 4);
  const front = reader.bits(4);
  const side = reader.bits(4);
  const back = reader.bits(4);
  const lfe = reader.bits(2);
  const data = reader.bits(3);
  const coupling = reader.bits(4);
  if (reader.flag()) reader.skip(4);
  if (reader.flag()) reader.skip(4);
  if (reader.flag()) reader.skip(3);
  let channels = lfe;
  for (let i = front + side + back; i > 0; i--) {
    channels += reader.flag() ? 2 : 1;
    reader.skip(4);
  }
  reader.skip(4 * lfe + 4 * data + 5 * coupling);
  reader.alignToByte();
  reader.skip(8 * reader.bits(8));
  return channels;
}

/** The backward compatible form: SBR behind the configuration, PS behind SBR. */
function readSyncExtension(reader: BitReader): { sbr: boolean; ps: boolean; rate: number } | null {
  if (reader.bits(11) !== SYNC_SBR || readObjectType(reader) !== AOT_SBR || !reader.flag()) return null;
  const rate = readSampleRate(reader);
  const ps = reader.bitsLeft >= 12 && reader.bits(11) === SYNC_PS && reader.flag();
  return reader.overrun ? null : { sbr: true, ps, rate };
}

/** Makes the AudioSpecificConfig of plain AAC (object types 1 to 4), two bytes, five with a rate outside the table. */
export function buildAacConfig(options: { objectType?: number; sampleRate: number; channels: number }): Buffer {
  const objectType = options.objectType ?? 2;
  const configuration = CHANNELS.indexOf(options.channels as (typeof CHANNELS)[number]);
  const index = AAC_SAMPLE_RATES.indexOf(options.sampleRate as (typeof AAC_SAMPLE_RATES)[number]);
  if (index >= 0) return Buffer.of((objectType << 3) | (index >> 1), ((index & 1) << 7) | (configuration << 3));
  const rate = options.sampleRate;
  return Buffer.of(
    (objectType << 3) | (EXPLICIT_RATE >> 1),
    0x80 | (rate >> 17),
    (rate >> 9) & 0xff,
    (rate >> 1) & 0xff,
    ((rate & 1) << 7) | (configuration << 3),
  );
}

/** `mp4a.40.2`, with SBR `.5`, with PS `.29` (RFC 6381 3.3; the number is the audio object type). */
export function aacCodecString(config: Pick<AacConfig, 'objectType' | 'sbr' | 'ps'>): string {
  return `mp4a.40.${config.ps ? AOT_PS : config.sbr ? AOT_SBR : config.objectType}`;
}
