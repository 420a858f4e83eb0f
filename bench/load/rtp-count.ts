/** Counts one track's packets by their sequence numbers (RFC 3550 5.1): how many were sent, and how many came. */
export class RtpCount {
  #received = 0;
  #first: number | null = null;
  #newest = 0;
  bytes = 0;

  /** @param packet a whole RTP packet. */
  add(packet: Buffer): void {
    const sequence = packet.readUInt16BE(2);
    this.#received += 1;
    this.bytes += packet.length;
    if (this.#first === null) {
      this.#first = sequence;
      this.#newest = sequence;
      return;
    }
    const step = ((sequence - this.#newest) << 16) >> 16;
    if (step > 0) this.#newest += step;
  }

  /** Since the first that came. */
  get sent(): number {
    return this.#first === null ? 0 : this.#newest - this.#first + 1;
  }

  /** Late ones included, so that it is `sent` when nothing was lost. */
  get received(): number {
    return this.#received;
  }
}
