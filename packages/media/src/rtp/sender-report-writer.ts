import { toNtp } from './ntp-time.ts';
import { writeRtcp } from './rtcp.ts';

/** What a report says of its track. */
export interface SentTrack {
  ssrc: number;
  packets: number;
  /** Of payload. */
  payloadBytes: number;
}

/** Where they stand in a sender report, RFC 3550 6.4.1. */
const SSRC = 4;
const NTP = 8;
const TIMESTAMP = 16;
const PACKETS = 20;
const BYTES = 24;
/** Behind the report and the description's header. */
const DESCRIBED_SSRC = 32;

/** Sender reports, each with its CNAME, of very many tracks: all are written into the same bytes. */
export class SenderReportWriter {
  readonly #packet: Buffer;

  constructor(cname: string) {
    this.#packet = writeRtcp([
      { kind: 'senderReport', ssrc: 0, ntp: 0n, timestamp: 0, packets: 0, bytes: 0, reports: [] },
      { kind: 'sourceDescription', chunks: [{ ssrc: 0, items: [{ type: 1, text: cname }] }] },
    ]);
  }

  /** The moment that the reports to come speak of, Unix ms. */
  at(nowMs: number): void {
    this.#packet.writeBigUInt64BE(toNtp(nowMs), NTP);
  }

  /**
   * @param timestamp RTP time of the moment.
   * @returns the compound packet, until the next call.
   */
  write({ ssrc, packets, payloadBytes }: SentTrack, timestamp: number): Buffer {
    const packet = this.#packet;
    packet.writeUInt32BE(ssrc, SSRC);
    packet.writeUInt32BE(timestamp, TIMESTAMP);
    packet.writeUInt32BE(packets >>> 0, PACKETS);
    packet.writeUInt32BE(payloadBytes >>> 0, BYTES);
    packet.writeUInt32BE(ssrc, DESCRIBED_SSRC);
    return packet;
  }
}
