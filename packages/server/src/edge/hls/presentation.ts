import { fragment, initSegment } from '@lianmai/media/cmaf';
import { type MediaPlaylist, type PlaylistPart, writeMediaPlaylist } from '@lianmai/media/hls';
import { initName, partName, segmentName } from './hls-file.ts';
import type { Piece } from './segmenter.ts';
import type { SegmentTiming } from './timing.ts';
import type { TrackConfigs } from './track-config.ts';

/** A segment's share of {@link Piece}s, as files. */
interface StoredPart {
  data: Buffer;
  durationMs: number;
  independent: boolean;
}

interface StoredSegment {
  msn: number;
  init: number;
  discontinuity: boolean;
  startMs: number;
  durationMs: number;
  parts: StoredPart[];
  /** Too sparse for parts of its own. */
  whole: boolean;
}

export interface PresentationOptions {
  /** Complete segments in the playlist, at least. */
  window: number;
  /** Media sequence number of the first segment. */
  firstMsn: number;
}

/** Parts are listed for so many complete segments before the end (draft 6.2.2: three target durations). */
const SEGMENTS_WITH_PARTS = 3;
/** Kept of segments that left the playlist. */
const MOST_BYTES_BEHIND = 64 << 20;

/**
 * The segments, parts and playlists of one stream, in memory. A segment leaves the playlist when `window` newer ones are
 * complete, and memory when no player can still want it.
 */
export class Presentation {
  /** Wall clock (Unix ms) at time 0 of the stream's timeline. */
  clockOffsetMs = 0;
  readonly #options: PresentationOptions;
  /** Oldest first; the last one may be open. */
  readonly #segments: StoredSegment[] = [];
  readonly #inits = new Map<number, Buffer>();
  /** Index of the first segment in the playlist. */
  #listed = 0;
  #open = false;
  #nextMsn: number;
  #discontinuitySequence = 0;
  #fragments = 0;
  #timing: SegmentTiming | null = null;
  #configs: TrackConfigs = { video: null, audio: null };
  #ended = false;
  #version = 0;
  #peakBitrate = 0;
  #bytes = 0;
  #mediaMs = 0;

  constructor(options: PresentationOptions) {
    this.#options = options;
    this.#nextMsn = options.firstMsn;
  }

  /** Counts the changes of the playlist. */
  get version(): number {
    return this.#version;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The first media sequence number that no complete segment has. */
  get nextMsn(): number {
    return this.#nextMsn;
  }

  /** Known once there is a segment. */
  get timing(): SegmentTiming | null {
    return this.#timing;
  }

  /** Of the newest segment. */
  get configs(): TrackConfigs {
    return this.#configs;
  }

  /** Bits per second of the densest complete segment, and on average. */
  get bitrate(): { peak: number; average: number } {
    return { peak: this.#peakBitrate, average: this.#mediaMs === 0 ? 0 : (this.#bytes * 8000) / this.#mediaMs };
  }

  /** Whether there is a playlist that every player can start with: one complete segment. Many want no less. */
  get playable(): boolean {
    return this.#lastComplete >= this.#options.firstMsn || (this.#ended && this.#segments.length > 0);
  }

  get #lastComplete(): number {
    return this.#nextMsn - 1;
  }

  /** The segment being made. */
  get #current(): StoredSegment | null {
    return this.#open ? this.#segments.at(-1)! : null;
  }

