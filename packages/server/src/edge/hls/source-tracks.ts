import { type AudioFrame, type VideoFrame, WireError } from '@lianmai/media';
import {
  type AudioTrackConfig,
  audioTrackConfig,
  sameMp3Format,
  type TrackConfigs,
  type VideoTrackConfig,
  videoTrackConfig,
} from './track-config.ts';
import { JITTER_MS, TrackQueue } from './track-queue.ts';

/** A track that is so far behind the other is not waited for. */
export const STALL_MS = 500;
/** ... and after so long is no longer promised to players. */
export const LOST_MS = 3000;

/** The tracks of one stream on their way into parts: reads configurations, tags samples with them, knows who lags. */
export class SourceTracks {
  readonly video = new TrackQueue<VideoTrackConfig>({ exact: false });
  readonly audio = new TrackQueue<AudioTrackConfig>({ exact: true });
  readonly #onUnreadable: (error: WireError) => void;
  #videoHead: VideoFrame | null = null;
  #videoConfig: VideoTrackConfig | null = null;
  #audioConfig: AudioTrackConfig | null = null;
  #lastKeyMs: number | null = null;
  #gopMs = 0;

  constructor(onUnreadable: (error: WireError) => void) {
    this.#onUnreadable = onUnreadable;
  }

  /** Distance of the newest two key frames; 0 while there are not two. */
  get gopMs(): number {
    return this.#gopMs;
  }

  /** Audio has been announced, whether or not it came. */
  get expectsAudio(): boolean {
    return this.#audioConfig !== null;
  }

  /** Time of the newest sample of any track. */
  get leadMs(): number {
    return Math.max(this.video.reachMs, this.audio.reachMs);
  }

  /** Whether a track is behind the other by so much. Between two frames of a slow track it is not. */
  stalled(track: 'video' | 'audio', afterMs: number): boolean {
    const { reachMs, intervalMs } = this[track];
    return this.leadMs - reachMs > Math.max(afterMs, Math.min(2.5 * intervalMs, LOST_MS));
  }

  /** @param inForce the configurations of the segment being cut; null when none is. */
  push(frame: VideoFrame | AudioFrame, inForce: TrackConfigs | null): void {
    if (frame.type === 'config') this.#configure(frame);
    else if (frame.track === 'video') this.#pushVideo(frame, inForce);
    else this.#pushAudio(frame, inForce);
  }

  /** What comes next does not continue what came. What waits belongs to what comes if it is not older than `fromMs`. */
  breakOff(fromMs: number): void {
    for (const queue of [this.video, this.audio]) {
      queue.drop((sample: { timeMs: number }) => sample.timeMs < fromMs);
      queue.breakOff();
    }
    this.#lastKeyMs = null;
  }

  #configure(frame: VideoFrame | AudioFrame): void {
    if (frame.track === 'audio') {
      const current = this.#audioConfig?.frame;
      if (current?.codec === frame.codec && current.data.equals(frame.data)) return;
      this.#audioConfig = this.#readable(audioTrackConfig(frame));
      return;
    }
    if (this.#videoHead?.codec === frame.codec && this.#videoHead.data.equals(frame.data)) return;
    this.#videoHead = frame;
    // Read with the next key frame: some codecs tell the size only there.
    this.#videoConfig = null;
  }

  #readable<T extends object>(config: T | WireError): T | null {
    if (!(config instanceof WireError)) return config;
    this.#onUnreadable(config);
    return null;
  }

  #pushVideo(frame: VideoFrame, inForce: TrackConfigs | null): void {
    const keyFrame = frame.type === 'key';
    if (this.#videoConfig === null && keyFrame && this.#videoHead?.codec === frame.codec)
      this.#videoConfig = this.#readable(videoTrackConfig(this.#videoHead, frame));
    const config = this.#videoConfig;
    if (config === null) return;
    // Nothing can be decoded before a key frame.
    if (!keyFrame && this.video.samples.length === 0 && inForce?.video !== config) return;
    const { timeMs } = this.video.push(config, { dts: frame.dts, cts: frame.cts, keyFrame, data: frame.data }, null);
    if (!keyFrame) return;
    if (this.#lastKeyMs !== null) this.#gopMs = timeMs - this.#lastKeyMs;
    this.#lastKeyMs = timeMs;
  }

  /**
   * Another sound that begins later than the one before ended has silence before it. At a hole browsers stop, or show no picture
   * until the next key frame; a segment without the sound that it promises they do not get over.
   */
  #fillBefore(dts: number, data: Buffer, config: AudioTrackConfig): void {
    const { end } = this.audio;
    if (end === null || end.config === config || dts - end.ms <= JITTER_MS || dts - end.ms > STALL_MS) return;
    const silence = config.silence(data);
    if (silence === null) return;
    const ticks = config.frameTicks(silence);
    const frameMs = (ticks * 1000) / config.timescale;
    for (let atMs = end.ms; atMs + frameMs <= dts; atMs += frameMs)
      this.audio.push(config, { dts: atMs, cts: 0, keyFrame: true, data: silence }, ticks);
  }

  #pushAudio(frame: AudioFrame, inForce: TrackConfigs | null): void {
    if (frame.codec === 'mp3' && !sameMp3Format(this.#audioConfig, frame))
      this.#configure({ ...frame, type: 'config' });
    const config = this.#audioConfig;
    if (config?.frame.codec !== frame.codec) return;
    const { dts, data } = frame;
    this.#fillBefore(dts, data, config);
    const { timeMs } = this.audio.push(config, { dts, cts: 0, keyFrame: true, data }, config.frameTicks(data));
    // Sound that waits for a key frame to be announced does not wait for ever.
    if (inForce?.video && config !== inForce.audio)
      this.audio.drop((sample) => sample.config !== inForce.audio && sample.timeMs < timeMs - STALL_MS);
  }
}
