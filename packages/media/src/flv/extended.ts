import { WireError } from '../result.ts';

const MOD_EX = 7;
const ONE_TRACK = 0;

/** What stands before the payload of an enhanced message. */
export interface ExtendedHeader {
  packetType: number;
  fourCc: number;
  fourCcOffset: number;
  /** Where the payload begins. */
  offset: number;
}

/**
 * Reads the enhanced header that audio and video share, from the first byte on (its low four bits are the packet type):
 * steps over ModEx extensions (nanosecond offsets), unwraps a multitrack message that carries only the first track.
 * @param multitrack the packet type that means Multitrack: 6 for video, 5 for audio.
 * @param commandUnless not null for video command frames, which have no codec: the only packet type that still has one.
 * @returns null for commands and for tracks besides the first, which nobody here carries.
 * @see Enhanced RTMP v2, ExAudioTagHeader and ExVideoTagHeader.
 */
export function parseExtendedHeader(
  body: Buffer,
  multitrack: number,
  commandUnless: number | null,
): ExtendedHeader | null | WireError {
  const start = skipModEx(body);
  if (start instanceof WireError) return start;
  let { packetType, offset } = start;
  if (commandUnless !== null && packetType !== commandUnless) return null;
  let inTrack = false;
  if (packetType === multitrack) {
    if (offset >= body.length) return new WireError('a multitrack type', 'end of message', offset);
    const byte = body.readUInt8(offset);
    if (byte >> 4 !== ONE_TRACK) {
      return new WireError('one track (multitrack is not supported)', `multitrack type ${byte >> 4}`, offset);
    }
    packetType = byte & 0x0f;
    if (packetType === multitrack || packetType === MOD_EX) {
      return new WireError('a packet type inside the track', String(packetType), offset);
    }
    inTrack = true;
    offset += 1;
  }
  const fourCcOffset = offset;
  if (body.length < offset + 4) return new WireError('a codec of 4 letters', `${body.length - offset} bytes`, offset);
  const fourCc = body.readUInt32BE(offset);
  offset += 4;
  if (inTrack) {
    if (offset >= body.length) return new WireError('a track id', 'end of message', offset);
    if (body.readUInt8(offset) !== 0) return null;
    offset += 1;
  }
  return { packetType, fourCc, fourCcOffset, offset };
}

/** Each extension: size - 1 (one byte, or 255 and two bytes), data, then its type and the next packet type in one byte. */
function skipModEx(body: Buffer): { packetType: number; offset: number } | WireError {
  let packetType = body.readUInt8(0) & 0x0f;
  let offset = 1;
  while (packetType === MOD_EX) {
    if (offset >= body.length) return new WireError('a ModEx size', 'end of message', offset);
    let size = body.readUInt8(offset) + 1;
    offset += 1;
    if (size === 256) {
      if (offset + 2 > body.length) return new WireError('a ModEx size of 2 bytes', 'end of message', offset);
      size = body.readUInt16BE(offset) + 1;
      offset += 2;
    }
    offset += size;
    if (offset >= body.length) return new WireError(`ModEx data of ${size} bytes and a type`, 'end of message', offset);
    packetType = body.readUInt8(offset) & 0x0f;
    offset += 1;
  }
  return { packetType, offset };
}
