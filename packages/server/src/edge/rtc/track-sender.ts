import { RTP_HEADER_BYTES, type SenderReportWriter } from '@lianmai/media/rtp';
import type { SharedPacket } from './outgoing.ts';
import type { PacketHistory } from './packet-history.ts';

export interface TrackSenderOptions {
  ssrc: number;
  payloadType: number;
  /** Sends a packet of the track, or a report of it; it is copied at once. @returns whether it was taken. */
  send(packet: Buffer): boolean;
}

/**
 * The first sequence number is below this. SRTP counts the wraps of the 16 bits at either end by itself: who has got nothing before the
 * first wrap counts one less for ever, and cannot decrypt anything (RFC 3711 3.3.1).
 */
const FIRST_SEQUENCES = 0x8000;
/** Between two pictures of different histories, RTP ticks. */
const SMALLEST_STEP = 90;

/** One track to one viewer: numbers the shared packets as its own, sends again what got lost, counts for the reports. */
export class TrackSender {
  readonly ssrc: number;
  readonly #payloadType: number;
  readonly #send: TrackSenderOptions['send'];
  #history: PacketHistory | null = null;
  /** Of the newest packet. */
  #sequence = Math.floor(Math.random() * FIRST_SEQUENCES) - 1;
  /** The unbroken run of shared packets that was sent last: numbers of the first and the newest, and the newest one's sequence. */
  #runFirst = 0;
  #runNewest = -1;
  #runSequence = 0;
  /** Added to the times of shared packets. */
  #shift = 0;
  /** The newest time of the history before; null once this one has begun. */
  #after: number | null = null;
  /** What this viewer alone got, and the sequence of the newest of it. */
  #own: SharedPacket[] = [];
  #ownSequence = 0;
  #packets = 0;
  #payloadBytes = 0;

  constructor({ ssrc, payloadType, send }: TrackSenderOptions) {
    this.ssrc = ssrc;
    this.#payloadType = payloadType;
    this.#send = send;
  }

  /** Packets sent so far, each once. */
  get packets(): number {
    return this.#packets;
  }

  /** In those packets. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /**
   * Shared packets are those of this history from now on.
   * @param shift from its clock to this track's, in RTP ticks.
   */
  follow(history: PacketHistory, shift = 0): void {
    const newest = this.#history?.at(this.#runNewest);
    if (newest) this.#after = (newest.readUInt32BE(4) + this.#shift) >>> 0;
    this.#history = history;
    this.#shift = shift;
    this.#runFirst = 0;
    this.#runNewest = -1;
  }

  /** @param number of the packet in the history. @returns bytes sent. */
  send(packet: SharedPacket, number: number): number {
    const sequence = this.#count(packet);
    if (number !== this.#runNewest + 1 || this.#runNewest < 0) {
      this.#runFirst = number;
      this.#goOn(packet);
    }
    this.#runNewest = number;
    this.#runSequence = sequence;
    return this.#writeShared(packet, sequence);
  }

  /** Sends what is not in the history. @returns bytes sent. */
  sendOwn(packet: SharedPacket): number {
    const sequence = this.#count(packet);
    this.#own.push(packet);
    this.#ownSequence = sequence;
    return this.#write(packet, sequence);
  }

  /** What was sent by {@link sendOwn} is so long ago that nobody asks for it any more. */
  forgetOwn(): void {
    this.#own = [];
  }

  /** Sends again what a viewer asks for, as far as it is kept. @returns bytes sent. */
  sendAgain(lost: readonly number[]): number {
    let bytes = 0;
    for (const sequence of lost) {
      const shared = this.#shared(sequence);
      const own = this.#own[this.#own.length - 1 - ((this.#ownSequence - sequence) & 0xffff)];
      if (shared) bytes += this.#writeShared(shared, sequence);
      else if (own) bytes += this.#write(own, sequence);
    }
    return bytes;
  }

  /** Sends a sender report, once there is something to report. @param timestamp RTP time of the writer's moment. */
  report(writer: SenderReportWriter, timestamp: number): void {
    if (this.#packets > 0) this.#send(writer.write(this, timestamp));
  }

  #count(packet: SharedPacket): number {
    this.#packets += 1;
    this.#payloadBytes += packet.length - RTP_HEADER_BYTES;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }

  /** Clocks of two histories are matched by when frames arrive: time must not go back by what that is off. */
  #goOn(packet: SharedPacket): void {
    if (this.#after === null) return;
    const ahead = (packet.readUInt32BE(4) + this.#shift - this.#after) | 0;
    if (ahead < SMALLEST_STEP) this.#shift += SMALLEST_STEP - ahead;
    this.#after = null;
  }

  #shared(sequence: number): SharedPacket | undefined {
    const number = this.#runNewest - ((this.#runSequence - sequence) & 0xffff);
    return number >= this.#runFirst ? this.#history?.at(number) : undefined;
  }

  /** Others need the packet's own time after us. */
  #writeShared(packet: SharedPacket, sequence: number): number {
    if (this.#shift === 0) return this.#write(packet, sequence);
    const timestamp = packet.readUInt32BE(4);
    packet.writeUInt32BE((timestamp + this.#shift) >>> 0, 4);
    const bytes = this.#write(packet, sequence);
    packet.writeUInt32BE(timestamp, 4);
    return bytes;
  }

  /** Byte by byte: this runs for each packet and viewer. */
  #write(packet: SharedPacket, sequence: number): number {
    const { ssrc } = this;
    packet[1] = ((packet[1] ?? 0) & 0x80) | this.#payloadType;
    packet[2] = sequence >> 8;
    packet[3] = sequence;
    packet[8] = ssrc >> 24;
    packet[9] = ssrc >> 16;
    packet[10] = ssrc >> 8;
    packet[11] = ssrc;
    return this.#send(packet) ? packet.length : 0;
  }
}
