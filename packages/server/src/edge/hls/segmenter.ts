import type { AudioFrame, Frame, VideoFrame, WireError } from '@lianmai/media';
import { AUDIO_TRACK_ID, type FragmentTrack, VIDEO_TRACK_ID } from '@lianmai/media/cmaf';
import { LOST_MS, SourceTracks, STALL_MS } from './source-tracks.ts';
import { chooseTiming, type SegmentSettings, type SegmentTiming, usualDistance } from './timing.ts';
import type { AudioTrackConfig, TrackConfigs, VideoTrackConfig } from './track-config.ts';
import type { Sample } from './track-queue.ts';

/** What the segmenter cuts off the stream: a part, or (`listed` false) a segment too sparse to have parts. */
export interface Piece {
  /** It begins a segment; the one before, if not closed, ends here. */
  opens: { configs: TrackConfigs; discontinuity: boolean } | null;
  /** It completes its segment. */
  closes: boolean;
  /** It is no longer than the part target. */
  listed: boolean;
  /** On the stream's timeline. */
  startMs: number;
  durationMs: number;
  /** Decoding can begin with it. */
  independent: boolean;
  tracks: FragmentTrack[];
}

/** Where the next piece ends. */
interface Cut {
  atMs: number;
  closes: boolean;
  /** Nothing lies between its first frame and its end, which is further off than a part may last. */
  sparse?: boolean;
  /** Nothing follows before this time: players are told. */
  resumesMs?: number;
}

/** `ended`: no more frames come; `broken`: none that continue what waits. */
type FlowState = 'live' | 'broken' | 'ended';

/** The segment being cut. */
interface OpenSegment {
  configs: TrackConfigs;
  startMs: number;
  /** It begins with a key frame, or has no pictures. */
  clean: boolean;
}

/** Sound without picture for so long at the start: there is no picture. */
const SOLO_MS = 1000;
/** Sound may begin so long before the picture it belongs to. */
const EARLY_AUDIO_MS = 300;
/** The first segment may be as short as this, so that the first playlist comes soon. */
const SHORTEST_FIRST_MS = 300;
/** After another picture the sound of before is taken to be the one that stays when it goes on for so long. */
const SAME_SOUND_MS = 200;
/** After another picture sound may be behind by so much, where else it would not be waited for. */
const NEW_SOUND_MS = 1500;
/** A first group of pictures longer than a segment by this factor is taken for a long one. */
const LONG_GOP = 1.25;
/** Times are compared that were computed in floating point. */
const EPSILON_MS = 0.001;

export interface SegmenterOptions {
  /** Distance of the stream's key frames if that is known already; 0: it is not. */
  gopMs?: number;
  /** Told of a configuration that cannot be read; its track is left out until another comes. */
  onUnreadable?: (error: WireError) => void;
}

/**
 * Cuts a stream's frames into segments and parts: pure, driven by the frames' times alone.
 *
 * - A segment ends at the first key frame past the aim; before, when the next key frame would come too late for the
 *   target duration; without a key frame only when it must. The first one ends at the first key frame.
 * - A part ends at the picture nearest to its aim or, where pictures are rare, at an audio frame. It is cut as soon as
 *   all tracks have come so far, so that it holds exactly its span of each.
 * - Other configurations and other tracks take effect at a key frame, with a discontinuity; sound waits for it.
 */
export class Segmenter {
  readonly #settings: SegmentSettings;
  readonly #knownGopMs: number;
  readonly #tracks: SourceTracks;
  #timing: SegmentTiming | null = null;
  /** At the start and after each break, frames gather until it is clear which tracks there are. */
  #gathering = true;
  #resumed = false;
  /** The next segment does not continue the one before. */
  #broken = false;
  #segment: OpenSegment | null = null;
  /** Of the newest segment opened; null before the first. */
  #configs: TrackConfigs | null = null;
  #firstSegment = true;
  /** The first segment ends here, without a key frame, so that the first playlist does not wait long for one. */
  #hastyMs = Infinity;
  #partStartMs = 0;

