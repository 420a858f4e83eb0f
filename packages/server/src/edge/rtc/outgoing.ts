import { type AudioFrame, type VideoFrame, WireError } from '@lianmai/media';
import { packetizeH264, RTP_HEADER_BYTES, writeRtpHeader } from '@lianmai/media/rtp';

/** Payload bytes of a packet: with all headers below 1280, the MTU every IPv6 path has. */
const MAX_PAYLOAD = 1160;

/**
 * A packet to be sent to many: a header with everything but sequence number, SSRC and payload type, which are written into
 * it before each sending. Never hold it over a turn of the event loop with a viewer's numbers in it.
 */
export type SharedPacket = Buffer;

/** One frame as packets; empty when it cannot be read. */
export function packetizeVideo(frame: VideoFrame, parameterSets: readonly Buffer[]): SharedPacket[] {
  const timestamp = videoTimestamp(frame.dts + frame.cts);
  const packets =
    frame.codec === 'vp8'
      ? packetizeVp8(frame.data)
      : packetizeH264(frame.data, {
          headroom: RTP_HEADER_BYTES,
          maxPayload: MAX_PAYLOAD,
          parameterSets: frame.type === 'key' ? parameterSets : [],
        });
  if (packets instanceof WireError) return [];
  for (const [i, packet] of packets.entries()) writeHeader(packet, timestamp, i === packets.length - 1);
  return packets;
}

/** RFC 7741 4.2: the shortest descriptor, S on the first packet. */
function packetizeVp8(data: Buffer): Buffer[] {
  const size = Math.ceil(data.length / Math.max(1, Math.ceil(data.length / (MAX_PAYLOAD - 1))));
  const packets: Buffer[] = [];
  for (let start = 0; start < data.length; start += size) {
    const part = data.subarray(start, start + size);
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + 1 + part.length);
    packet[RTP_HEADER_BYTES] = start === 0 ? 0x10 : 0;
    part.copy(packet, RTP_HEADER_BYTES + 1);
    packets.push(packet);
  }
  return packets;
}

/** RFC 7587 4.2: an Opus packet is the payload as it is. */
export function packetizeOpus(frame: AudioFrame): SharedPacket {
  const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + frame.data.length);
  frame.data.copy(packet, RTP_HEADER_BYTES);
  writeHeader(packet, audioTimestamp(frame.dts), false);
  return packet;
}

/** RTP time at 90 kHz of a time on the stream's timeline, ms; video and audio share its zero. */
export const videoTimestamp = (ms: number) => rtpTimestamp(ms, 90);
/** The same at Opus' 48 kHz. */
export const audioTimestamp = (ms: number) => rtpTimestamp(ms, 48);

/** `>>> 0` takes it modulo 2^32 also past 2^53 / 90 ms. */
const rtpTimestamp = (ms: number, ticksPerMs: number) => (Math.round(ms * ticksPerMs) % 2 ** 32) >>> 0;

function writeHeader(packet: Buffer, timestamp: number, marker: boolean): void {
  writeRtpHeader(packet, { payloadType: 0, marker, sequenceNumber: 0, timestamp, ssrc: 0 });
}