  add(piece: Piece, timing: SegmentTiming): void {
    if (this.#ended) return;
    this.#timing = timing;
    if (piece.opens) this.#openSegment(piece, piece.opens);
    const segment = this.#current;
    if (segment === null) return;
    const data = fragment({
      sequence: ++this.#fragments,
      tracks: piece.tracks,
      segmentType: segment.parts.length === 0,
    });
    segment.parts.push({ data, durationMs: piece.durationMs, independent: piece.independent });
    segment.durationMs += piece.durationMs;
    segment.whole ||= !piece.listed;
    if (piece.closes) this.#closeSegment();
    this.#version++;
  }

  /** The playlist is complete: nothing will be added. */
  end(): void {
    if (this.#ended) return;
    this.#closeSegment();
    this.#ended = true;
    this.#version++;
  }

  init(id: number): Buffer | null {
    return this.#inits.get(id) ?? null;
  }

  /** A complete segment's fragments, in order; null when it is gone or not complete. */
  segment(msn: number): readonly Buffer[] | null {
    const segment = msn <= this.#lastComplete ? this.#find(msn) : undefined;
    return segment ? segment.parts.map((part) => part.data) : null;
  }

  part(msn: number, part: number): Buffer | null {
    return this.#find(msn)?.parts[part]?.data ?? null;
  }

  /** Whether this part is the one announced, or one that follows soon: it is worth waiting for. */
  expects(msn: number, part: number): boolean {
    if (this.#ended || msn !== this.#nextMsn) return false;
    const made = this.#current?.parts.length ?? 0;
    return part >= made && part <= made + this.#advancePartLimit;
  }

  /** Whether the playlist has what a blocking request asks for (draft 6.2.5.2). */
  reached(msn: number, part: number | null): boolean {
    if (this.#ended || msn < this.#lastComplete) return true;
    const made = this.#current?.parts.length ?? 0;
    if (msn > this.#lastComplete) return part !== null && msn === this.#nextMsn && part < made;
    if (part === null) return true;
    // Past the segment's last part, it is the next segment's first that is meant.
    return part < (this.#find(msn)?.parts.length ?? 0) || made > 0;
  }

  /** Whether a blocking request asks for more than will come soon (draft 6.2.5.2: answer 400). */
  beyond(msn: number, part: number | null): boolean {
    if (this.#ended) return false;
    if (msn > this.#lastComplete + 2) return true;
    if (part === null || msn < this.#nextMsn) return false;
    const made = msn === this.#nextMsn ? (this.#current?.parts.length ?? 0) : 0;
    return part > made + this.#advancePartLimit;
  }

  /** @param query put behind every address, `?` included, or nothing. */
  playlist(options: { skip: boolean; query: string }): string {
    const { query } = options;
    const listed = this.#segments.slice(this.#listed);
    const current = this.#current;
    const withParts = this.#nextMsn - SEGMENTS_WITH_PARTS;
    const entries = listed.map((segment) => ({
      msn: segment.msn,
      uri: segmentName(segment.msn) + query,
      map: initName(segment.init) + query,
      durationMs: segment.durationMs,
      discontinuity: segment.discontinuity,
      programDateTimeMs: this.clockOffsetMs + segment.startMs,
      parts: segment.whole || segment.msn < withParts || this.#ended ? [] : playlistParts(segment, query),
    }));
    const playlist: MediaPlaylist = {
      timing: this.#timing!,
      mediaSequence: listed[0]?.msn ?? this.#nextMsn,
      discontinuitySequence: this.#discontinuitySequence,
      segments: current ? entries.slice(0, -1) : entries,
      open: current ? entries.at(-1)! : null,
      preloadHint: this.#ended ? null : partName(this.#nextMsn, current?.parts.length ?? 0) + query,
      ended: this.#ended,
    };
    return writeMediaPlaylist(playlist, { skip: options.skip });
  }

  get #advancePartLimit(): number {
    return Math.max(3, Math.ceil(3000 / (this.#timing?.partTargetMs ?? 1000)));
  }

  #find(msn: number): StoredSegment | undefined {
    const first = this.#segments[0]?.msn;
    return first === undefined ? undefined : this.#segments[msn - first];
  }

  #openSegment(piece: Piece, { configs, discontinuity }: NonNullable<Piece['opens']>): void {
    this.#closeSegment();
    const msn = this.#nextMsn;
    let init = this.#segments.at(-1)?.init;
    if (init === undefined || configs !== this.#configs) {
      init = msn;
      this.#inits.set(init, writeInit(configs));
      this.#configs = configs;
    }
    this.#segments.push({ msn, init, discontinuity, startMs: piece.startMs, durationMs: 0, parts: [], whole: false });
    this.#open = true;
  }

  #closeSegment(): void {
    const segment = this.#current;
    if (segment === null) return;
    this.#open = false;
    this.#nextMsn++;
    const bytes = bytesOf(segment);
    this.#bytes += bytes;
    this.#mediaMs += segment.durationMs;
    this.#peakBitrate = Math.max(this.#peakBitrate, (bytes * 8000) / segment.durationMs);
    this.#slide();
    this.#free();
  }

  /** A playlist is never shorter than three target durations once it was that long (draft 6.2.2). */
  #slide(): void {
    const shortestMs = 3 * this.#timing!.targetDurationS * 1000;
    let listedMs = this.#segments.slice(this.#listed).reduce((sum, segment) => sum + segment.durationMs, 0);
    while (this.#segments.length - this.#listed > this.#options.window) {
      const oldest = this.#segments[this.#listed]!;
      listedMs -= oldest.durationMs;
      if (listedMs < shortestMs) break;
      this.#listed++;
      if (oldest.discontinuity) this.#discontinuitySequence++;
    }
  }

  /**
   * A segment can be had for its own and its playlist's duration after it left the playlist (draft 6.2.2), and three target
   * durations more for players on slow lines; less long when that takes too much memory.
   */
  #free(): void {
    const listed = this.#segments.slice(this.#listed);
    const listedMs = listed.reduce((sum, segment) => sum + segment.durationMs, 0);
    let keepMs = listedMs + 3 * this.#timing!.targetDurationS * 1000;
    let keepBytes = MOST_BYTES_BEHIND;
    let first = this.#listed;
    while (first > 0 && keepMs > 0 && keepBytes > 0) {
      const segment = this.#segments[--first]!;
      keepMs -= segment.durationMs;
      keepBytes -= bytesOf(segment);
    }
    if (first === 0) return;
    this.#segments.splice(0, first);
    this.#listed -= first;
    const used = new Set(this.#segments.map((segment) => segment.init));
    for (const id of this.#inits.keys()) if (!used.has(id)) this.#inits.delete(id);
  }
}

const bytesOf = ({ parts }: StoredSegment): number => parts.reduce((sum, { data }) => sum + data.length, 0);

function playlistParts(segment: StoredSegment, query: string): PlaylistPart[] {
  return segment.parts.map(({ durationMs, independent }, i) => ({
    uri: partName(segment.msn, i) + query,
    durationMs,
    independent,
  }));
}

function writeInit({ video, audio }: TrackConfigs): Buffer {
  return initSegment({
    ...(video === null ? {} : { video: { config: video.frame, info: video.info } }),
    ...(audio === null ? {} : { audio: { config: audio.frame, info: audio.info } }),
  });
}
