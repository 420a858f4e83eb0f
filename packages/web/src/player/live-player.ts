import { playAsAllowed } from './autoplay.ts';
import type { Capabilities } from './capabilities.ts';
import { EngineSlot } from './engine-slot.ts';
import { isOver } from './engines/addresses.ts';
import type { OpenEngine } from './engines/engine.ts';
import { pictureSizeOf, Rates, readStats } from './figures.ts';
import { watchMedia } from './media-watch.ts';
import type { Page } from './page.ts';
import type {
  EngineId,
  Player,
  PlayerSnapshot,
  PlayerStats,
  Problem,
  StreamCodecs,
  StreamStatus,
  Unsubscribe,
} from './player.ts';
import { reconnectDelayMs, STABLE_MS } from './reconnect.ts';
import { sameSnapshot } from './snapshot.ts';
import { type PlayerFacts, stateOf } from './state.ts';
import { Timer } from './timer.ts';

/** Open, but no picture: the connection is given up after this. */
const START_TIMEOUT_MS = 10_000;
/** A picture that stopped although the stream is live: the same. */
const STALL_TIMEOUT_MS = 8_000;
/** The publisher is back, the picture is not: a playlist that began anew may never go on by itself. */
const RESUME_TIMEOUT_MS = 4_000;
/** Left paused, a stream is not worth its traffic. */
const PAUSE_KEEPS_MS = 10_000;
/** Further behind than needed by this is not "live" to a viewer: a pause, a slow network. */
const EDGE_TOLERANCE_MS = 4_000;

export interface LivePlayerOptions {
  video: HTMLVideoElement;
  stream: string;
  /** Signature of the play address, with `?`, or empty. */
  query: string;
  /** Asked for when the address is refused: it may have run out. Null: there is no other. @throws when that can't be known now. */
  freshQuery(): Promise<string | null>;
  wish: EngineId | 'auto';
  muted: boolean;
  volume: number;
  browser: Capabilities;
  page: Page;
  openEngine: OpenEngine;
  /** Asks for the stream's status again soon; the answer comes as {@link Player.streamIs}. */
  askStatus(): void;
  /** The picture is about to go with its engine: time to keep a copy. */
  holdPicture(): void;
  /** From 0 to 1. */
  random(): number;
}

/**
 * Keeps one video element playing one live stream: opens an engine, notices that it broke or stands still, waits, opens
 * one again. What the viewer is told follows from {@link PlayerFacts}.
 */
export class LivePlayer implements Player {
  readonly #options: LivePlayerOptions;
  readonly #video: HTMLVideoElement;
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #rates = new Rates();
  readonly #slot: EngineSlot;
  readonly #facts: PlayerFacts;
  /** Until the next attempt. */
  readonly #retry = new Timer();
  /** Gives an engine up that shows nothing. */
  readonly #watchdog = new Timer();
  readonly #stable = new Timer();
  readonly #pauseEnds = new Timer();
  #codecs: StreamCodecs | null = null;
  #wish: EngineId | 'auto';
  #attempt = 0;
  #problem: Problem | null = null;
  #mutedByBrowser = false;
  #atLiveEdge = true;
  /** The address was refused: another is asked for, or has not shown yet that it is better. */
  #renewal: 'none' | 'asked' | 'given' = 'none';
  /** The browser paused a hidden page: to be undone when it is shown. */
  #pausedByHiding = false;
  #snapshot: PlayerSnapshot;

  constructor(options: LivePlayerOptions) {
    const { video, stream, query, browser, openEngine, page, random } = options;
    this.#options = options;
    this.#video = video;
    this.#wish = options.wish;
    video.muted = options.muted;
    video.volume = options.volume;
    this.#facts = {
      wanted: true,
      online: page.online,
      server: 'unknown',
      engine: 'none',
      media: 'empty',
      played: false,
      blocked: false,
      fatal: null,
    };
    const events = { failed: (problem: Problem) => this.#failed(problem), finished: () => this.#finished() };
    this.#slot = new EngineSlot({ video, stream, query, browser, openEngine, events, random });
    this.#listen();
    this.#snapshot = this.#describe();
  }

  get snapshot(): PlayerSnapshot {
    return this.#snapshot;
  }

  get codecs(): StreamCodecs | null {
    return this.#codecs;
  }

