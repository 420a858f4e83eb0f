import type { FrameType, VideoCodec, VideoFrame } from '../frame.ts';
import { WireError } from '../result.ts';
import { parseExtendedHeader } from './extended.ts';
import { AV01, AVC1, fourCcName, HVC1, VP08, VP09 } from './fourcc.ts';

/** FLV 10.1 VideoTagHeader: FrameType. */
const KEY_FRAME = 1;
const GENERATED_KEY_FRAME = 4;
const COMMAND_FRAME = 5;

const LEGACY_AVC = 7;
/** Not in Adobe's list; what Chinese CDNs and their encoders agreed on before enhanced RTMP. */
const LEGACY_HEVC = 12;

/** Enhanced RTMP, VideoPacketType. */
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const CODED_FRAMES_X = 3;
const METADATA = 4;
const MPEG2TS_SEQUENCE_START = 5;
const MULTITRACK = 6;

const LEGACY_NAMES = new Map([
  [1, 'JPEG'],
  [2, 'Sorenson H.263'],
  [3, 'Screen video'],
  [4, 'VP6'],
  [5, 'VP6 with alpha'],
  [6, 'Screen video 2'],
  [8, 'H.263'],
  [9, 'MPEG-4 part 2'],
  [13, 'AV1 as codec id 13'],
]);

const FOURCC_CODECS = new Map<number, VideoCodec>([
  [AVC1, 'h264'],
  [HVC1, 'h265'],
  [AV01, 'av1'],
  [VP09, 'vp9'],
  [VP08, 'vp8'],
]);

/**
 * Reads the body of an FLV video tag or RTMP video message.
 * @param dts the message's time, unwrapped ms.
 * @returns the frame, its data a part of `body`; null when there is nothing to carry (end of sequence, commands, empty
 *   messages, colour metadata, tracks besides the first); a WireError that names the codec when it is not carried here.
 * @see Adobe FLV 10.1 E.4.3; enhanced RTMP v2, ExVideoTagHeader.
 */
export function parseVideoBody(body: Buffer, dts: number): VideoFrame | null | WireError {
  if (body.length === 0) return null;
  return body.readUInt8(0) & 0x80 ? parseExtended(body, dts) : parseLegacy(body, dts);
}

function parseLegacy(body: Buffer, dts: number): VideoFrame | null | WireError {
  const first = body.readUInt8(0);
  const frameType = first >> 4;
  if (frameType === COMMAND_FRAME) return null;
  const codecId = first & 0x0f;
  if (codecId !== LEGACY_AVC && codecId !== LEGACY_HEVC) {
    const name = LEGACY_NAMES.get(codecId) ?? 'an unknown codec';
    return new WireError('H.264 (7) or H.265 (12) video', `${name} (codec id ${codecId})`, 0);
  }
  if (body.length < 5) {
    // Some encoders end a stream with the first two bytes only.
    if (body.length >= 2 && body.readUInt8(1) === SEQUENCE_END) return null;
    return new WireError('a video header of 5 bytes', `${body.length} bytes`, body.length);
  }
  const codec = codecId === LEGACY_AVC ? 'h264' : 'h265';
  const packetType = body.readUInt8(1);
  if (packetType === SEQUENCE_START) return configFrame(codec, dts, body.subarray(5));
  if (packetType === CODED_FRAMES) return codedFrame(codec, frameType, dts, readSigned24(body, 2), body.subarray(5));
  if (packetType === SEQUENCE_END) return null;
  return new WireError('AVC packet type 0, 1 or 2', String(packetType), 1);
}

function parseExtended(body: Buffer, dts: number): VideoFrame | null | WireError {
  const frameType = (body.readUInt8(0) >> 4) & 0x07;
  const header = parseExtendedHeader(body, MULTITRACK, frameType === COMMAND_FRAME ? METADATA : null);
  if (header === null || header instanceof WireError) return header;
  const { packetType, offset } = header;
  const codec = FOURCC_CODECS.get(header.fourCc);
  if (codec === undefined) {
    return new WireError(
      'video of codec avc1, hvc1, av01, vp09 or vp08',
      `'${fourCcName(header.fourCc)}'`,
      header.fourCcOffset,
    );
  }
  switch (packetType) {
    case SEQUENCE_START:
      return configFrame(codec, dts, body.subarray(offset));
    case CODED_FRAMES:
      if (codec !== 'h264' && codec !== 'h265') return codedFrame(codec, frameType, dts, 0, body.subarray(offset));
      if (body.length < offset + 3) {
        return new WireError('a composition time of 3 bytes', `${body.length - offset} bytes`, offset);
      }
      return codedFrame(codec, frameType, dts, readSigned24(body, offset), body.subarray(offset + 3));
    case CODED_FRAMES_X:
      return codedFrame(codec, frameType, dts, 0, body.subarray(offset));
    case MPEG2TS_SEQUENCE_START:
      return codec === 'av1'
        ? av1FromTransportStream(body, offset, dts)
        : new WireError('MPEG-2 TS sequence start for av01 only', codec, 0);
    case SEQUENCE_END:
    case METADATA:
      return null;
    default:
      return new WireError('a video packet type of 0 to 7', String(packetType), 0);
  }
}

function configFrame(codec: VideoCodec, dts: number, data: Buffer): VideoFrame | null {
  if (data.length === 0) return null;
  return { track: 'video', codec, type: 'config', dts, cts: 0, data };
}

function codedFrame(codec: VideoCodec, frameType: number, dts: number, cts: number, data: Buffer): VideoFrame | null {
  const type: FrameType = frameType === KEY_FRAME || frameType === GENERATED_KEY_FRAME ? 'key' : 'inter';
  const payload = codec === 'av1' ? withoutTemporalDelimiter(data) : data;
  if (payload.length === 0) return null;
  return { track: 'video', codec, type, dts, cts, data: payload };
}

/** AV1 5.3.1: a temporal delimiter (`12 00`) may open a temporal unit; files and frames here go without. */
function withoutTemporalDelimiter(unit: Buffer): Buffer {
  return unit.length >= 2 && unit[0] === 0x12 && unit[1] === 0 ? unit.subarray(2) : unit;
}

/**
 * AV1VideoDescriptor (AV1 in MPEG-2 TS 2.1) as av1C without OBUs: tag and length fall away and the bits for HDR, which
 * av1C reserves, are cleared. The only payload that is not a part of the message: four bytes.
 */
function av1FromTransportStream(body: Buffer, offset: number, dts: number): VideoFrame | WireError {
  if (body.length < offset + 6 || body.readUInt8(offset) !== 0x80) {
    return new WireError('an AV1 video descriptor of 6 bytes (tag 0x80)', `${body.length - offset} bytes`, offset);
  }
  const data = Buffer.from(body.subarray(offset + 2, offset + 6));
  data.writeUInt8(data.readUInt8(3) & 0x1f, 3);
  return { track: 'video', codec: 'av1', type: 'config', dts, cts: 0, data };
}

function readSigned24(body: Buffer, offset: number): number {
  return body.readIntBE(offset, 3);
}
