import type { StreamFigures } from '@lianmai/contract';
import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { type AudioInfo, describeAudio, describeVideo, type VideoInfo } from '@lianmai/media/codec';
import { AudienceMeter } from './audience-meter.ts';

/** Rates are taken over so many reports, so that a GOP's key frame does not make them jump. */
const RATE_REPORTS = 5;

interface Interval {
  ms: number;
  videoFrames: number;
  videoBytes: number;
  audioBytes: number;
}

const emptyInterval = (): Interval => ({ ms: 0, videoFrames: 0, videoBytes: 0, audioBytes: 0 });

/** Measures one stream on one worker: what it is, how fast it comes, who watches. */
export class StreamMeter {
  /** Who watches it here. */
  readonly audience: AudienceMeter;
  readonly #keepsAudience: boolean;
  #video: { config: VideoFrame; info: VideoInfo | null } | null = null;
  #audio: AudioInfo | null = null;
  #lastKeyDts: number | null = null;
  #gopMs = 0;
  #past: Interval[] = [];
  #interval = emptyInterval();
  #sinceMs: number;
  #bytesIn = 0;
  #reportedBytesIn = 0;

  /** @param shared counted beyond this stream's life: whoever keeps it closes its intervals. */
  constructor(nowMs: number, shared?: AudienceMeter) {
    this.#sinceMs = nowMs;
    this.audience = shared ?? new AudienceMeter();
    this.#keepsAudience = shared === undefined;
  }

  /** Distance of the newest two key frames; 0 while there are not two. */
  get gopMs(): number {
    return this.#gopMs;
  }

  frame(frame: Frame): void {
    if (frame.track === 'video') this.#videoFrame(frame);
    else if (frame.track === 'audio') this.#audioFrame(frame);
  }

  /** A track that is not sent any more. */
  forget(track: 'video' | 'audio'): void {
    if (track === 'audio') this.#audio = null;
    else {
      this.#video = null;
      this.#lastKeyDts = null;
      this.#gopMs = 0;
    }
  }

  countReceived(bytes: number): void {
    this.#bytesIn += bytes;
  }

  /** Ends a report interval: rates over the last few, bytes of this one. */
  closeInterval(nowMs: number): void {
    this.#interval.ms = nowMs - this.#sinceMs;
    this.#past = [...this.#past, this.#interval].slice(-RATE_REPORTS);
    this.#interval = emptyInterval();
    this.#sinceMs = nowMs;
    if (this.#keepsAudience) this.audience.closeInterval();
    this.#reportedBytesIn = this.#bytesIn;
    this.#bytesIn = 0;
  }

  /** Figures of the last closed interval; the viewers are those of this moment. */
  figures(): StreamFigures {
    const ms = this.#past.reduce((sum, interval) => sum + interval.ms, 0);
    const total = (key: 'videoFrames' | 'videoBytes' | 'audioBytes') =>
      this.#past.reduce((sum, interval) => sum + interval[key], 0);
    const kbps = (bytes: number) => (ms > 0 ? Math.round((bytes * 8) / ms) : 0);
    const video = this.#video;
    return {
      video: video && {
        codec: video.config.codec,
        width: video.info?.width ?? 0,
        height: video.info?.height ?? 0,
        fps: ms > 0 ? Math.round((total('videoFrames') / ms) * 100_000) / 100 : 0,
        bitrateKbps: kbps(total('videoBytes')),
        ...(video.info?.profile === undefined ? {} : { profile: video.info.profile }),
        gopMs: Math.round(this.#gopMs),
      },
      audio: this.#audio && {
        codec: this.#audio.codec,
        sampleRate: this.#audio.sampleRate,
        channels: this.#audio.channels,
        bitrateKbps: kbps(total('audioBytes')),
      },
      bytesIn: this.#reportedBytesIn,
      ...this.audience.figures(),
    };
  }

  #videoFrame(frame: VideoFrame): void {
    if (frame.type === 'config') {
      this.#video = { config: frame, info: known(describeVideo(frame)) };
      return;
    }
    this.#interval.videoFrames++;
    this.#interval.videoBytes += frame.data.length;
    if (frame.type !== 'key') return;
    this.#video ??= { config: frame, info: null };
    this.#video.info ??= known(describeVideo(this.#video.config, frame));
    if (this.#lastKeyDts !== null) this.#gopMs = frame.dts - this.#lastKeyDts;
    this.#lastKeyDts = frame.dts;
  }

  #audioFrame(frame: AudioFrame): void {
    if (frame.type !== 'config') this.#interval.audioBytes += frame.data.length;
    // MP3 has no configuration: its frames say what they are.
    if (frame.type === 'config' || (this.#audio === null && frame.codec === 'mp3'))
      this.#audio = known(describeAudio(frame));
  }
}

function known<T>(described: T | WireError): T | null {
  return described instanceof WireError ? null : described;
}
