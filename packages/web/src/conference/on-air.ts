import type { RtcLink } from '../rtc/link.ts';
import type { OutgoingTracks, WhipOptions } from '../rtc/whip-client.ts';
import type { Muted } from './api.ts';
import { videoBitrate } from './tile-state.ts';

/** What this device sends; the local media. */
export interface SentMedia {
  readonly tracks: OutgoingTracks;
  readonly muted: Muted;
  readonly snapshot: { screen: boolean };
}

/** The WHIP client in the browser. */
export interface Publisher {
  readonly link: Pick<RtcLink, 'state' | 'wasConnected' | 'peer' | 'hurry'> & { set address(address: string) };
  replace(tracks: OutgoingTracks): void;
  limitVideo(bitrate: number): void;
  close(): void;
}
export type OpenPublisher = (options: WhipOptions) => Publisher;

export interface OnAirOptions {
  address: string;
  iceServers: readonly RTCIceServer[];
  media: SentMedia;
  openPublisher: OpenPublisher;
  /** See `LinkOptions`. */
  freshAddress(): Promise<string | null>;
  changed(): void;
  /** From 0 to 1. */
  random(): number;
}

/** Sends what camera, microphone and screen give. */
export class OnAir {
  readonly #media: SentMedia;
  readonly #publisher: Publisher;
  #members = 1;

  constructor({ address, iceServers, media, openPublisher, freshAddress, changed, random }: OnAirOptions) {
    this.#media = media;
    const bitrate = videoBitrate(1, media.snapshot.screen);
    this.#publisher = openPublisher({
      address,
      iceServers,
      tracks: media.tracks,
      videoBitrate: bitrate,
      freshAddress,
      changed,
      random,
    });
  }

  get state(): 'connecting' | 'reconnecting' | 'on-air' {
    const { state, wasConnected } = this.#publisher.link;
    if (state === 'connected') return 'on-air';
    return wasConnected ? 'reconnecting' : 'connecting';
  }

  get peer(): RTCPeerConnection | null {
    return this.#publisher.link.peer;
  }

  set address(address: string) {
    this.#publisher.link.address = address;
  }

  mediaChanged(): void {
    this.#publisher.replace(this.#media.tracks);
    this.limitFor(this.#members);
  }

  /** Sends no more than so many members can do with. */
  limitFor(members: number): void {
    this.#members = members;
    this.#publisher.limitVideo(videoBitrate(members, this.#media.snapshot.screen));
  }

  hurry(): void {
    this.#publisher.link.hurry();
  }

  /** Idempotent. */
  close(): void {
    this.#publisher.close();
  }
}
