/** Retransmission in a stream of its own (RFC 4588 4): the payload begins with the original sequence number. */
import { WireError } from '../result.ts';
import type { RtpPacket } from './packet.ts';

/**
 * The packet that was sent again; null when there is none inside, as in the probes by which senders find out the bandwidth.
 * @param original SSRC and payload type that the session description ties to those of the retransmissions.
 */
export function unwrapRtx(
  packet: RtpPacket,
  original: { ssrc: number; payloadType: number },
): RtpPacket | null | WireError {
  const { payload } = packet;
  if (payload.length === 0) return null;
  if (payload.length < 2) return new WireError('an original sequence number', `${payload.length} bytes`);
  return { ...packet, ...original, sequenceNumber: payload.readUInt16BE(0), payload: payload.subarray(2) };
}

/** The packet as a retransmission, with the retransmission stream's own numbers. */
export function wrapRtx(
  packet: RtpPacket,
  rtx: { ssrc: number; payloadType: number; sequenceNumber: number },
): RtpPacket {
  const original = Buffer.allocUnsafe(2);
  original.writeUInt16BE(packet.sequenceNumber);
  return { ...packet, ...rtx, payload: Buffer.concat([original, packet.payload]) };
}