  constructor(settings: SegmentSettings, { gopMs = 0, onUnreadable = () => {} }: SegmenterOptions = {}) {
    this.#settings = settings;
    this.#knownGopMs = gopMs;
    this.#tracks = new SourceTracks(onUnreadable);
  }

  /** Known from the first piece on, and fixed. */
  get timing(): SegmentTiming | null {
    return this.#timing;
  }

  /** Memory taken by frames that are in no piece yet. Grows without end only when their times stand still. */
  get waitingBytes(): number {
    return this.#tracks.video.bytes + this.#tracks.audio.bytes;
  }

  /** Takes the frames a stream already has, before any other, all at once: the first segment may take all of them. */
  seed(frames: readonly Frame[]): Piece[] {
    for (const frame of frames) if (frame.track !== 'data') this.#tracks.push(frame, null);
    return this.#begin(false) ? this.#cutAll('live', []) : [];
  }

  /** Takes a frame; gives the pieces that are complete by it. */
  push(frame: Frame): Piece[] {
    if (frame.track === 'data') return [];
    const pieces = frame.type !== 'config' && this.#breaksOff(frame) ? this.#flush(frame.dts) : [];
    this.#tracks.push(frame, this.#gathering ? null : this.#configs);
    if (frame.type === 'config' || (this.#gathering && !this.#begin(false))) return pieces;
    return this.#cutAll('live', pieces);
  }

  /** The publisher was gone and is back. */
  resumed(): void {
    this.#resumed = true;
  }

  /** No more frames: the rest, which ends the last segment. */
  finish(): Piece[] {
    return this.#flush(null);
  }

  /** Whether a frame is so far from what came before that players must be told. */
  #breaksOff(frame: VideoFrame | AudioFrame): boolean {
    const { partTargetMs, maxSegmentMs } = this.#timing ?? { partTargetMs: STALL_MS, maxSegmentMs: STALL_MS };
    const limitMs = this.#resumed || this.#gathering ? Math.max(partTargetMs, STALL_MS) : maxSegmentMs;
    this.#resumed = false;
    const { video, audio, leadMs } = this.#tracks;
    if (this.#gathering || this.#configs === null) return frame.dts - leadMs > limitMs;
    // A track that waits for its announcement does not count.
    if (this.#configs[frame.track] === null) return false;
    const pictureMs = this.#configs.video === null ? -Infinity : video.reachMs;
    const soundMs = this.#configs.audio === null ? -Infinity : audio.reachMs;
    return frame.dts - Math.max(pictureMs, soundMs) > limitMs;
  }

  /**
   * All that waits becomes pieces, the newest frames lasting as long as usual; then frames gather anew. What gathered
   * before a break is too little to show.
   */
  #flush(nextMs: number | null): Piece[] {
    const discard = this.#gathering && !(nextMs === null && this.#begin(true));
    const pieces = discard ? [] : this.#cutAll(nextMs === null ? 'ended' : 'broken', []);
    this.#segment = null;
    this.#gathering = true;
    this.#broken = this.#configs !== null;
    this.#tracks.breakOff((nextMs ?? Infinity) - STALL_MS);
    return pieces;
  }

  /** Ends the gathering once it is clear which tracks there are and, the first time, how long groups of pictures are. */
  #begin(now: boolean): boolean {
    const { video, audio, expectsAudio } = this.#tracks;
    const first = video.samples[0] ?? audio.samples[0];
    if (first === undefined) return false;
    const picture = video.samples[0];
    const waitedMs = this.#tracks.leadMs - first.timeMs;
    const missing = picture === undefined ? SOLO_MS : expectsAudio && audio.samples.length === 0 ? STALL_MS : 0;
    if (waitedMs < missing && !now) return false;
    if (this.#timing === null) {
      const gopMs = picture === undefined ? null : this.#observeGop(now);
      if (gopMs === 'unknown') return false;
      this.#timing = chooseTiming(this.#settings, { gopMs, frameMs: this.#observeFrames() });
      const untilKeyMs = gopMs === 'open' ? Infinity : (gopMs ?? 0) - waitedMs;
      // All there is goes in it: a player that begins at its end finds the key frame at its start.
      if (untilKeyMs > this.#settings.hlsSegmentMs) this.#hastyMs = Math.max(waitedMs, SHORTEST_FIRST_MS);
    }
    if (picture !== undefined) audio.drop((sample) => sample.timeMs < picture.timeMs - EARLY_AUDIO_MS);
    this.#partStartMs = first.timeMs;
    this.#gathering = false;
    return true;
  }

  #observeGop(now: boolean): number | 'open' | 'unknown' {
    const gopMs = this.#tracks.gopMs || this.#knownGopMs;
    if (gopMs > 0) return gopMs;
    const { samples, reachMs } = this.#tracks.video;
    return now || reachMs - samples[0]!.timeMs >= this.#settings.hlsSegmentMs * LONG_GOP ? 'open' : 'unknown';
  }

  /** How far apart the frames are that parts are cut at: pictures, unless these are rarer than parts and there is sound. */
  #observeFrames(): number {
    const { video, audio } = this.#tracks;
    const { hlsPartMs } = this.#settings;
    const pictureTimes = video.samples.map((sample) => sample.timeMs);
    const pictureMs = usualDistance(pictureTimes, audio.intervalMs || hlsPartMs);
    return pictureMs > hlsPartMs && audio.intervalMs > 0 ? audio.intervalMs : pictureMs;
  }

