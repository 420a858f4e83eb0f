import type { AudioCodec, AudioFrame, FrameType } from '../frame.ts';
import { WireError } from '../result.ts';
import { parseExtendedHeader } from './extended.ts';
import { fourCcName, MP3, MP4A, OPUS } from './fourcc.ts';

/** FLV 10.1 AudioTagHeader: SoundFormat. */
const LEGACY_MP3 = 2;
const EXTENDED = 9;
const LEGACY_AAC = 10;
const LEGACY_MP3_8KHZ = 14;

/** Enhanced RTMP, AudioPacketType; 0 and 1 are the legacy AACPacketType as well. */
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const MULTICHANNEL_CONFIG = 4;
const MULTITRACK = 5;

const LEGACY_NAMES = new Map([
  [0, 'platform-endian PCM'],
  [1, 'ADPCM'],
  [3, 'PCM'],
  [4, 'Nellymoser 16 kHz'],
  [5, 'Nellymoser 8 kHz'],
  [6, 'Nellymoser'],
  [7, 'G.711 A-law'],
  [8, 'G.711 mu-law'],
  [11, 'Speex'],
  [13, 'Opus as sound format 13'],
  [15, 'device-specific sound'],
]);

const FOURCC_CODECS = new Map<number, AudioCodec>([
  [OPUS, 'opus'],
  [MP4A, 'aac'],
  [MP3, 'mp3'],
]);

/**
 * Reads the body of an FLV audio tag or RTMP audio message.
 * @param dts the message's time, unwrapped ms.
 * @returns the frame, its data a part of `body`; null when there is nothing to carry (empty messages, end of sequence,
 *   channel maps, tracks besides the first); a WireError that names the codec when it is not carried here.
 * @see Adobe FLV 10.1 E.4.2; enhanced RTMP v2, ExAudioTagHeader.
 */
export function parseAudioBody(body: Buffer, dts: number): AudioFrame | null | WireError {
  if (body.length === 0) return null;
  const format = body.readUInt8(0) >> 4;
  switch (format) {
    case LEGACY_AAC:
      return parseAac(body, dts);
    case LEGACY_MP3:
    case LEGACY_MP3_8KHZ:
      return audioFrame('mp3', 'key', dts, body.subarray(1));
    case EXTENDED:
      return parseExtended(body, dts);
    default: {
      const name = LEGACY_NAMES.get(format) ?? 'an unknown codec';
      return new WireError('AAC (10) or MP3 (2, 14) audio', `${name} (sound format ${format})`, 0);
    }
  }
}

function parseAac(body: Buffer, dts: number): AudioFrame | null | WireError {
  if (body.length < 2) return new WireError('an AAC packet type', 'end of message', 1);
  const packetType = body.readUInt8(1);
  if (packetType === SEQUENCE_START) return audioFrame('aac', 'config', dts, body.subarray(2));
  if (packetType === CODED_FRAMES) return audioFrame('aac', 'key', dts, body.subarray(2));
  return new WireError('AAC packet type 0 or 1', String(packetType), 1);
}

function parseExtended(body: Buffer, dts: number): AudioFrame | null | WireError {
  const header = parseExtendedHeader(body, MULTITRACK, null);
  if (header === null || header instanceof WireError) return header;
  const codec = FOURCC_CODECS.get(header.fourCc);
  if (codec === undefined) {
    return new WireError('audio of codec Opus, mp4a or .mp3', `'${fourCcName(header.fourCc)}'`, header.fourCcOffset);
  }
  const data = body.subarray(header.offset);
  switch (header.packetType) {
    case SEQUENCE_START:
      return codec === 'mp3' ? null : audioFrame(codec, 'config', dts, data);
    case CODED_FRAMES:
      return audioFrame(codec, 'key', dts, data);
    case SEQUENCE_END:
    case MULTICHANNEL_CONFIG:
      return null;
    default:
      return new WireError('an audio packet type of 0, 1, 2, 4, 5 or 7', String(header.packetType), 0);
  }
}

function audioFrame(codec: AudioCodec, type: FrameType, dts: number, data: Buffer): AudioFrame | null {
  return data.length === 0 ? null : { track: 'audio', codec, type, dts, cts: 0, data };
}
