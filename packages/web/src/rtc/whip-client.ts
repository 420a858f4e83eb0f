import { type LinkOptions, RtcLink } from './link.ts';

export interface OutgoingTracks {
  audio: MediaStreamTrack;
  video: MediaStreamTrack;
}

export interface WhipOptions extends Omit<LinkOptions, 'prepare'> {
  tracks: OutgoingTracks;
  /** Most for the picture, bit/s. */
  videoBitrate: number;
}

/**
 * Publishes one stream by WHIP, again and again until it is closed. Tracks may be replaced at any time, but both are always
 * there: what is not in the answer cannot come later.
 */
export class WhipClient {
  readonly link: RtcLink;
  readonly #senders = new Map<'audio' | 'video', RTCRtpSender>();
  #tracks: OutgoingTracks;
  #videoBitrate: number;

  constructor(options: WhipOptions) {
    this.#tracks = options.tracks;
    this.#videoBitrate = options.videoBitrate;
    this.link = new RtcLink({ ...options, prepare: (peer) => this.#send(peer) });
  }

  /** Takes effect at once, without a new session. */
  replace(tracks: OutgoingTracks): void {
    for (const kind of ['audio', 'video'] as const) {
      // Refused by a sender whose session is over; the next one begins with the new track.
      if (tracks[kind] !== this.#tracks[kind])
        this.#senders
          .get(kind)
          ?.replaceTrack(tracks[kind])
          .catch(() => undefined);
    }
    this.#tracks = tracks;
  }

  /** @param bitrate bit/s */
  limitVideo(bitrate: number): void {
    if (bitrate === this.#videoBitrate) return;
    this.#videoBitrate = bitrate;
    const sender = this.#senders.get('video');
    const parameters = sender?.getParameters();
    const [encoding] = parameters?.encodings ?? [];
    if (!sender || !parameters || !encoding) return;
    encoding.maxBitrate = bitrate;
    sender.setParameters(parameters).catch(() => undefined);
  }

  /** Idempotent. The tracks stay as they are: they belong to whoever made them. */
  close(): void {
    this.link.close();
    this.#senders.clear();
  }

  #send(peer: RTCPeerConnection): void {
    const { audio, video } = this.#tracks;
    // In one stream, so that players keep them in step.
    const streams = [new MediaStream([audio, video])];
    const sound = peer.addTransceiver(audio, { direction: 'sendonly', streams });
    const picture = peer.addTransceiver(video, {
      direction: 'sendonly',
      streams,
      sendEncodings: [{ maxBitrate: this.#videoBitrate }],
    });
    this.#senders.set('audio', sound.sender).set('video', picture.sender);
  }
}
