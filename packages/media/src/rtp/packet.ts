import { WireError } from '../result.ts';
import type { HeaderExtension } from './header-extension.ts';

/** Bytes of a header without CSRCs and extension. */
export const RTP_HEADER_BYTES = 12;

/** An RTP packet (RFC 3550 5.1); payload and extension are parts of the bytes it was read from. */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** 16 bits. */
  sequenceNumber: number;
  /** 32 bits, in the payload's clock. */
  timestamp: number;
  ssrc: number;
  csrcs: readonly number[];
  extension: HeaderExtension | null;
  /** Without padding. */
  payload: Buffer;
}

/** Whether a datagram that shares RTP's port is RTCP: packet types 192 to 223 (RFC 5761 4). */
export function isRtcp(datagram: Buffer): boolean {
  const type = datagram[1];
  return type !== undefined && type >= 192 && type <= 223;
}

/** Reads one packet; `data` is the whole datagram, decrypted. */
export function parseRtpPacket(data: Buffer): RtpPacket | WireError {
  if (data.length < RTP_HEADER_BYTES) return new WireError('an RTP header of 12 bytes', `${data.length} bytes`);
  const first = data.readUInt8(0);
  if (first >> 6 !== 2) return new WireError('RTP version 2', String(first >> 6));
  const csrcCount = first & 15;
  let start = RTP_HEADER_BYTES + csrcCount * 4;
  if (start > data.length) return new WireError(`${csrcCount} CSRCs`, 'end of packet', RTP_HEADER_BYTES);
  const csrcs = Array.from({ length: csrcCount }, (_, i) => data.readUInt32BE(RTP_HEADER_BYTES + i * 4));
  let extension: HeaderExtension | null = null;
  if (first & 0x10) {
    if (start + 4 > data.length) return new WireError('a header extension', 'end of packet', start);
    const end = start + 4 + data.readUInt16BE(start + 2) * 4;
    if (end > data.length) return new WireError(`a header extension up to byte ${end}`, 'end of packet', start);
    extension = { profile: data.readUInt16BE(start), data: data.subarray(start + 4, end) };
    start = end;
  }
  let end = data.length;
  if (first & 0x20) {
    const padding = data.readUInt8(end - 1);
    if (padding === 0 || padding > end - start) {
      return new WireError(`padding of 1 to ${end - start} bytes`, String(padding), end - 1);
    }
    end -= padding;
  }
  const second = data.readUInt8(1);
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequenceNumber: data.readUInt16BE(2),
    timestamp: data.readUInt32BE(4),
    ssrc: data.readUInt32BE(8),
    csrcs,
    extension,
    payload: data.subarray(start, end),
  };
}

/** The packet's bytes, without padding. */
export function writeRtpPacket(packet: RtpPacket): Buffer {
  const { csrcs, extension, payload } = packet;
  const extensionBytes = extension ? 4 + extension.data.length : 0;
  const out = Buffer.allocUnsafe(RTP_HEADER_BYTES + csrcs.length * 4 + extensionBytes + payload.length);
  writeRtpHeader(out, packet);
  out[0] = 0x80 | (extension ? 0x10 : 0) | csrcs.length;
  let at = RTP_HEADER_BYTES;
  for (const csrc of csrcs) at = out.writeUInt32BE(csrc, at);
  if (extension) {
    at = out.writeUInt16BE(extension.profile, at);
    at = out.writeUInt16BE(extension.data.length / 4, at);
    at += extension.data.copy(out, at);
  }
  payload.copy(out, at);
  return out;
}

/** Writes a plain header into the first 12 bytes of `into`, for senders that keep room for it before the payload. */
export function writeRtpHeader(
  into: Buffer,
  header: Pick<RtpPacket, 'payloadType' | 'marker' | 'sequenceNumber' | 'timestamp' | 'ssrc'>,
): void {
  into[0] = 0x80;
  into[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  into.writeUInt16BE(header.sequenceNumber, 2);
  into.writeUInt32BE(header.timestamp, 4);
  into.writeUInt32BE(header.ssrc, 8);
}