  subscribe(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  streamIs(status: StreamStatus): void {
    if (this.#closing.signal.aborted) return;
    const before = this.#facts.server;
    this.#facts.server = status.is;
    if (status.is === 'live' || status.is === 'interrupted') {
      const { video, audio } = status.codecs;
      const changed = video !== this.#codecs?.video || audio !== this.#codecs?.audio;
      if (changed && this.#facts.fatal?.reason === 'codec') this.#cleanSlate();
      this.#codecs = status.codecs;
    }
    const isOff = status.is === 'off' || status.is === 'ended';
    const wasOff = before === 'off' || before === 'ended';
    if (isOff && this.#facts.media !== 'moving') this.#stop();
    if (status.is === 'live' && wasOff) this.#cleanSlate();
    // News worth an attempt now: it was off or gone, and is back.
    if (status.is === 'live' && (wasOff || before === 'interrupted')) this.#retry.stop();
    if (status.is === 'live' && before === 'interrupted' && this.#facts.media === 'stalled')
      this.#watch(RESUME_TIMEOUT_MS);
    this.#go();
  }

  play(): void {
    this.#facts.wanted = true;
    this.#facts.blocked = false;
    this.#pausedByHiding = false;
    this.#pauseEnds.stop();
    if (this.#slot.engine) {
      this.#slot.engine.toLiveEdge();
      void this.#startVideo();
    }
    this.#go();
  }

  pause(): void {
    this.#facts.wanted = false;
    this.#video.pause();
    if (this.#facts.media === 'moving') this.#facts.media = 'stalled';
    this.#stable.stop();
    this.#pauseEnds.start(PAUSE_KEEPS_MS, () => this.#stop());
    this.#go();
  }

  toLiveEdge(): void {
    if (this.#facts.wanted && this.#slot.engine) this.#slot.engine.toLiveEdge();
    else this.play();
  }

  retry(): void {
    this.#cleanSlate();
    this.#stop();
    this.#facts.wanted = true;
    this.#options.askStatus();
    this.#go();
  }

  setMuted(muted: boolean): void {
    this.#mutedByBrowser = false;
    this.#video.muted = muted;
    if (!muted && this.#video.volume === 0) this.#video.volume = 0.5;
    this.#publish();
  }

  setVolume(volume: number): void {
    this.#video.volume = Math.min(1, Math.max(0, volume));
    this.setMuted(this.#video.volume === 0);
  }

  use(wish: EngineId | 'auto'): void {
    if (wish === this.#wish) return;
    this.#wish = wish;
    this.#cleanSlate();
    if (this.#slot.choose(this.#codecs, wish).engine !== this.#slot.id) this.#stop();
    this.#go();
  }

  stats(): PlayerStats | null {
    return this.#slot.engine && readStats(this.#video, this.#slot.engine, this.#rates);
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#stop();
    this.#listeners.clear();
  }

  // ---- what is seen and heard from outside

  #listen(): void {
    const { signal } = this.#closing;
    watchMedia(
      this.#video,
      {
        moved: () => this.#moved(),
        stalled: () => this.#stalled(),
        paused: () => this.#pausedFromOutside(),
        played: () => !this.#facts.wanted && this.#slot.engine && this.play(),
        changed: () => this.#changed(),
        // The native engine looks into it by itself.
        failed: (detail) =>
          this.#slot.id !== 'native' && this.#slot.engine && this.#failed({ reason: 'media', detail }),
      },
      signal,
    );
    this.#options.page.watch({ online: () => this.#networkChanged(), shown: () => this.#shown() }, signal);
  }

  #moved(): void {
    if (this.#facts.media === 'moving' || !this.#slot.engine) return;
    this.#facts.media = 'moving';
    this.#facts.played = true;
    this.#facts.blocked = false;
    this.#problem = null;
    this.#renewal = 'none';
    this.#watchdog.stop();
    this.#stable.start(STABLE_MS, () => {
      this.#attempt = 0;
      this.#slot.forgive();
      this.#publish();
    });
    this.#publish();
  }

  #stalled(): void {
    if (this.#facts.media !== 'moving') return;
    this.#facts.media = 'stalled';
    this.#stable.stop();
    // Lost publisher or lost network? The server knows.
    if (this.#facts.wanted) this.#options.askStatus();
    if (this.#facts.engine === 'finished') this.#startOver();
    else this.#watch(STALL_TIMEOUT_MS);
    this.#publish();
  }

  #pausedFromOutside(): void {
    if (!this.#slot.engine || !this.#facts.wanted) return;
    this.pause();
    this.#pausedByHiding = this.#options.page.hidden;
  }

  #changed(): void {
    this.#atLiveEdge = this.#lagMs() < EDGE_TOLERANCE_MS;
    this.#publish();
  }

  #networkChanged(): void {
    this.#facts.online = this.#options.page.online;
    if (this.#facts.online) {
      this.#options.askStatus();
      if (this.#retry.running) this.#retryIn(500 * this.#options.random());
    }
    this.#go();
  }

  #shown(): void {
    if (this.#options.page.hidden) return;
    if (this.#pausedByHiding) this.play();
    if (this.#retry.running) this.#retryIn(0);
    if (this.#facts.engine === 'open' && this.#facts.media !== 'moving') this.#watch(STALL_TIMEOUT_MS);
    // Hidden pages fall behind; nobody wants to see what was missed.
    if (this.#facts.media === 'moving' && this.#lagMs() > EDGE_TOLERANCE_MS) this.#slot.engine?.toLiveEdge();
    this.#changed();
  }

  // ---- engines

  /** Does what the facts ask for, then tells the listeners. */
  #go(): void {
    if (this.#closing.signal.aborted) return;
    const { wanted, server, fatal } = this.#facts;
    const playable = server === 'live' || server === 'interrupted' || server === 'unreachable';
    const waits = this.#retry.running || this.#renewal === 'asked';
    if (wanted && playable && !fatal && !waits && this.#slot.id === null) void this.#open();
    this.#publish();
  }

  async #open(): Promise<void> {
    const choice = this.#slot.choose(this.#codecs, this.#wish);
    if (choice.engine === null) {
      this.#facts.fatal = this.#problem = choice.problem;
      return;
    }
    if (!(await this.#slot.open(choice.engine))) return;
    this.#facts.engine = 'open';
    this.#facts.media = 'empty';
    this.#rates.clear();
    this.#watch(START_TIMEOUT_MS);
    if (this.#facts.wanted) void this.#startVideo();
    this.#publish();
  }

  async #startVideo(): Promise<void> {
    const { engine } = this.#slot;
    const outcome = await playAsAllowed(this.#video);
    if (engine !== this.#slot.engine) return;
    if (outcome === 'muted') this.#mutedByBrowser = true;
    if (outcome === 'blocked') {
      this.#facts.blocked = true;
      this.#watchdog.stop();
    }
    this.#publish();
  }

  /** Closes the engine and forgets whatever was to happen with it. */
  #stop(): void {
    for (const timer of [this.#retry, this.#watchdog, this.#stable, this.#pauseEnds]) timer.stop();
    if (this.#slot.engine && pictureSizeOf(this.#video)) this.#options.holdPicture();
    this.#slot.close();
    this.#facts.engine = 'none';
    this.#facts.media = 'empty';
  }

  #failed(problem: Problem): void {
    this.#slot.blame(problem, this.#facts.media === 'empty');
    this.#problem = problem;
    if (problem.reason === 'codec' && this.#slot.exhausted(this.#codecs)) this.#facts.fatal = problem;
    this.#options.askStatus();
    this.#startOver();
    if (problem.reason === 'forbidden') void this.#renew(problem);
    this.#publish();
  }

  /** Asks for an address that is let in: once, until a picture has come. */
  async #renew(refused: Problem): Promise<void> {
    const { query } = this.#slot;
    const wasRenewed = this.#renewal === 'given';
    this.#renewal = 'asked';
    const answer = wasRenewed ? null : await this.#options.freshQuery().catch(() => 'away' as const);
    // Tried again meanwhile, by hand.
    if (this.#renewal !== 'asked') return;
    if (answer === 'away') {
      // The next attempt is refused, too, and asks again.
      this.#renewal = 'none';
    } else if (answer === null || answer === query) {
      this.#renewal = 'none';
      this.#facts.fatal = this.#problem = isOver(query, Date.now()) ? { ...refused, reason: 'expired' } : refused;
    } else {
      this.#renewal = 'given';
      this.#slot.query = answer;
    }
    this.#go();
  }

  #finished(): void {
    this.#facts.engine = 'finished';
    this.#options.askStatus();
    // What is buffered plays out first.
    if (this.#facts.media !== 'moving') this.#startOver();
    this.#publish();
  }

  /** Closes the engine and opens one again after a while, unless the server says by then that there is nothing to play. */
  #startOver(): void {
    this.#stop();
    this.#attempt++;
    this.#retryIn(reconnectDelayMs(this.#attempt, this.#options.random()));
  }

  #retryIn(ms: number): void {
    this.#retry.start(ms, () => this.#go());
  }

  #watch(ms: number): void {
    this.#watchdog.start(ms, () => {
      const { wanted, server, media, blocked } = this.#facts;
      if (!this.#slot.engine || media === 'moving' || blocked || !wanted) return;
      // Hidden pages may not start; a lost publisher is waited for, and the server ends the wait.
      if (this.#options.page.hidden && media === 'empty') return;
      if (server === 'interrupted') this.#watch(ms);
      else this.#failed({ reason: 'timeout', detail: `no picture for ${ms / 1000} s` });
    });
  }

  #cleanSlate(): void {
    this.#attempt = 0;
    this.#problem = null;
    this.#facts.fatal = null;
    this.#facts.blocked = false;
    this.#renewal = 'none';
    this.#slot.forgiveAll();
  }

  // ---- telling

  #lagMs(): number {
    return this.#slot.engine?.lagMs() ?? 0;
  }

  #describe(): PlayerSnapshot {
    const { muted, volume } = this.#video;
    return {
      state: stateOf(this.#facts),
      engine: this.#slot.id,
      wish: this.#wish,
      attempt: this.#attempt,
      problem: this.#problem,
      muted,
      mutedByBrowser: this.#mutedByBrowser && muted,
      volume,
      atLiveEdge: this.#atLiveEdge,
      size: pictureSizeOf(this.#video),
    };
  }

  #publish(): void {
    const snapshot = this.#describe();
    if (sameSnapshot(snapshot, this.#snapshot)) return;
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }
}
