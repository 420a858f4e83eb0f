import type { AudioFrame, DataFrame, Frame, VideoFrame } from '../frame.ts';
import type { WireError } from '../result.ts';
import { parseAudioBody } from './audio.ts';
import { tagBodyHeader } from './body-header.ts';
import { parseDataBody } from './data.ts';
import { wireTimestamp } from './timestamp.ts';
import { parseVideoBody } from './video.ts';

/** FLV 10.1 E.4.1 TagType; the same numbers as RTMP's message types. */
export const TAG_TYPE = { audio: 8, video: 9, data: 18 } as const satisfies Record<Frame['track'], number>;

const TAG_HEADER_BYTES = 11;
const PREVIOUS_SIZE_BYTES = 4;

/** The first 13 bytes of an FLV file or HTTP-FLV stream: the header and PreviousTagSize0 (FLV 10.1 E.2, E.3). */
export function flvFileHeader(hasAudio: boolean, hasVideo: boolean): Buffer {
  return Buffer.from([0x46, 0x4c, 0x56, 1, (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0), 0, 0, 0, 9, 0, 0, 0, 0]);
}

/**
 * One frame as an FLV tag with its PreviousTagSize (FLV 10.1 E.4.1), one allocation. The time is the frame's dts in
 * whole ms modulo 2^32.
 * @throws RangeError when the body does not fit 24 bits; messages that long are refused at the entrance.
 */
export function writeFlvTag(frame: Frame): Buffer {
  const header = tagBodyHeader(frame);
  const bodyBytes = header.length + frame.data.length;
  const tagBytes = TAG_HEADER_BYTES + bodyBytes;
  if (bodyBytes > 0xffffff) throw new RangeError(`an FLV tag holds 16777215 bytes, not ${bodyBytes}`);
  const tag = Buffer.allocUnsafe(tagBytes + PREVIOUS_SIZE_BYTES);
  const timestamp = wireTimestamp(frame.dts);
  tag.writeUInt32BE(((TAG_TYPE[frame.track] << 24) | bodyBytes) >>> 0, 0);
  tag.writeUInt32BE(((timestamp << 8) | (timestamp >>> 24)) >>> 0, 4);
  tag[8] = 0;
  tag[9] = 0;
  tag[10] = 0;
  header.copy(tag, TAG_HEADER_BYTES);
  frame.data.copy(tag, TAG_HEADER_BYTES + header.length);
  tag.writeUInt32BE(tagBytes, tagBytes);
  return tag;
}

/** The body of a tag or message of one track as a frame; see the three parsers for what null and errors mean. */
export function parseTagBody(track: 'video', body: Buffer, dts: number): VideoFrame | null | WireError;
export function parseTagBody(track: 'audio', body: Buffer, dts: number): AudioFrame | null | WireError;
export function parseTagBody(track: 'data', body: Buffer, dts: number): DataFrame | null | WireError;
export function parseTagBody(track: Frame['track'], body: Buffer, dts: number): Frame | null | WireError;
export function parseTagBody(track: Frame['track'], body: Buffer, dts: number): Frame | null | WireError {
  if (track === 'video') return parseVideoBody(body, dts);
  return track === 'audio' ? parseAudioBody(body, dts) : parseDataBody(body, dts);
}
