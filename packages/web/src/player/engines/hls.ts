import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type HlsConfig } from 'hls.js/light';
import type { Delay, Problem, ProblemReason } from '../player.ts';
import { playPath } from './addresses.ts';
import type { Engine, EngineOptions } from './engine.ts';

const CONFIG: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // Segments are MP4 already: there is nothing to remux off the main thread.
  enableWorker: false,
  backBufferLength: 15,
  maxLiveSyncPlaybackRate: 1.15,
  startFragPrefetch: true,
  // Failing is this engine's, trying again the player's: a short way to the news.
  manifestLoadPolicy: {
    default: { maxTimeToFirstByteMs: 8_000, maxLoadTimeMs: 10_000, timeoutRetry: null, errorRetry: null },
  },
};

/** Further behind the playlist's own target than this, it jumps instead of hurrying. */
const JUMP_MS = 8_000;

/** HLS, low-latency when the playlist has parts, by a media source. */
export function openHls(options: EngineOptions): Engine {
  return new HlsEngine(options);
}

class HlsEngine implements Engine {
  readonly id = 'hls';
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  #receivedBytes = 0;
  #recovered = false;
  /** Of the newest segment that was listed. */
  #newestSegment: number | null = null;
  #closed = false;

  constructor({ video, stream, query, events }: EngineOptions) {
    this.#video = video;
    this.#hls = new Hls(CONFIG);
    this.#hls.on(Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      // Once, a new media source cures a decoder that stumbled.
      if (
        data.type === ErrorTypes.MEDIA_ERROR &&
        data.details !== ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR &&
        !this.#recovered
      ) {
        this.#recovered = true;
        this.#hls.recoverMediaError();
        return;
      }
      events.failed(problemOf(data));
    });
    this.#hls.on(Events.LEVEL_LOADED, (_event, { details }) => {
      const newest = this.#newestSegment;
      this.#newestSegment = details.endSN;
      // Another packager's, whose worker took the first one with it: its media begins at 0 again, where the library would put it.
      if (newest !== null && details.startSN > newest + 1)
        events.failed({ reason: 'network', detail: 'the playlist began anew' });
    });
    this.#hls.on(Events.FRAG_LOADED, (_event, { frag, part }) => {
      this.#receivedBytes += (part ?? frag).stats.loaded;
    });
    this.#hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
      if (!details.live) events.finished();
      else this.#catchUp();
    });
    this.#hls.attachMedia(video);
    this.#hls.loadSource(playPath(stream, 'm3u8', query));
  }

  toLiveEdge(): void {
    const position = this.#hls.liveSyncPosition;
    if (position !== null) this.#video.currentTime = position;
  }

  receivedBytes(): number {
    return this.#receivedBytes;
  }

  delay(): Delay | null {
    const seconds = this.#hls.latency;
    return seconds > 0 ? { ms: seconds * 1000, behind: 'edge' } : null;
  }

  lagMs(): number {
    const { latency, targetLatency } = this.#hls;
    return targetLatency === null ? 0 : Math.max(0, latency - targetLatency) * 1000;
  }

  protocol(): string {
    return this.#hls.latestLevelDetails?.partList ? 'LL-HLS' : 'HLS';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hls.destroy();
    this.#video.playbackRate = 1;
  }

  #catchUp(): void {
    if (this.lagMs() > JUMP_MS && !this.#video.paused) this.toLiveEdge();
  }
}

function problemOf(data: ErrorData): Problem {
  const status = data.response?.code;
  const detail = [data.details, status, data.error?.message]
    .filter((part) => part !== undefined && part !== 0)
    .join(' ');
  return { reason: reasonOf(data, status), detail };
}

function reasonOf(data: ErrorData, status: number | undefined): ProblemReason {
  if (data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) return 'codec';
  if (data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR) return 'codec';
  if (data.type !== ErrorTypes.NETWORK_ERROR) return 'media';
  if (status === 404) return 'not-live';
  if (status === 401 || status === 403) return 'forbidden';
  return /timeout/i.test(data.details) ? 'timeout' : 'network';
}
