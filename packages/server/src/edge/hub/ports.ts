import type { EndReason, IngestProtocol, LiveError, PlayProtocol } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { LiveStream } from './sink.ts';

export interface PublishOptions {
  stream: string;
  /** Raw query of the push URL, without `?`. */
  query: string;
  protocol: IngestProtocol;
  ip: string;
  /** The hub takes the publication away (API, account, time-out, shutdown): tell the peer and close its connection. */
  onRevoked(reason: EndReason, error: LiveError): void;
}

/** The right to feed a stream. */
export interface Publication {
  readonly stream: LiveStream;
  /** Frames in the publisher's own clock (unwrapped ms); the hub puts them on the stream's timeline. */
  write(frame: Frame): void;
  /** Bytes came from the peer, frames or not: it lives. Cheap; call it per read. */
  received(bytes: number): void;
  /** `unpublished`: a goodbye, ends the stream at once. `vanished`: viewers wait for the grace. Idempotent. */
  end(reason: EndReason): void;
}

export interface PlayOptions {
  stream: string;
  /** Raw query of the play URL, without `?`. */
  query: string;
  protocol: PlayProtocol;
  ip: string;
  /** What of it is wanted; both when not said. Nothing is waited for or converted on account of the other track. */
  tracks?: readonly ('audio' | 'video')[];
}

/** What ingest and egress protocols use of the hub. */
export interface HubPort {
  /** @throws LiveError the reason of refusal: STREAM_ALREADY_PUBLISHED, BAD_SIGNATURE, CHANNEL_NOT_FOUND, ACCOUNT_…, UNAVAILABLE. */
  publish(options: PublishOptions): Promise<Publication>;
  /**
   * Checks the play policy and resolves with the stream once it is here (relayed from another worker when needed).
   * Synchronous when the stream is on this worker, so a newcomer's first bytes leave in the same turn.
   * @throws LiveError STREAM_NOT_LIVE, BAD_SIGNATURE, UNAVAILABLE.
   */
  play(options: PlayOptions): LiveStream | Promise<LiveStream>;
  /**
   * Remembers a viewer that {@link play} let in: when the stream's rules change so that its address would be refused, `revoked` is
   * told. Costs nothing for streams that let everybody in.
   * @returns forgets the viewer, to be called when it has left; null when there is nothing to forget.
   */
  admit(options: PlayOptions, revoked: (error: LiveError) => void): (() => void) | null;
}
