import type { PlaylistTiming } from '@lianmai/media/hls';

/** The settings segmenting goes by. */
export interface SegmentSettings {
  hlsSegmentMs: number;
  hlsPartMs: number;
}

/** What a packager has seen of a stream when it must fix the playlist's timing for good. */
export interface Observed {
  /** From one key frame to the next; `open`: longer than a segment, its end not seen yet; null: every frame is a key frame. */
  gopMs: number | 'open' | null;
  /** Usual distance of the frames that parts are cut at. */
  frameMs: number;
}

/** A playlist's timing, and the lengths that keep it true. */
export interface SegmentTiming extends PlaylistTiming {
  /** Aim for segments; they end at the first key frame from here on. */
  segmentMs: number;
  /** Aim for parts: whole frames. */
  partMs: number;
  /** A segment of this length still rounds to the target duration. */
  maxSegmentMs: number;
}

/** Key frames further apart do not begin every segment: waiting for them would put plain players minutes behind. */
const LONGEST_GOP_MS = 10_000;
/** Parts are cut at 90 % of their target, so that frames that jitter stay within it and above 85 %, where Apple's checks begin. */
const PART_FILL = 0.9;
/** What rounds down to a second (draft 6.2.1: a duration counts rounded). */
const ROUNDS_DOWN_MS = 499;

/**
 * Fixes a playlist's timing. The target duration may never change, so it must be known before the first playlist: it is
 * as short as key frames allow, for it decides how far behind plain players stay (three of them).
 */
export function chooseTiming(
  { hlsSegmentMs, hlsPartMs }: SegmentSettings,
  { gopMs, frameMs }: Observed,
): SegmentTiming {
  const partMs = Math.max(1, Math.round(hlsPartMs / frameMs)) * frameMs;
  const partTargetMs = Math.ceil(partMs / PART_FILL);
  const gop = gopMs === 'open' ? LONGEST_GOP_MS : Math.min(gopMs ?? 0, LONGEST_GOP_MS);
  // A segment is ended without a key frame when its next part might make it too long: leave room for that part.
  const longestMs = Math.max(hlsSegmentMs, gop) + partTargetMs;
  const targetDurationS = Math.max(1, Math.ceil((longestMs - ROUNDS_DOWN_MS) / 1000));
  return {
    targetDurationS,
    partTargetMs,
    partHoldBackMs: 3 * partTargetMs,
    holdBackMs: 3 * targetDurationS * 1000,
    canSkipUntilMs: 6 * targetDurationS * 1000,
    segmentMs: hlsSegmentMs,
    partMs,
    maxSegmentMs: targetDurationS * 1000 + ROUNDS_DOWN_MS,
  };
}

/** The median of distances, so that a pause or a burst does not count. `fallback` when there are none. */
export function usualDistance(times: readonly number[], fallback: number): number {
  const distances: number[] = [];
  for (let i = 1; i < times.length; i++) distances.push(times[i]! - times[i - 1]!);
  distances.sort((a, b) => a - b);
  const median = distances[distances.length >> 1];
  return median !== undefined && median > 0 ? median : fallback;
}
