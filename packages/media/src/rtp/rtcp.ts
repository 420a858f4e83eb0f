/** RTCP: reports, descriptions and goodbyes (RFC 3550 6), feedback (RFC 4585, 5104, REMB, transport-wide). */
import { WireError } from '../result.ts';
import {
  type FeedbackPacket,
  type OtherFeedback,
  parsePayloadFeedback,
  parseTransportFeedbackPacket,
  writeFeedback,
} from './rtcp-feedback.ts';

/** What a receiver says about one source (RFC 3550 6.4.1). */
export interface ReportBlock {
  ssrc: number;
  /** Of 256, since the last report. */
  fractionLost: number;
  /** 24 bits, signed. */
  totalLost: number;
  /** Wraps in the upper 16 bits, sequence number in the lower. */
  highestSequence: number;
  /** In the payload's clock. */
  jitter: number;
  /** Middle 32 bits of the last sender report's NTP time; 0 without one. */
  lastSenderReport: number;
  /** Since it came, 1/65536 s. */
  delaySinceLastSenderReport: number;
}

export interface SenderReport {
  kind: 'senderReport';
  ssrc: number;
  /** Wall clock, 1/2^32 s since 1900. */
  ntp: bigint;
  /** The same moment in the payload's clock. */
  timestamp: number;
  packets: number;
  bytes: number;
  reports: readonly ReportBlock[];
}

export interface ReceiverReport {
  kind: 'receiverReport';
  ssrc: number;
  reports: readonly ReportBlock[];
}

export interface SourceDescription {
  kind: 'sourceDescription';
  /** Items by RFC 3550 6.5: type 1 is CNAME. */
  chunks: readonly { ssrc: number; items: readonly { type: number; text: string }[] }[];
}

export interface Goodbye {
  kind: 'goodbye';
  ssrcs: readonly number[];
}

/** A packet of a type we have no use for; `body` follows its 4-byte header, padding included. */
export interface OtherRtcp {
  kind: 'other';
  packetType: number;
  count: number;
  body: Buffer;
}

export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | FeedbackPacket
  | OtherFeedback
  | OtherRtcp;

const TYPE = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  rtpFeedback: 205,
  payloadFeedback: 206,
};
const REPORT_BLOCK_BYTES = 24;

/** Reads a compound or reduced-size packet (RFC 5506), decrypted. */
export function parseRtcp(data: Buffer): RtcpPacket[] | WireError {
  const packets: RtcpPacket[] = [];
  let offset = 0;
  while (offset < data.length) {
    if (offset + 4 > data.length) return new WireError('an RTCP header', 'end of packet', offset);
    const first = data.readUInt8(offset);
    if (first >> 6 !== 2) return new WireError('RTCP version 2', String(first >> 6), offset);
    const end = offset + 4 + data.readUInt16BE(offset + 2) * 4;
    if (end > data.length) return new WireError(`an RTCP packet up to byte ${end}`, `${data.length} bytes`, offset);
    const padding = first & 0x20 ? data.readUInt8(end - 1) : 0;
    if (padding > end - offset - 4) return new WireError('padding inside the packet', String(padding), end - 1);
    const body = data.subarray(offset + 4, end - padding);
    const packet = parseBody(data.readUInt8(offset + 1), first & 31, body);
    if (packet instanceof WireError) return new WireError(packet.expected, packet.got, offset + 4 + packet.offset);
    packets.push(packet);
    offset = end;
  }
  return packets;
}

function parseBody(packetType: number, count: number, body: Buffer): RtcpPacket | WireError {
  switch (packetType) {
    case TYPE.senderReport:
      return parseSenderReport(body, count);
    case TYPE.receiverReport: {
      if (body.length < 4) return new WireError('an SSRC', 'end of packet');
      const reports = parseReports(body, 4, count);
      return reports instanceof WireError ? reports : { kind: 'receiverReport', ssrc: body.readUInt32BE(0), reports };
    }
    case TYPE.sourceDescription:
      return parseSourceDescription(body, count);
    case TYPE.goodbye: {
      if (body.length < count * 4) return new WireError(`${count} SSRCs`, 'end of packet');
      return { kind: 'goodbye', ssrcs: Array.from({ length: count }, (_, i) => body.readUInt32BE(i * 4)) };
    }
    case TYPE.rtpFeedback:
      return parseTransportFeedbackPacket(body, count);
    case TYPE.payloadFeedback:
      return parsePayloadFeedback(body, count);
    default:
      return { kind: 'other', packetType, count, body };
  }
}

function parseSenderReport(body: Buffer, count: number): SenderReport | WireError {
  if (body.length < 24) return new WireError('a sender report of 24 bytes', `${body.length} bytes`);
  const reports = parseReports(body, 24, count);
  if (reports instanceof WireError) return reports;
  return {
    kind: 'senderReport',
    ssrc: body.readUInt32BE(0),
    ntp: body.readBigUInt64BE(4),
    timestamp: body.readUInt32BE(12),
    packets: body.readUInt32BE(16),
    bytes: body.readUInt32BE(20),
    reports,
  };
}

