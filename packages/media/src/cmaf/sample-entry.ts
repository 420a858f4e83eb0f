import type { AudioInfo, VideoInfo } from '../codec/info.ts';
import { buildVpConfig, parseVp9KeyFrame, vpRecord } from '../codec/vp9.ts';
import type { VideoFrame } from '../frame.ts';
import { WireError } from '../result.ts';
import { box, fullBox, u8, u16, u32, zeros } from './box.ts';

/** ISO 14496-1 7.2.6.6, objectTypeIndication: MPEG-4 audio, and MPEG-1 audio (ISO 11172-3). */
const MPEG4_AUDIO = 0x40;
const MPEG1_AUDIO = 0x6b;

/**
 * The sample entry of a video track (ISO 14496-12 12.1.3): avc1, hvc1 (ISO 14496-15), av01 (AV1-ISOBMFF 2.2), vp09, vp08
 * (VP codec ISO media file binding). `config` is the configuration frame; VP9 and VP8 without one: a key frame.
 */
export function videoSampleEntry(config: VideoFrame, info: VideoInfo): Buffer {
  const { type, child } = videoEntry(config);
  const aspect = info.pixelAspect;
  return box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(info.width, info.height),
    u32(0x00480000, 0x00480000, 0),
    u16(1),
    zeros(32),
    u16(0x18, 0xffff),
    child,
    aspect === undefined ? zeros(0) : box('pasp', u32(aspect.width, aspect.height)),
  );
}

function videoEntry(config: VideoFrame): { type: string; child: Buffer } {
  switch (config.codec) {
    case 'h264':
      return { type: 'avc1', child: box('avcC', config.data) };
    case 'h265':
      return { type: 'hvc1', child: box('hvcC', config.data) };
    case 'av1':
      return { type: 'av01', child: box('av1C', config.data) };
    case 'vp9':
      return { type: 'vp09', child: fullBox('vpcC', 1, 0, vpConfig(config)) };
    case 'vp8':
      return { type: 'vp08', child: fullBox('vpcC', 1, 0, vpConfig(config)) };
  }
}

function vpConfig(frame: VideoFrame): Buffer {
  if (frame.type === 'config') return vpRecord(frame.data);
  const key = frame.codec === 'vp9' ? parseVp9KeyFrame(frame.data) : null;
  const { profile, bitDepth } = key === null || key instanceof WireError ? { profile: 0, bitDepth: 8 } : key;
  return buildVpConfig({ profile, level: 0, bitDepth, chromaSubsampling: profile % 2 === 0 ? 1 : 3 });
}

/**
 * The sample entry of an audio track (ISO 14496-12 12.2.3): mp4a with esds (ISO 14496-14 5.6), Opus with dOps (Opus in
 * ISOBMFF 4.3). `config` is AudioSpecificConfig or OpusHead, as in frames; of no account for MP3.
 */
export function audioSampleEntry(config: Buffer, info: AudioInfo): Buffer {
  const opus = info.codec === 'opus';
  return box(
    opus ? 'Opus' : 'mp4a',
    zeros(6),
    u16(1),
    zeros(8),
    u16(info.channels, 16, 0, 0),
    // 16.16 fixed point: rates past 65535 stand in the decoder's configuration only.
    u16(info.sampleRate <= 0xffff ? info.sampleRate : 0, 0),
    opus ? opusSpecificBox(config) : esds(config, info),
  );
}

/** Big-endian, version 0, where OpusHead is little-endian, version 1 (RFC 7845 5.1). */
function opusSpecificBox(head: Buffer): Buffer {
  const mappingFamily = head[18] ?? 0;
  return box(
    'dOps',
    u8(0, head[9] ?? 2),
    u16(head.readUInt16LE(10)),
    u32(head.readUInt32LE(12)),
    u16(head.readUInt16LE(16)),
    u8(mappingFamily),
    mappingFamily === 0 ? zeros(0) : head.subarray(19),
  );
}

function esds(config: Buffer, info: AudioInfo): Buffer {
  const mp3 = info.codec === 'mp3';
  const decoderConfig = descriptor(
    4,
    // 0x15: audio stream (5), not upstream, the reserved bit.
    u8(mp3 ? MPEG1_AUDIO : MPEG4_AUDIO, 0x15, 0, 0, 0),
    u32(0, 0),
    mp3 ? zeros(0) : descriptor(5, config),
  );
  return fullBox('esds', 0, 0, descriptor(3, u16(0), u8(0), decoderConfig, descriptor(6, u8(2))));
}

/** ISO 14496-1 8.3.3: tag, size in groups of seven bits, content. */
function descriptor(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = body.length;
  const sizeBytes = [
    0x80 | ((size >> 21) & 0x7f),
    0x80 | ((size >> 14) & 0x7f),
    0x80 | ((size >> 7) & 0x7f),
    size & 0x7f,
  ];
  return Buffer.concat([u8(tag, ...sizeBytes), body]);
}
