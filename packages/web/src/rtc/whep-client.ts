import { type LinkOptions, RtcLink } from './link.ts';

export type WhepOptions = Omit<LinkOptions, 'prepare'>;

/** Plays one stream by WHEP into {@link media}, again and again until it is closed. */
export class WhepClient {
  /** Has the tracks of the newest session; stays the same over reconnections. */
  readonly media = new MediaStream();
  readonly link: RtcLink;

  constructor(options: WhepOptions) {
    this.link = new RtcLink({ ...options, prepare: (peer) => receive(peer, this.media) });
  }

  /** Idempotent. */
  close(): void {
    this.link.close();
    for (const track of this.media.getTracks()) this.media.removeTrack(track);
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
