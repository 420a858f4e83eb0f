import type { SenderReport } from '@lianmai/media/rtp';
import { RTP_HEADER_BYTES, toNtp } from '@lianmai/media/rtp';
import type { SharedPacket } from './outgoing.ts';

export interface TrackSenderOptions {
  mid: string;
  ssrc: number;
  payloadType: number;
  send(mid: string, packet: Buffer): boolean;
}

/** Packets kept for those who ask again: about two seconds of a usual picture. */
const KEPT = 512;
const RECENT = 0xffff;

/** One track to one viewer: numbers the shared packets as its own, sends again what got lost, counts for the reports. */
export class TrackSender {
  readonly mid: string;
  readonly ssrc: number;
  readonly #options: TrackSenderOptions;
  readonly #kept: (SharedPacket | undefined)[] = new Array(KEPT);
  #sequence = Math.floor(Math.random() * RECENT);
  #packets = 0;
  #payloadBytes = 0;

  constructor(options: TrackSenderOptions) {
    this.mid = options.mid;
    this.ssrc = options.ssrc;
    this.#options = options;
  }

  /** @returns bytes sent. */
  send(packet: SharedPacket): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#kept[this.#sequence % KEPT] = packet;
    this.#packets += 1;
    this.#payloadBytes += packet.length - RTP_HEADER_BYTES;
    return this.#write(packet, this.#sequence);
  }

  /** Sends again what a viewer asks for, as far as it is kept. @returns bytes sent. */
  sendAgain(lost: readonly number[]): number {
    let bytes = 0;
    for (const sequence of lost) {
      const age = (this.#sequence - sequence) & 0xffff;
      const packet = age < Math.min(KEPT, this.#packets) ? this.#kept[sequence % KEPT] : undefined;
      if (packet) bytes += this.#write(packet, sequence);
    }
    return bytes;
  }

  /** @param timestamp RTP time of `nowMs`, Unix time. */
  report(nowMs: number, timestamp: number): SenderReport | null {
    if (this.#packets === 0) return null;
    return {
      kind: 'senderReport',
      ssrc: this.ssrc,
      ntp: toNtp(nowMs),
      timestamp,
      packets: this.#packets,
      bytes: this.#payloadBytes,
      reports: [],
    };
  }

  #write(packet: SharedPacket, sequence: number): number {
    const { payloadType, ssrc, mid, send } = this.#options;
    packet[1] = ((packet[1] ?? 0) & 0x80) | payloadType;
    packet.writeUInt16BE(sequence, 2);
    packet.writeUInt32BE(ssrc, 8);
    return send(mid, packet) ? packet.length : 0;
  }
}
