import type { Engine, EngineOptions } from './engines/engine.ts';
import type { Page } from './page.ts';
import type { EngineId } from './player.ts';

/** As much of a video element as the player uses, moved by hand. */
export class FakeVideo extends EventTarget {
  muted = false;
  volume = 1;
  paused = true;
  ended = false;
  seeking = false;
  readyState = 0;
  currentTime = 0;
  videoWidth = 0;
  videoHeight = 0;
  playbackRate = 1;
  error: { message: string } | null = null;
  buffered = { length: 0 };
  /** What `play` answers with. */
  refusal: (muted: boolean) => Error | null = () => null;

  async play(): Promise<void> {
    const error = this.refusal(this.muted);
    if (error) throw error;
    this.paused = false;
  }

  pause(): void {
    this.paused = true;
    this.tell('pause');
  }

  getVideoPlaybackQuality() {
    return { totalVideoFrames: 0, droppedVideoFrames: 0 };
  }

  /** The first picture, or the next. */
  show(): void {
    this.readyState = 4;
    this.videoWidth = 1280;
    this.videoHeight = 720;
    this.currentTime += 1;
    this.tell('playing');
  }

  runDry(): void {
    this.readyState = 2;
    this.tell('waiting');
  }

  tell(event: string): void {
    this.dispatchEvent(new Event(event));
  }
}

/** Engines that do nothing but be there. */
export class FakeEngines {
  readonly opened: EngineId[] = [];
  /** With which signatures they were opened. */
  readonly queries: string[] = [];
  closed = 0;
  jumps = 0;
  /** Of the newest engine. */
  events: EngineOptions['events'] | null = null;
  /** Set: opening fails with it. */
  missing: Error | null = null;

  open = async (id: EngineId, { events, query }: EngineOptions): Promise<Engine> => {
    if (this.missing) throw this.missing;
    this.opened.push(id);
    this.queries.push(query);
    this.events = events;
    return {
      id,
      toLiveEdge: () => this.jumps++,
      receivedBytes: () => 0,
      delay: () => null,
      lagMs: () => 0,
      protocol: () => id,
      close: () => this.closed++,
    };
  };
}

export class FakePage implements Page {
  online = true;
  hidden = false;
  #changed: { online(): void; shown(): void } | null = null;

  watch(changed: { online(): void; shown(): void }): void {
    this.#changed = changed;
  }

  goOnline(online: boolean): void {
    this.online = online;
    this.#changed?.online();
  }

  hide(hidden: boolean): void {
    this.hidden = hidden;
    this.#changed?.shown();
  }
}
