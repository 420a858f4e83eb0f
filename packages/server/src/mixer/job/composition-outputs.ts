import type { StreamHolder } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { BorrowedStreams } from '../../edge/hub/borrowed-streams.ts';
import type { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import type { MixedSound } from '../sound/sound-mixer.ts';
import { SoundTrack, type SoundWish } from './sound-track.ts';

interface Output {
  stream: LiveStreamImpl;
  track: SoundTrack;
}

/** The streams of a composition: the same pictures with each sound that is wished for, for as long as somebody takes them. */
export class CompositionOutputs {
  readonly #streams: Pick<BorrowedStreams, 'create'>;
  readonly #now: () => number;
  readonly #outputs = new Map<string, Output>();

  constructor({ streams, now }: { streams: Pick<BorrowedStreams, 'create'>; now: () => number }) {
    this.#streams = streams;
    this.#now = now;
  }

  /**
   * The stream with this sound.
   * @param options.head the pictures that a new one begins with, and what is to be known of them.
   * @throws FFmpegError
   */
  stream(wish: SoundWish, options: { kbps: number; holder: StreamHolder; head(): Frame[] }): LiveStreamImpl {
    const key = `${wish.codec} ${wish.without ?? ''}`;
    const known = this.#outputs.get(key);
    if (known) return known.stream;
    const { kbps, holder, head } = options;
    const track = new SoundTrack(wish, kbps);
    const stream = this.#streams.create('composition', holder);
    this.#outputs.set(key, { stream, track });
    const nowMs = this.#now();
    for (const frame of [track.config, ...head()]) stream.write(frame, nowMs);
    return stream;
  }

  /** A picture, or what is to be known of them, for all. */
  write(frame: Frame): void {
    const nowMs = this.#now();
    for (const { stream } of this.#outputs.values()) stream.write(frame, nowMs);
  }

  /** A block that began at `atMs`. */
  sound(mixed: MixedSound, atMs: number): void {
    for (const { stream, track } of this.#outputs.values())
      for (const frame of track.encode(mixed, atMs)) stream.write(frame, this.#now());
  }

  /** Lets go of streams that nobody takes. */
  tick(): void {
    for (const [key, { stream, track }] of this.#outputs) {
      if (stream.attached) continue;
      this.#outputs.delete(key);
      track.close();
      stream.end('replaced');
    }
  }

  /** Ends all; who still wants one asks again. Idempotent. */
  end(): void {
    for (const { stream, track } of this.#outputs.values()) {
      track.close();
      stream.end('replaced');
    }
    this.#outputs.clear();
  }
}
