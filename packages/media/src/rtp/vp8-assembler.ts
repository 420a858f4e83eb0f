/** VP8 out of RTP payloads (RFC 7741 4). */
import { WireError } from '../result.ts';
import { type AssembledFrame, type FrameAssembler, MAX_FRAME_BYTES, PART_BYTES } from './assembler.ts';
import type { RtpPacket } from './packet.ts';

/** Reads past the payload descriptor. `begins`: the first packet of a frame. @see RFC 7741 4.2. */
export function readVp8Payload(payload: Buffer): { begins: boolean; data: Buffer } | WireError {
  const first = payload[0];
  if (first === undefined) return new WireError('a VP8 payload descriptor', 'an empty payload');
  let at = 1;
  if (first & 0x80) {
    const extension = payload[at];
    if (extension === undefined) return new WireError('descriptor extension bits', 'end of payload', at);
    at += 1;
    if (extension & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1; // PictureID, 7 or 15 bits
    if (extension & 0x40) at += 1; // TL0PICIDX
    if (extension & 0x30) at += 1; // TID, KEYIDX
  }
  if (at >= payload.length) return new WireError('VP8 data', 'end of payload', at);
  return { begins: (first & 0x10) !== 0 && (first & 0x07) === 0, data: payload.subarray(at) };
}

/** See {@link FrameAssembler}. VP8 has no configuration. */
export class Vp8Assembler implements FrameAssembler {
  #needsKeyFrame = true;
  #timestamp: number | null = null;
  #parts: Buffer[] = [];
  #bytes = 0;

  get needsKeyFrame(): boolean {
    return this.#needsKeyFrame;
  }

  push(packet: Pick<RtpPacket, 'timestamp' | 'marker' | 'payload'>, afterLoss: boolean): AssembledFrame | null {
    const { timestamp, marker, payload } = packet;
    if (payload.length === 0 && !afterLoss) return null;
    if (afterLoss || (this.#timestamp !== null && this.#timestamp !== timestamp)) this.#drop();
    const content = readVp8Payload(payload);
    if (content instanceof WireError) {
      this.#drop();
      return null;
    }
    if (content.begins) {
      this.#timestamp = timestamp;
      this.#parts = [];
      this.#bytes = 0;
    } else if (this.#timestamp === null) {
      this.#needsKeyFrame = true;
      return null;
    }
    this.#parts.push(content.data);
    this.#bytes += PART_BYTES + content.data.length;
    if (this.#bytes > MAX_FRAME_BYTES) this.#drop();
    return marker && this.#timestamp !== null ? this.#finish(timestamp) : null;
  }

  #drop(): void {
    this.#needsKeyFrame = true;
    this.#timestamp = null;
    this.#parts = [];
    this.#bytes = 0;
  }

  #finish(timestamp: number): AssembledFrame | null {
    const data = Buffer.concat(this.#parts);
    this.#timestamp = null;
    this.#parts = [];
    this.#bytes = 0;
    // RFC 6386 9.1: the lowest bit of the frame tag is 0 for a key frame.
    const isKey = ((data[0] ?? 1) & 1) === 0;
    if (isKey) this.#needsKeyFrame = false;
    return this.#needsKeyFrame ? null : { timestamp, type: isKey ? 'key' : 'inter', data, config: null };
  }
}
