/** What a media element is seen to do. */
export interface MediaEvents {
  /** The picture advances; told again and again. */
  moved(): void;
  /** It stopped without being asked to. */
  stalled(): void;
  /** Paused or played by someone: media keys, the picture-in-picture window, the system, or this page. */
  paused(): void;
  played(): void;
  /** Position, size or volume are others. */
  changed(): void;
  failed(message: string): void;
}

/** HTMLMediaElement.HAVE_FUTURE_DATA: there is something to play beyond the current picture. */
const HAVE_FUTURE_DATA = 3;

/** How often the position is looked at, for stalls the browser does not tell. */
const HEARTBEAT_MS = 1_000;

/** Watches a media element until `signal` aborts. */
export function watchMedia(video: HTMLVideoElement, events: MediaEvents, signal: AbortSignal): void {
  const on = (name: string, listener: () => void) => video.addEventListener(name, listener, { signal });
  const running = () => !video.paused && !video.seeking && video.readyState >= HAVE_FUTURE_DATA;
  let position = 0;
  on('timeupdate', () => {
    if (video.currentTime !== position && running()) events.moved();
    position = video.currentTime;
    events.changed();
  });
  on('playing', () => running() && events.moved());
  on('waiting', () => !video.seeking && events.stalled());
  on('ended', events.stalled);
  on('pause', () => {
    // An ended stream pauses by itself, and engines pause an element they leave.
    if (video.paused && !video.ended && video.readyState > 0) events.paused();
  });
  on('play', events.played);
  on('resize', events.changed);
  on('volumechange', events.changed);
  on('error', () => video.error && events.failed(video.error.message));

  let beatPosition = -1;
  const heartbeat = setInterval(() => {
    if (video.currentTime === beatPosition && !video.paused) events.stalled();
    beatPosition = video.currentTime;
  }, HEARTBEAT_MS);
  signal.addEventListener('abort', () => clearInterval(heartbeat));
}
