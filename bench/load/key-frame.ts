const RTP_HEADER_BYTES = 12;
const IDR = 5;
const STAP_A = 24;
const FU_A = 28;

/**
 * Says of which packet a whole key frame ends, of H.264 in RTP (RFC 6184) as it comes: an IDR from its beginning to the
 * packet with the marker, none missing.
 */
export class KeyFrameDetector {
  #timestamp: number | null = null;
  #next = 0;

  /** @returns whether the key frame is whole with this packet. */
  add(packet: Buffer): boolean {
    const sequence = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    if (this.#timestamp !== timestamp || sequence !== this.#next) this.#timestamp = null;
    if (this.#timestamp === null && beginsKeyFrame(packet)) this.#timestamp = timestamp;
    this.#next = (sequence + 1) & 0xffff;
    return this.#timestamp !== null && (packet[1]! & 0x80) !== 0;
  }
}

/** RFC 3550 5.1: behind the sources and, with X, the extension. */
function payloadAt(packet: Buffer): number {
  const sourcesEnd = RTP_HEADER_BYTES + 4 * (packet[0]! & 15);
  return (packet[0]! & 0x10) === 0 ? sourcesEnd : sourcesEnd + 4 + 4 * packet.readUInt16BE(sourcesEnd + 2);
}

function beginsKeyFrame(packet: Buffer): boolean {
  const payload = packet.subarray(payloadAt(packet));
  const type = (payload[0] ?? 0) & 31;
  if (type === FU_A) return (payload[1]! & 0x80) !== 0 && (payload[1]! & 31) === IDR;
  if (type !== STAP_A) return type === IDR;
  for (let at = 1; at + 2 < payload.length; at += 2 + payload.readUInt16BE(at))
    if ((payload[at + 2]! & 31) === IDR) return true;
  return false;
}
