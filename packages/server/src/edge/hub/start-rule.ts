import type { Frame } from '@lianmai/media';

/** So long without a picture and the stream counts as sound alone: newcomers wait no longer for a key frame. */
const VIDEO_GONE_MS = 10_000;

/** Sound can begin anywhere; one place a second is enough. */
const AUDIO_START_MS = 1000;

/** Which frames a newcomer may begin with: key frames of the video; with sound alone, an audio frame each second. */
export class StartRule {
  #lastVideoDts: number | null = null;
  #firstAudioDts: number | null = null;
  #lastStartDts = Number.NEGATIVE_INFINITY;

  /** Another source follows; it may have other tracks. */
  restart(): void {
    this.#lastVideoDts = null;
    this.#firstAudioDts = null;
    this.#lastStartDts = Number.NEGATIVE_INFINITY;
  }

  /**
   * To be asked about every frame, in order.
   * @param videoExpected a video configuration is known, so pictures come although none has come yet.
   */
  isStart(frame: Frame, videoExpected: boolean): boolean {
    if (frame.type === 'config' || frame.track === 'data') return false;
    if (frame.track === 'video') this.#lastVideoDts = frame.dts;
    else this.#firstAudioDts ??= frame.dts;
    const starts =
      frame.track === 'video'
        ? frame.type === 'key'
        : !this.#hasVideo(frame.dts, videoExpected) && frame.dts >= this.#lastStartDts + AUDIO_START_MS;
    if (starts) this.#lastStartDts = frame.dts;
    return starts;
  }

  #hasVideo(dts: number, expected: boolean): boolean {
    const since = this.#lastVideoDts ?? (expected ? this.#firstAudioDts : null);
    return since !== null && dts < since + VIDEO_GONE_MS;
  }
}