  #cutAll(state: FlowState, pieces: Piece[]): Piece[] {
    for (;;) {
      if (this.#segment !== null && this.#mustChange(this.#segment.configs)) this.#segment = null;
      const configs = this.#segment?.configs ?? this.#nextConfigs(state);
      if (state !== 'live' && this.#waiting(configs).length === 0) return pieces;
      const cut = this.#nextCut(configs, state !== 'live');
      if (cut === null || cut.atMs <= this.#partStartMs) return pieces;
      const piece = this.#take(cut, configs);
      if (piece !== null) pieces.push(piece);
    }
  }

  /** Whether a change of configuration is due where the last part ended, since times of tracks differ by their jitter. */
  #mustChange({ video, audio }: TrackConfigs): boolean {
    const picture = this.#tracks.video.samples[0];
    const first = video === null && picture === undefined ? this.#tracks.audio.samples[0] : picture;
    if (first === undefined || first.timeMs > this.#partStartMs) return false;
    return first.config !== (first === picture ? video : audio);
  }

  /** What a segment that begins now has. Configurations change only where decoding may begin. */
  #nextConfigs(state: FlowState): TrackConfigs {
    const { video, audio } = this.#tracks;
    const picture = video.samples[0];
    // What waits for a key frame that will not come is not shown.
    if (this.#configs !== null && (state === 'broken' || (state === 'ended' && this.#configs.video && !picture)))
      return this.#configs;
    const newestAudio = audio.samples.at(-1)?.config ?? null;
    const next: TrackConfigs = { video: picture?.config ?? null, audio: newestAudio };
    const current = this.#configs;
    if (current !== null && !this.#broken) {
      const begins = picture === undefined || (picture.keyFrame && picture.timeMs <= this.#partStartMs + EPSILON_MS);
      if (!begins) return current;
      if (next.video === null && !this.#tracks.stalled('video', LOST_MS)) next.video = current.video;
      if (next.audio === null && !this.#tracks.stalled('audio', LOST_MS)) next.audio = current.audio;
    }
    audio.drop((sample) => sample.config !== next.audio);
    return next.video === current?.video && next.audio === current.audio ? current : next;
  }

  #nextCut(configs: TrackConfigs, flushing: boolean): Cut | null {
    const { video, audio } = this.#tracks;
    const timing = this.#timing!;
    const horizon = flushing ? Infinity : this.#horizonMs(configs);
    const start = this.#partStartMs;
    if (horizon <= start) return null;
    const soonest = start + timing.partMs * 0.95;
    const latest = start + timing.partTargetMs + EPSILON_MS;
    const pictured = video.samples.length > 0 || (configs.video !== null && !this.#tracks.stalled('video', STALL_MS));
    for (const sample of pictured ? video.samples : audio.samples) {
      const { timeMs } = sample;
      if (timeMs <= start) continue;
      if (timeMs > latest || timeMs > horizon) break;
      if (sample.config !== (pictured ? configs.video : configs.audio))
        return flushing || !pictured || this.#hasSoundUntil(timeMs, configs) ? { atMs: timeMs, closes: true } : null;
      if (pictured && sample.keyFrame && this.#keyEndsSegment(timeMs, configs)) return { atMs: timeMs, closes: true };
      if (timeMs >= soonest) return this.#partCut(timeMs, pictured);
    }
    // Until all tracks are past it, a frame may still come that lies well.
    if (horizon <= latest) return null;
    return this.#cutBetween(configs, soonest, latest, pictured) ?? (flushing ? this.#lastCut(configs, latest) : null);
  }

  /**
   * Whether it is clear which sound goes on after a change of the picture: a source's sound takes over a little later than its
   * picture. What is left of the old one after the cut has no place, and a hole in the sound costs more than itself: browsers drop
   * pictures then until the next key frame (Media Source Extensions 3.5.8), or wait for sound that a segment promises and has not.
   */
  #hasSoundUntil(changeMs: number, { audio }: TrackConfigs): boolean {
    const { samples, reachMs } = this.#tracks.audio;
    if (audio === null || reachMs < changeMs - STALL_MS) return true;
    const newest = samples.at(-1);
    if (newest && (newest.config !== audio || newest.timeMs > changeMs + SAME_SOUND_MS)) return true;
    return this.#tracks.leadMs > changeMs + NEW_SOUND_MS;
  }

  /** Up to where all tracks in play have come: what lies before is complete. */
  #horizonMs(configs: TrackConfigs): number {
    let horizon = this.#tracks.leadMs;
    for (const track of ['video', 'audio'] as const)
      if (configs[track] !== null && !this.#tracks.stalled(track, STALL_MS))
        horizon = Math.min(horizon, this.#tracks[track].reachMs);
    return horizon;
  }

  /** No picture lies where the part should end: take any track's frame, or, where there is none, go to the next there is. */
  #cutBetween(configs: TrackConfigs, soonest: number, latest: number, pictured: boolean): Cut | null {
    let early = -Infinity;
    let good = Infinity;
    let late = this.#changeMs(configs, pictured);
    for (const { timeMs } of this.#waiting(configs)) {
      if (timeMs <= this.#partStartMs) continue;
      if (timeMs > latest) late = Math.min(late, timeMs);
      else if (timeMs >= soonest) good = Math.min(good, timeMs);
      else early = Math.max(early, timeMs);
    }
    if (good !== Infinity) return this.#partCut(good, pictured);
    if (late === Infinity) return null;
    if (early !== -Infinity) return this.#partCut(early, pictured);
    if (late - this.#partStartMs <= this.#timing!.maxSegmentMs) return { atMs: late, closes: true, sparse: true };
    return { ...this.#lastCut(configs, latest), resumesMs: late };
  }

  /** As far as the frames before `latest` last. */
  #lastCut(configs: TrackConfigs, latest: number): Cut {
    let end = -Infinity;
    for (const { timeMs, usualTicks, config } of this.#waiting(configs))
      if (timeMs <= latest) end = Math.max(end, timeMs + (usualTicks * 1000) / config.timescale);
    return { atMs: Math.min(Math.max(end, this.#partStartMs + 1), latest), closes: true };
  }

  /** When the track that decides where segments begin changes its configuration; Infinity when it does not. */
  #changeMs({ video, audio }: TrackConfigs, pictured: boolean): number {
    const samples = pictured ? this.#tracks.video.samples : this.#tracks.audio.samples;
    const change = samples.find((sample) => sample.config !== (pictured ? video : audio));
    return change !== undefined && change.timeMs > this.#partStartMs ? change.timeMs : Infinity;
  }

  /** The frames of both tracks that a segment with these configurations can take. */
  #waiting(configs: TrackConfigs): Sample<VideoTrackConfig | AudioTrackConfig>[] {
    const { video, audio } = this.#tracks;
    return [
      ...video.samples.filter((sample) => sample.config === configs.video),
      ...audio.samples.filter((sample) => sample.config === configs.audio),
    ];
  }

  /** A part ends here; its segment too when there are no key frames to wait for, or no room for another part. */
  #partCut(atMs: number, pictured: boolean): Cut {
    const { partTargetMs, maxSegmentMs, segmentMs, partMs } = this.#timing!;
    const elapsed = atMs - (this.#segment?.startMs ?? this.#partStartMs);
    if (elapsed + partTargetMs > maxSegmentMs) return { atMs, closes: true };
    if (pictured) return { atMs, closes: this.#firstSegment && elapsed + partTargetMs > this.#hastyMs };
    const aim = this.#firstSegment ? Math.min(segmentMs, SOLO_MS) : segmentMs;
    return { atMs, closes: elapsed >= aim - partMs / 2 };
  }

  #keyEndsSegment(keyMs: number, configs: TrackConfigs): boolean {
    const { segmentMs, maxSegmentMs, partTargetMs } = this.#timing!;
    const elapsed = keyMs - (this.#segment?.startMs ?? this.#partStartMs);
    if (this.#segment?.clean === false || elapsed >= segmentMs - EPSILON_MS) return true;
    if (this.#firstSegment && elapsed >= SHORTEST_FIRST_MS) return true;
    return elapsed + this.#tracks.gopMs + partTargetMs > maxSegmentMs || this.#audioChanges(keyMs, configs);
  }

  /** Whether a segment that begins with this key frame would have another sound track. */
  #audioChanges(keyMs: number, { audio: current }: TrackConfigs): boolean {
    if (current !== null && this.#tracks.stalled('audio', LOST_MS)) return true;
    return this.#tracks.audio.samples.some((s) => s.config !== current && s.timeMs <= keyMs + EARLY_AUDIO_MS);
  }

  /** null when nothing lies in the span: it is skipped, and players are told. */
  #take({ atMs, closes, sparse = false, resumesMs }: Cut, configs: TrackConfigs): Piece | null {
    const startMs = this.#partStartMs;
    // A sparse stretch has no parts and so must be a segment of its own.
    if (sparse) this.#segment = null;
    const pictures = configs.video && this.#tracks.video.take(atMs, configs.video);
    const sounds = configs.audio && this.#tracks.audio.take(atMs, configs.audio);
    this.#partStartMs = resumesMs ?? atMs;
    const tracks: FragmentTrack[] = [];
    if (pictures) tracks.push({ trackId: VIDEO_TRACK_ID, ...pictures });
    if (sounds) tracks.push({ trackId: AUDIO_TRACK_ID, ...sounds });
    const independent = pictures ? pictures.samples[0]!.keyFrame : configs.video === null;
    let opens: Piece['opens'] = null;
    if (tracks.length > 0 && this.#segment === null) {
      opens = { configs, discontinuity: this.#configs !== null && (this.#broken || configs !== this.#configs) };
      this.#segment = { configs, startMs, clean: independent };
      this.#configs = configs;
      this.#broken = false;
    }
    if (closes || tracks.length === 0) this.#segment = null;
    if (resumesMs !== undefined || tracks.length === 0) this.#broken = this.#configs !== null;
    if (tracks.length === 0) return null;
    if (closes) this.#firstSegment = false;
    return { opens, closes, listed: !sparse, startMs, durationMs: atMs - startMs, independent, tracks };
  }
}
