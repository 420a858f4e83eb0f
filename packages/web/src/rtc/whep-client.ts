import { Timer } from '../player/timer.ts';
import { type LinkOptions, RtcLink } from './link.ts';

export type WhepOptions = Omit<LinkOptions, 'prepare'>;

/**
 * A stream that just began may be answered with its sound alone, and what is not in the answer never comes: so long after
 * such an answer it is asked for anew. A few times only, for there are streams that have but sound.
 */
const ASK_AGAIN_MS = [1_500, 5_000, 15_000];

/** Plays one stream by WHEP into {@link media}, again and again until it is closed. */
export class WhepClient {
  /** Has the tracks of the newest session; stays the same over reconnections. */
  readonly media = new MediaStream();
  readonly link: RtcLink;
  readonly #askAgain = new Timer();
  #asked = 0;

  constructor(options: WhepOptions) {
    this.link = new RtcLink({
      ...options,
      prepare: (peer) => receive(peer, this.media),
      changed: () => {
        this.#lookForPicture();
        options.changed();
      },
    });
  }

  /** Idempotent. */
  close(): void {
    this.#askAgain.stop();
    this.link.close();
    for (const track of this.media.getTracks()) this.media.removeTrack(track);
  }

  #lookForPicture(): void {
    this.#askAgain.stop();
    const waitMs = ASK_AGAIN_MS[this.#asked];
    if (this.link.state !== 'connected' || this.media.getVideoTracks().length > 0 || waitMs === undefined) return;
    this.#askAgain.start(waitMs, () => {
      this.#asked++;
      this.link.renew();
    });
  }
}

/** Asks for one sound and one picture; they take the place of those that are in `media`. */
export function receive(peer: RTCPeerConnection, media: MediaStream): void {
  peer.addTransceiver('audio', { direction: 'recvonly' });
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.addEventListener('track', ({ track }) => {
    for (const old of media.getTracks()) if (old.kind === track.kind) media.removeTrack(old);
    media.addTrack(track);
  });
}
