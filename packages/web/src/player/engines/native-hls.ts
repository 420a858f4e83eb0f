import type { Delay, Problem } from '../player.ts';
import { playPath } from './addresses.ts';
import type { Engine, EngineOptions } from './engine.ts';

/** Safari tells the time stamped on the playlist's first segment. */
type DatedVideo = HTMLVideoElement & { getStartDate?(): Date };

/** Browsers keep about three segments from the end. */
const HOLD_BACK_MS = 10_000;

/** HLS by the browser's own player, the only way on older iPhones. */
export function openNativeHls(options: EngineOptions): Engine {
  return new NativeHlsEngine(options);
}

class NativeHlsEngine implements Engine {
  readonly id = 'native';
  readonly #video: DatedVideo;
  readonly #listening = new AbortController();

  constructor({ video, stream, query, events }: EngineOptions) {
    this.#video = video;
    const path = playPath(stream, 'm3u8', query);
    const { signal } = this.#listening;
    video.addEventListener('ended', () => events.finished(), { signal });
    video.addEventListener(
      'error',
      () => {
        const error = video.error;
        void explain(error, path, signal).then((problem) => {
          if (!signal.aborted) events.failed(problem);
        });
      },
      { signal },
    );
    video.src = path;
    video.load();
  }

  toLiveEdge(): void {
    const { seekable } = this.#video;
    if (seekable.length > 0) this.#video.currentTime = seekable.end(seekable.length - 1);
  }

  receivedBytes(): null {
    return null;
  }

  delay(): Delay | null {
    const startMs = this.#video.getStartDate?.().getTime() ?? Number.NaN;
    if (Number.isFinite(startMs)) {
      const ms = Date.now() - (startMs + this.#video.currentTime * 1000);
      // A wrong clock is worse than none.
      if (ms > 0 && ms < 300_000) return { ms, behind: 'clock' };
    }
    const { seekable, currentTime } = this.#video;
    if (seekable.length === 0) return null;
    return { ms: Math.max(0, seekable.end(seekable.length - 1) - currentTime) * 1000, behind: 'edge' };
  }

  lagMs(): number {
    const { seekable, currentTime } = this.#video;
    return seekable.length === 0
      ? 0
      : Math.max(0, (seekable.end(seekable.length - 1) - currentTime) * 1000 - HOLD_BACK_MS);
  }

  protocol(): string {
    return 'HLS';
  }

  close(): void {
    if (this.#listening.signal.aborted) return;
    this.#listening.abort();
    this.#video.removeAttribute('src');
    this.#video.load();
  }
}

/** The element says next to nothing about why: asking for the playlist does. */
async function explain(error: MediaError | null, path: string, signal: AbortSignal): Promise<Problem> {
  const said = error?.message ?? '';
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return { reason: 'media', detail: said };
  try {
    const { status } = await fetch(path, { signal, cache: 'no-store' });
    if (status === 404) return { reason: 'not-live', detail: `${status}` };
    if (status === 401 || status === 403) return { reason: 'forbidden', detail: `${status}` };
    if (status >= 400) return { reason: 'network', detail: `${status}` };
    return { reason: 'media', detail: said };
  } catch {
    return { reason: 'network', detail: said };
  }
}
