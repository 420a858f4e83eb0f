/** Feedback messages: what a receiver asks of a sender at once (RFC 4585 6). */
import { WireError } from '../result.ts';
import { parseTransportFeedback, type TransportFeedback, writeTransportFeedback } from './transport-feedback.ts';

/** Packets that did not come; 16-bit sequence numbers, ascending from the first (RFC 4585 6.2.1). */
export interface Nack {
  kind: 'nack';
  senderSsrc: number;
  mediaSsrc: number;
  lost: readonly number[];
}

/** Pictures cannot be decoded: a key frame, please (RFC 4585 6.3.1). */
export interface PictureLoss {
  kind: 'pictureLoss';
  senderSsrc: number;
  mediaSsrc: number;
}

/** A key frame, please; each wish has a number of its own, so that repeats count once (RFC 5104 4.3.1). */
export interface FullIntraRequest {
  kind: 'fullIntraRequest';
  senderSsrc: number;
  requests: readonly { ssrc: number; number: number }[];
}

/** REMB: the rate the receiver thinks the path carries (draft-alvestrand-rmcat-remb-03 2). */
export interface BitrateEstimate {
  kind: 'bitrateEstimate';
  senderSsrc: number;
  /** bit/s; written with 18 significant bits, rounded down. */
  bitrate: number;
  ssrcs: readonly number[];
}

export type FeedbackPacket = Nack | PictureLoss | FullIntraRequest | BitrateEstimate | TransportFeedback;

/** Feedback we have no use for. */
export interface OtherFeedback {
  kind: 'otherFeedback';
  packetType: 205 | 206;
  format: number;
  senderSsrc: number;
  mediaSsrc: number;
  body: Buffer;
}

const RTP_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const FORMAT = { nack: 1, transport: 15, pictureLoss: 1, fullIntraRequest: 4, applicationLayer: 15 };
const REMB = Buffer.from('REMB');

/** @param body behind the 4-byte RTCP header. */
export function parseTransportFeedbackPacket(body: Buffer, format: number): FeedbackPacket | OtherFeedback | WireError {
  if (body.length < 8) return new WireError('two SSRCs', 'end of packet');
  const senderSsrc = body.readUInt32BE(0);
  const mediaSsrc = body.readUInt32BE(4);
  const rest = body.subarray(8);
  if (format === FORMAT.nack) return { kind: 'nack', senderSsrc, mediaSsrc, lost: parseNack(rest) };
  if (format === FORMAT.transport) {
    const feedback = parseTransportFeedback(rest);
    if (feedback instanceof WireError) return new WireError(feedback.expected, feedback.got, feedback.offset + 8);
    return { kind: 'transportFeedback', senderSsrc, mediaSsrc, ...feedback };
  }
  return { kind: 'otherFeedback', packetType: RTP_FEEDBACK, format, senderSsrc, mediaSsrc, body: rest };
}

/** @param body behind the 4-byte RTCP header. */
export function parsePayloadFeedback(body: Buffer, format: number): FeedbackPacket | OtherFeedback | WireError {
  if (body.length < 8) return new WireError('two SSRCs', 'end of packet');
  const senderSsrc = body.readUInt32BE(0);
  const mediaSsrc = body.readUInt32BE(4);
  const rest = body.subarray(8);
  if (format === FORMAT.pictureLoss) return { kind: 'pictureLoss', senderSsrc, mediaSsrc };
  if (format === FORMAT.fullIntraRequest) {
    const requests = Array.from({ length: Math.floor(rest.length / 8) }, (_, i) => ({
      ssrc: rest.readUInt32BE(i * 8),
      number: rest.readUInt8(i * 8 + 4),
    }));
    return { kind: 'fullIntraRequest', senderSsrc, requests };
  }
  if (format === FORMAT.applicationLayer && rest.subarray(0, 4).equals(REMB))
    return parseBitrateEstimate(rest, senderSsrc);
  return { kind: 'otherFeedback', packetType: PAYLOAD_FEEDBACK, format, senderSsrc, mediaSsrc, body: rest };
}