function parseReports(body: Buffer, start: number, count: number): ReportBlock[] | WireError {
  if (start + count * REPORT_BLOCK_BYTES > body.length)
    return new WireError(`${count} report blocks`, 'end of packet', start);
  const reports: ReportBlock[] = [];
  for (let at = start; at < start + count * REPORT_BLOCK_BYTES; at += REPORT_BLOCK_BYTES)
    reports.push({
      ssrc: body.readUInt32BE(at),
      fractionLost: body.readUInt8(at + 4),
      totalLost: body.readIntBE(at + 5, 3),
      highestSequence: body.readUInt32BE(at + 8),
      jitter: body.readUInt32BE(at + 12),
      lastSenderReport: body.readUInt32BE(at + 16),
      delaySinceLastSenderReport: body.readUInt32BE(at + 20),
    });
  return reports;
}

function parseSourceDescription(body: Buffer, count: number): SourceDescription | WireError {
  const chunks: { ssrc: number; items: { type: number; text: string }[] }[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > body.length) return new WireError('an SSRC', 'end of packet', at);
    const items: { type: number; text: string }[] = [];
    chunks.push({ ssrc: body.readUInt32BE(at), items });
    at += 4;
    while (at < body.length && body[at] !== 0) {
      const end = at + 2 + (body[at + 1] ?? 256);
      if (end > body.length) return new WireError('an SDES item', 'end of packet', at);
      items.push({ type: body.readUInt8(at), text: body.toString('utf8', at + 2, end) });
      at = end;
    }
    at = (Math.floor(at / 4) + 1) * 4; // RFC 3550 6.5: at least one null, up to the next word
  }
  return { kind: 'sourceDescription', chunks };
}

/** The packets one after the other, as one compound packet. Long lists are the caller's to split: a count has 5 bits. */
export function writeRtcp(packets: readonly RtcpPacket[]): Buffer {
  return Buffer.concat(packets.map(writePacket));
}

function writePacket(packet: RtcpPacket): Buffer {
  switch (packet.kind) {
    case 'senderReport': {
      const head = Buffer.alloc(24);
      head.writeUInt32BE(packet.ssrc, 0);
      head.writeBigUInt64BE(packet.ntp, 4);
      head.writeUInt32BE(packet.timestamp, 12);
      head.writeUInt32BE(packet.packets >>> 0, 16);
      head.writeUInt32BE(packet.bytes >>> 0, 20);
      return framed(TYPE.senderReport, packet.reports.length, [head, ...packet.reports.map(writeReport)]);
    }
    case 'receiverReport':
      return framed(TYPE.receiverReport, packet.reports.length, [
        word(packet.ssrc),
        ...packet.reports.map(writeReport),
      ]);
    case 'sourceDescription':
      return framed(TYPE.sourceDescription, packet.chunks.length, packet.chunks.map(writeChunk));
    case 'goodbye':
      return framed(TYPE.goodbye, packet.ssrcs.length, packet.ssrcs.map(word));
    case 'other':
      return framed(packet.packetType, packet.count, [packet.body]);
    default: {
      const { packetType, format, body } = writeFeedback(packet);
      return framed(packetType, format, [body]);
    }
  }
}

function framed(packetType: number, count: number, parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const padding = (4 - (size % 4)) % 4;
  const head = Buffer.of(0x80 | count, packetType, 0, 0);
  head.writeUInt16BE((size + padding) / 4, 2);
  return Buffer.concat([head, ...parts, Buffer.alloc(padding)]);
}

function word(value: number): Buffer {
  const out = Buffer.allocUnsafe(4);
  out.writeUInt32BE(value);
  return out;
}

function writeReport(report: ReportBlock): Buffer {
  const out = Buffer.alloc(REPORT_BLOCK_BYTES);
  out.writeUInt32BE(report.ssrc, 0);
  out.writeUInt8(report.fractionLost, 4);
  out.writeIntBE(report.totalLost, 5, 3);
  out.writeUInt32BE(report.highestSequence, 8);
  out.writeUInt32BE(report.jitter, 12);
  out.writeUInt32BE(report.lastSenderReport, 16);
  out.writeUInt32BE(report.delaySinceLastSenderReport, 20);
  return out;
}

function writeChunk(chunk: SourceDescription['chunks'][number]): Buffer {
  const items = chunk.items.flatMap(({ type, text }) => {
    const bytes = Buffer.from(text);
    return [Buffer.of(type, bytes.length), bytes];
  });
  const size = items.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([word(chunk.ssrc), ...items, Buffer.alloc(4 - (size % 4))]);
}
