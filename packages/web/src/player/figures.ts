import type { Engine } from './engines/engine.ts';
import type { PlayerStats } from './player.ts';

/** Counters of one moment, all growing. */
export interface Counters {
  atMs: number;
  receivedBytes: number | null;
  decodedFrames: number | null;
}

/** Rates are means over about so long: short enough to move, long enough not to jump with each flush. */
const WINDOW_MS = 3_000;

/** Turns counters sampled now and then into rates. */
export class Rates {
  readonly #samples: Counters[] = [];

  /** Forgets everything: the counters begin anew. */
  clear(): void {
    this.#samples.length = 0;
  }

  add(sample: Counters): { fps: number | null; bitrateKbps: number | null } {
    const last = this.#samples.at(-1);
    if (last && (fell(last.receivedBytes, sample.receivedBytes) || fell(last.decodedFrames, sample.decodedFrames)))
      this.clear();
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.atMs - this.#samples[1]!.atMs >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const seconds = (sample.atMs - first.atMs) / 1000;
    if (seconds < 0.5) return { fps: null, bitrateKbps: null };
    const frames = difference(first.decodedFrames, sample.decodedFrames);
    const bytes = difference(first.receivedBytes, sample.receivedBytes);
    return {
      fps: frames === null ? null : frames / seconds,
      bitrateKbps: bytes === null ? null : (bytes * 8) / 1000 / seconds,
    };
  }
}

function fell(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before;
}

function difference(before: number | null, now: number | null): number | null {
  return before === null || now === null ? null : now - before;
}

/** Of the picture as it was sent; null before the first one and for sound only. */
export function pictureSizeOf({ videoWidth: width, videoHeight: height }: HTMLVideoElement): PlayerStats['size'] {
  return width > 0 && height > 0 ? { width, height } : null;
}

/** Reads all figures of a playing stream. @param rates of this engine, read some seconds ago for the first time. */
export function readStats(video: HTMLVideoElement, engine: Engine, rates: Rates): PlayerStats {
  const { buffered, currentTime, playbackRate } = video;
  const size = pictureSizeOf(video);
  const quality = size && video.getVideoPlaybackQuality();
  const { fps, bitrateKbps } = rates.add({
    atMs: performance.now(),
    receivedBytes: engine.receivedBytes(),
    decodedFrames: quality?.totalVideoFrames ?? null,
  });
  return {
    protocol: engine.protocol(),
    size,
    fps,
    bitrateKbps,
    delay: engine.delay(),
    bufferMs: buffered.length === 0 ? null : Math.max(0, buffered.end(buffered.length - 1) - currentTime) * 1000,
    droppedFrames: quality?.droppedVideoFrames ?? null,
    playbackRate,
    network: engine.network?.() ?? null,
  };
}
