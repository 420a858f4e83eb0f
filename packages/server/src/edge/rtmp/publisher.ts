import type { EndReason } from '@lianmai/contract';
import { type Frame, WireError } from '@lianmai/media';
import { parseAudioBody, parseDataBody, parseVideoBody, unwrapTimestamp } from '@lianmai/media/flv';
import { dataBody, MESSAGE, type RtmpMessage, splitAggregate } from '@lianmai/media/rtmp';
import type { Publication } from '../hub/ports.ts';

/** One damaged message is a pity; so many in a row on a track mean that we cannot carry it. */
const MAX_BAD_IN_A_ROW = 8;

/** The publishing side of a session: messages of a client become frames of its stream. */
export class RtmpPublisher {
  readonly stream: string;
  readonly #publication: Publication;
  #lastMs: number | null = null;
  #badAudio = 0;
  #badVideo = 0;

  constructor(stream: string, publication: Publication) {
    this.stream = stream;
    this.#publication = publication;
  }

  /** Bytes came from the client, whatever they are. */
  received(bytes: number): void {
    this.#publication.received(bytes);
  }

  end(reason: EndReason): void {
    this.#publication.end(reason);
  }

  /**
   * Takes an audio, video, data or aggregate message.
   * @returns what is wrong when the client had better be sent away; single bad messages are left out.
   */
  message(message: RtmpMessage): WireError | null {
    switch (message.type) {
      case MESSAGE.audio:
        return this.#audio(message);
      case MESSAGE.video:
        return this.#video(message);
      case MESSAGE.aggregate:
        return this.#aggregate(message);
      default:
        this.#data(message);
        return null;
    }
  }

  #audio(message: RtmpMessage): WireError | null {
    const frame = parseAudioBody(message.body, this.#time(message));
    this.#badAudio = frame instanceof WireError ? this.#badAudio + 1 : 0;
    return this.#write(frame, this.#badAudio);
  }

  #video(message: RtmpMessage): WireError | null {
    const frame = parseVideoBody(message.body, this.#time(message));
    this.#badVideo = frame instanceof WireError ? this.#badVideo + 1 : 0;
    return this.#write(frame, this.#badVideo);
  }

  #write(frame: Frame | null | WireError, badInARow: number): WireError | null {
    if (frame instanceof WireError) return badInARow > MAX_BAD_IN_A_ROW ? frame : null;
    if (frame !== null) this.#publication.write(frame);
    return null;
  }

  /** Metadata decides nothing here, so damaged metadata is only left out. */
  #data(message: RtmpMessage): void {
    const body = dataBody(message);
    if (body instanceof WireError) return;
    const frame = parseDataBody(body, this.#time(message));
    if (frame !== null && !(frame instanceof WireError)) this.#publication.write(frame);
  }

  #aggregate(message: RtmpMessage): WireError | null {
    const parts = splitAggregate(message);
    if (parts instanceof WireError) return parts;
    for (const part of parts) {
      const wrong = isMedia(part) ? this.message(part) : null;
      if (wrong !== null) return wrong;
    }
    return null;
  }

  /** The message's time beyond 32 bits: tracks of a client share one clock. */
  #time({ timestamp }: RtmpMessage): number {
    this.#lastMs = this.#lastMs === null ? timestamp : unwrapTimestamp(timestamp, this.#lastMs);
    return this.#lastMs;
  }
}

/** What may be inside an aggregate; an aggregate in an aggregate is not followed. */
function isMedia({ type }: RtmpMessage): boolean {
  return type === MESSAGE.audio || type === MESSAGE.video || type === MESSAGE.dataAmf0;
}