function parseNack(rest: Buffer): number[] {
  const lost: number[] = [];
  for (let at = 0; at + 4 <= rest.length; at += 4) {
    const first = rest.readUInt16BE(at);
    const mask = rest.readUInt16BE(at + 2);
    lost.push(first);
    for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) lost.push((first + bit + 1) & 0xffff);
  }
  return lost;
}

function parseBitrateEstimate(rest: Buffer, senderSsrc: number): BitrateEstimate | WireError {
  if (rest.length < 8) return new WireError('a REMB of 8 bytes', `${rest.length} bytes`, 8);
  const count = rest.readUInt8(4);
  if (rest.length < 8 + count * 4) return new WireError(`${count} SSRCs`, 'end of packet', 16);
  const exponent = rest.readUInt8(5) >> 2;
  const mantissa = rest.readUIntBE(5, 3) & 0x3ffff;
  return {
    kind: 'bitrateEstimate',
    senderSsrc,
    bitrate: mantissa * 2 ** exponent,
    ssrcs: Array.from({ length: count }, (_, i) => rest.readUInt32BE(8 + i * 4)),
  };
}

/** What stands behind the RTCP header, with the header's packet type and format. */
export function writeFeedback(packet: FeedbackPacket | OtherFeedback): {
  packetType: number;
  format: number;
  body: Buffer;
} {
  const ssrcs = Buffer.alloc(8);
  ssrcs.writeUInt32BE(packet.senderSsrc, 0);
  if ('mediaSsrc' in packet) ssrcs.writeUInt32BE(packet.mediaSsrc, 4);
  const as = (packetType: number, format: number, ...rest: Buffer[]) => ({
    packetType,
    format,
    body: Buffer.concat([ssrcs, ...rest]),
  });
  switch (packet.kind) {
    case 'nack':
      return as(RTP_FEEDBACK, FORMAT.nack, writeNack(packet.lost));
    case 'transportFeedback':
      return as(RTP_FEEDBACK, FORMAT.transport, writeTransportFeedback(packet));
    case 'pictureLoss':
      return as(PAYLOAD_FEEDBACK, FORMAT.pictureLoss);
    case 'fullIntraRequest':
      return as(PAYLOAD_FEEDBACK, FORMAT.fullIntraRequest, ...packet.requests.map(writeIntraRequest));
    case 'bitrateEstimate':
      return as(PAYLOAD_FEEDBACK, FORMAT.applicationLayer, writeBitrateEstimate(packet));
    case 'otherFeedback':
      return as(packet.packetType, packet.format, packet.body);
  }
}

function writeNack(lost: readonly number[]): Buffer {
  const pairs: { first: number; mask: number }[] = [];
  for (const number of lost) {
    const pair = pairs.at(-1);
    const ahead = pair ? (number - pair.first) & 0xffff : 0;
    if (pair && ahead >= 1 && ahead <= 16) pair.mask |= 1 << (ahead - 1);
    else pairs.push({ first: number, mask: 0 });
  }
  const out = Buffer.allocUnsafe(pairs.length * 4);
  pairs.forEach(({ first, mask }, i) => {
    out.writeUInt16BE(first, i * 4);
    out.writeUInt16BE(mask, i * 4 + 2);
  });
  return out;
}

function writeIntraRequest({ ssrc, number }: { ssrc: number; number: number }): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32BE(ssrc);
  out.writeUInt8(number & 0xff, 4);
  return out;
}

function writeBitrateEstimate({ bitrate, ssrcs }: BitrateEstimate): Buffer {
  let exponent = 0;
  let mantissa = Math.floor(bitrate);
  while (mantissa > 0x3ffff) {
    mantissa = Math.floor(mantissa / 2);
    exponent += 1;
  }
  const out = Buffer.alloc(8 + ssrcs.length * 4);
  REMB.copy(out);
  out.writeUInt8(ssrcs.length, 4);
  out.writeUIntBE(exponent * 2 ** 18 + mantissa, 5, 3);
  ssrcs.forEach((ssrc, i) => {
    out.writeUInt32BE(ssrc, 8 + i * 4);
  });
  return out;
}
