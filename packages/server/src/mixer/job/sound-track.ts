import type { AudioFrame } from '@lianmai/media';
import { BLOCK, SAMPLES_PER_MS } from '../sound/planes.ts';
import { SoundEncoder } from '../sound/sound-encoder.ts';
import type { MixedSound } from '../sound/sound-mixer.ts';

/** What is to be heard, and how it is to be encoded. */
export interface SoundWish {
  /** The input whose own sound is left out; null: all of them are heard. */
  without: string | null;
  codec: 'aac' | 'opus';
}

/** Opus is as good at less. */
const OPUS_SHARE = 0.75;

/** One encoding of the mixed sound, on the output's timeline: what an input sends for a moment is stamped with that moment. */
export class SoundTrack {
  readonly config: AudioFrame;
  readonly #wish: SoundWish;
  readonly #encoder: SoundEncoder;
  /** Time of the first sample, and of the next block if there is no hole. */
  #baseMs: number | null = null;
  #samples = 0;

  /** @throws FFmpegError */
  constructor(wish: SoundWish, kbps: number) {
    const { codec } = wish;
    this.#wish = wish;
    this.#encoder = new SoundEncoder({ codec, kbps: codec === 'opus' ? Math.round(kbps * OPUS_SHARE) : kbps });
    this.config = { track: 'audio', codec, type: 'config', dts: 0, cts: 0, data: this.#encoder.config };
  }

  /** A block of the mix that begins at `atMs`. @returns what became whole. */
  encode(mixed: MixedSound, atMs: number): AudioFrame[] {
    const { without, codec } = this.#wish;
    // After blocks that were left out time goes on behind them.
    this.#baseMs = this.#baseMs === null ? atMs : Math.max(this.#baseMs, atMs - this.#samples / SAMPLES_PER_MS);
    const baseMs = this.#baseMs;
    this.#samples += BLOCK;
    const heard = without === null ? mixed.all : mixed.without(without);
    return this.#encoder.encode(heard, BLOCK).map(({ ptsSamples, data }) => ({
      track: 'audio',
      codec,
      type: 'key',
      dts: baseMs + ptsSamples / SAMPLES_PER_MS,
      cts: 0,
      data,
    }));
  }

  /** Idempotent. */
  close(): void {
    this.#encoder.close();
  }
}
