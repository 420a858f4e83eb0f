import { afterGap, LiveEdge } from '../live-edge.ts';
import type { EngineId, Problem, ProblemReason } from '../player.ts';
import { playPath, webSocketAddress } from './addresses.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { mpegts } from './mpegts.ts';
import { mendSeams } from './seams.ts';

/** How often the buffer is looked at. */
const STEER_MS = 250;

const CONFIG = {
  isLive: true,
  // The library would hold data back to smooth reading; the server writes in flushes already.
  enableStashBuffer: false,
  lazyLoad: false,
  autoCleanupSourceBuffer: true,
  autoCleanupMaxBackwardDuration: 30,
  autoCleanupMinBackwardDuration: 10,
  // The delay is kept by LiveEdge, which adapts to the network; the library's own chasing does not.
  liveBufferLatencyChasing: false,
  liveSync: false,
};

/** FLV by HTTP or WebSocket, remuxed to MP4 for a media source. */
export function openFlv(id: 'flv' | 'ws-flv', options: EngineOptions): Engine {
  return new FlvEngine(id, options);
}

class FlvEngine implements Engine {
  readonly id: EngineId;
  readonly #video: HTMLVideoElement;
  readonly #edge = new LiveEdge();
  readonly #library: ReturnType<typeof mpegts.createPlayer>;
  readonly #listening = new AbortController();
  readonly #steering: ReturnType<typeof setInterval>;
  #receivedKb = 0;
  #reportedAtMs = performance.now();
  #moving = false;
  #seamless = false;

  constructor(id: 'flv' | 'ws-flv', { video, stream, query, events }: EngineOptions) {
    this.id = id;
    this.#video = video;
    // What matters comes as events, too.
    mpegts.LoggingControl.enableAll = false;
    const path = playPath(stream, 'flv', query);
    const url = id === 'flv' ? path : webSocketAddress(path, location.origin);
    this.#library = mpegts.createPlayer({ type: 'flv', isLive: true, url }, CONFIG);
    this.#library.on(
      mpegts.Events.ERROR,
      (type: string, detail: string, info: { code?: number; msg?: string } | null) => {
        events.failed(problemOf(type, detail, info));
      },
    );
    this.#library.on(mpegts.Events.LOADING_COMPLETE, () => events.finished());
    this.#library.on(mpegts.Events.STATISTICS_INFO, ({ speed }: { speed?: number }) => this.#count(speed ?? 0));
    const { signal } = this.#listening;
    video.addEventListener('playing', () => (this.#moving = true), { signal });
    video.addEventListener('waiting', () => this.#ranDry(), { signal });
    // Play after a pause: what was measured is of no use.
    video.addEventListener('play', () => this.#edge.reset(), { signal });
    this.#steering = setInterval(() => this.#steer(), STEER_MS);
    this.#library.attachMediaElement(video);
    this.#library.load();
  }

  toLiveEdge(): void {
    const { buffered } = this.#video;
    if (buffered.length === 0) return;
    const end = buffered.end(buffered.length - 1);
    this.#seek(Math.max(buffered.start(buffered.length - 1), end - this.#edge.marginS - 0.3));
  }

  receivedBytes(): number {
    return this.#receivedKb * 1024;
  }

  delay(): { ms: number; behind: 'buffer' } {
    return { ms: this.#aheadS() * 1000, behind: 'buffer' };
  }

  lagMs(): number {
    return Math.max(0, this.#aheadS() - this.#edge.marginS) * 1000;
  }

  protocol(): string {
    return this.id === 'flv' ? 'HTTP-FLV' : 'WebSocket-FLV';
  }

  close(): void {
    if (this.#listening.signal.aborted) return;
    this.#listening.abort();
    clearInterval(this.#steering);
    this.#library.destroy();
    this.#video.playbackRate = 1;
  }

  #steer(): void {
    this.#seamless ||= mendSeams(this.#library);
    if (this.#video.paused || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const { playbackRate, jumpToAheadS } = this.#edge.steer(this.#aheadS(), performance.now() / 1000);
    if (this.#video.playbackRate !== playbackRate) this.#video.playbackRate = playbackRate;
    if (jumpToAheadS !== null) this.#seek(this.#video.currentTime + this.#aheadS() - jumpToAheadS);
    else if (this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.#overGap();
  }

  #ranDry(): void {
    if (!this.#moving || this.#video.seeking) return;
    this.#moving = false;
    this.#edge.stalled(performance.now() / 1000);
  }

  /** A publisher that came back leaves a hole where it was away. */
  #overGap(): void {
    const { buffered, currentTime } = this.#video;
    const ranges = Array.from({ length: buffered.length }, (_, i) => ({
      startS: buffered.start(i),
      endS: buffered.end(i),
    }));
    const target = afterGap(ranges, currentTime);
    if (target !== null) this.#seek(target);
  }

  #seek(position: number): void {
    this.#video.currentTime = position;
    this.#video.playbackRate = 1;
  }

  #aheadS(): number {
    const { buffered, currentTime } = this.#video;
    return buffered.length === 0 ? 0 : Math.max(0, buffered.end(buffered.length - 1) - currentTime);
  }

  /** The library tells the mean speed since its last report, not a sum. */
  #count(speedKbPerS: number): void {
    const nowMs = performance.now();
    this.#receivedKb += (speedKbPerS * (nowMs - this.#reportedAtMs)) / 1000;
    this.#reportedAtMs = nowMs;
  }
}

function problemOf(type: string, detail: string, info: { code?: number; msg?: string } | null): Problem {
  const text = [detail, info?.code, info?.msg].filter((part) => part !== undefined && part !== '').join(' ');
  return { reason: reasonOf(type, detail, info?.code), detail: text };
}

function reasonOf(type: string, detail: string, code: number | undefined): ProblemReason {
  if (type === mpegts.ErrorTypes.NETWORK_ERROR) {
    if (code === 404) return 'not-live';
    if (code === 401 || code === 403) return 'forbidden';
    return detail === mpegts.ErrorDetails.NETWORK_TIMEOUT ? 'timeout' : 'network';
  }
  return detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED ? 'codec' : 'media';
}
