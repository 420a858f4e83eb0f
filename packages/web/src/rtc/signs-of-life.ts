/** As much of a peer connection as its signs of life need. */
export interface HeardPeer {
  getReceivers(): readonly Pick<RTCRtpReceiver, 'getSynchronizationSources'>[];
  getStats(): Promise<{ values(): Iterable<unknown> }>;
}

/** Tells whether anything came over a connection since it was asked last. */
export class SignsOfLife {
  readonly #peer: HeardPeer;
  /** When the newest picture or sound was handed on, ms. */
  #mediaMs = 0;
  /** Received over the transport; null: not read since media came. */
  #bytes: number | null = null;

  constructor(peer: HeardPeer) {
    this.#peer = peer;
  }

  /**
   * Statistics are read only where no media comes: of a publisher, or of a stream that stands still. The first time after media came
   * it tells nothing yet.
   */
  async look(): Promise<boolean> {
    const mediaMs = newestMedia(this.#peer);
    if (mediaMs > this.#mediaMs) {
      this.#mediaMs = mediaMs;
      this.#bytes = null;
      return true;
    }
    const before = this.#bytes;
    this.#bytes = bytesReceived(await this.#peer.getStats());
    return before !== null && this.#bytes !== before;
  }
}

function newestMedia(peer: HeardPeer): number {
  let newestMs = 0;
  for (const receiver of peer.getReceivers())
    for (const { timestamp } of receiver.getSynchronizationSources()) newestMs = Math.max(newestMs, timestamp);
  return newestMs;
}

/** Media and reports on them, whichever of the two places a browser counts them in (W3C webrtc-stats). */
function bytesReceived(report: { values(): Iterable<unknown> }): number {
  let bytes = 0;
  for (const entry of report.values()) {
    const { type, bytesReceived: received } = entry as { type: string; bytesReceived?: number };
    if (type === 'transport' || type === 'candidate-pair') bytes += received ?? 0;
  }
  return bytes;
}
