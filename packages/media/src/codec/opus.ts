import { WireError } from '../result.ts';

const MAGIC = Buffer.from('OpusHead');
const HEAD_BYTES = 19;
/** Samples are always counted at 48 kHz (RFC 6716 2). */
export const OPUS_SAMPLE_RATE = 48_000;
/** RFC 6716 3.2.5: no packet is longer than 120 ms. */
const MAX_PACKET_SAMPLES = 5760;

/** The identification header (RFC 7845 5.1). */
export interface OpusHead {
  channels: number;
  /** Samples to drop at the start, at 48 kHz. */
  preSkip: number;
  /** Of the original input, for information; 0 when unknown. */
  inputSampleRate: number;
  /** Q7.8 dB. */
  outputGain: number;
  /** 0: mono or stereo; 1: Vorbis order; others by registration. */
  mappingFamily: number;
  /** Present unless the family is 0: streams, of them coupled, and the channel mapping. */
  mapping: { streams: number; coupled: number; channels: Buffer } | null;
}

/** Reads OpusHead; the channel mapping is a part of `data`. */
export function parseOpusHead(data: Buffer): OpusHead | WireError {
  if (data.length < HEAD_BYTES) return new WireError('an OpusHead of 19 bytes', `${data.length} bytes`, data.length);
  if (!data.subarray(0, 8).equals(MAGIC)) return new WireError("'OpusHead'", `bytes ${data.toString('hex', 0, 8)}`, 0);
  // The upper four bits are the major version (RFC 7845 5.1).
  if (data.readUInt8(8) > 15) return new WireError('OpusHead version 0 to 15', String(data[8]), 8);
  const channels = data.readUInt8(9);
  const mappingFamily = data.readUInt8(18);
  if (channels === 0 || (mappingFamily === 0 && channels > 2)) {
    return new WireError('a channel count that fits the mapping family', String(channels), 9);
  }
  let mapping: OpusHead['mapping'] = null;
  if (mappingFamily !== 0) {
    const end = HEAD_BYTES + 2 + channels;
    if (data.length < end) return new WireError('a channel mapping', 'end of OpusHead', data.length);
    mapping = { streams: data.readUInt8(19), coupled: data.readUInt8(20), channels: data.subarray(21, end) };
  }
  return {
    channels,
    preSkip: data.readUInt16LE(10),
    inputSampleRate: data.readUInt32LE(12),
    outputGain: data.readInt16LE(16),
    mappingFamily,
    mapping,
  };
}

/** Makes OpusHead; what is left out is 0, and the input rate 48000. */
export function buildOpusHead(head: Pick<OpusHead, 'channels'> & Partial<OpusHead>): Buffer {
  const fixed = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(fixed);
  fixed[8] = 1;
  fixed[9] = head.channels;
  fixed.writeUInt16LE(head.preSkip ?? 0, 10);
  fixed.writeUInt32LE(head.inputSampleRate ?? OPUS_SAMPLE_RATE, 12);
  fixed.writeInt16LE(head.outputGain ?? 0, 16);
  fixed[18] = head.mappingFamily ?? 0;
  if (!head.mapping) return fixed;
  return Buffer.concat([fixed, Buffer.of(head.mapping.streams, head.mapping.coupled), head.mapping.channels]);
}

/** Samples at 48 kHz of one frame, by the TOC byte's configuration number (RFC 6716 table 2). */
function frameSamples(configuration: number): number {
  if (configuration < 12) return [480, 960, 1920, 2880][configuration & 3]!;
  if (configuration < 16) return configuration & 1 ? 960 : 480;
  return 120 << (configuration & 3);
}

/** Samples at 48 kHz of a packet (RFC 6716 3.1, 3.2): 960 are 20 ms. */
export function opusPacketSamples(packet: Buffer): number | WireError {
  if (packet.length === 0) return new WireError('a TOC byte', 'an empty packet');
  const toc = packet.readUInt8(0);
  const code = toc & 3;
  let frames = code === 0 ? 1 : 2;
  if (code === 3) {
    if (packet.length < 2) return new WireError('a frame count', 'end of packet', 1);
    frames = packet.readUInt8(1) & 0x3f;
  }
  const samples = frames * frameSamples(toc >> 3);
  if (samples < 1 || samples > MAX_PACKET_SAMPLES) {
    return new WireError('a packet of up to 120 ms', `${samples / 48} ms`, 1);
  }
  return samples;
}
