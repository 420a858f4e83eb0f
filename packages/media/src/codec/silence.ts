import type { AudioCodec } from '../frame.ts';
import { WireError } from '../result.ts';
import type { AacConfig } from './aac.ts';
import { OPUS_SAMPLE_RATE, opusPacketSamples } from './opus.ts';

/** One AAC-LC frame without any spectral data (ISO 14496-3 4.4.2), by channels; the same for all sample rates. */
const SILENT_AAC: Record<number, Buffer> = {
  1: Buffer.from('01182007', 'hex'),
  2: Buffer.from('211004608c1c', 'hex'),
};
const AAC_LC = 2;

/** TOC bytes of CELT frames of the full band (RFC 6716 table 2), mono, and the frame that codes for silence (4.3). */
const CELT_20_MS = 31 << 3;
const CELT_10_MS = 30 << 3;
const SILENT_CELT = Buffer.of(0xff, 0xfe);

/**
 * A frame of silence in place of another, as long as that one.
 * @param config of an AAC stream.
 * @returns null when it has no such frame: the other is to be left out.
 */
export function silenceLike(codec: AudioCodec, data: Buffer, config: AacConfig | null): Buffer | null {
  if (codec === 'aac') return config?.objectType === AAC_LC ? (SILENT_AAC[config.channels] ?? null) : null;
  return codec === 'opus' ? silentOpus(data) : null;
}

function silentOpus(packet: Buffer): Buffer | null {
  const samples = opusPacketSamples(packet);
  if (samples instanceof WireError) return null;
  const has20 = samples % (OPUS_SAMPLE_RATE / 50) === 0;
  const count = samples / (OPUS_SAMPLE_RATE / (has20 ? 50 : 100));
  if (!Number.isInteger(count)) return null;
  const toc = has20 ? CELT_20_MS : CELT_10_MS;
  if (count === 1) return Buffer.concat([Buffer.of(toc), SILENT_CELT]);
  // RFC 6716 3.2.5: code 3, as many frames of the same size.
  return Buffer.concat([Buffer.of(toc | 3, count), ...Array.from({ length: count }, () => SILENT_CELT)]);
}
