import type { MixInput } from '@lianmai/contract';
import type { AudioFrame, VideoFrame } from '@lianmai/media';
import type { BorrowedStreams } from '../../edge/hub/borrowed-streams.ts';
import type { Compositor } from '../picture/compositor.ts';
import { InputClock, type Playhead } from '../sound/input-clock.ts';
import type { SoundMixer } from '../sound/sound-mixer.ts';
import { InputFeed } from './input-feed.ts';

export interface CompositionInputsOptions {
  streams: Pick<BorrowedStreams, 'open' | 'holder'>;
  askKeyFrame(stream: string): void;
  /** Unix time, ms; must not go back. */
  now(): number;
  sound: SoundMixer;
  /** The one that is in use: it is replaced when the canvas changes. */
  compositor(): Compositor;
  /** Of the output. */
  fps(): number;
  /** Does a codec's work, whose time is counted. */
  work<T>(work: () => T): T;
}

interface Input {
  input: MixInput;
  /** null: it is no stream. */
  feed: InputFeed | null;
  clock: InputClock;
  /** Of its pictures: each is shown by the output's picture that is nearest in time, be that a little early. */
  pictureClock: Playhead;
}

/** Pictures are shown early by no more than this, or half the time of one. */
const MOST_EARLY_MS = 20;

/** The inputs of a composition: each stream is followed, whoever publishes it, and its frames go to the picture and the sound by one clock. */
export class CompositionInputs {
  readonly #options: CompositionInputsOptions;
  readonly #inputs = new Map<string, Input>();

  constructor(options: CompositionInputsOptions) {
    this.#options = options;
  }

  /** Those that are not wished for any more are let go. To be called before the compositor is told of the new ones. */
  release(wished: readonly MixInput[]): void {
    const ids = new Set(wished.map(({ id }) => id));
    for (const [id, { feed }] of this.#inputs) {
      if (ids.has(id)) continue;
      feed?.close();
      this.#inputs.delete(id);
      this.#options.sound.removeInput(id);
    }
  }

  /** Takes what is new, and changes what is otherwise. */
  take(wished: readonly MixInput[]): void {
    for (const input of wished) this.#take(input);
  }

  /** Whether an input that is live has yet to show something. */
  get isWaiting(): boolean {
    const { streams, compositor } = this.#options;
    for (const { input, feed } of this.#inputs.values()) {
      if (!feed || !input.video || compositor().state(input.id).state !== 'waiting') continue;
      if (feed.here || streams.holder(feed.stream) !== null) return true;
    }
    return false;
  }

  requestKeyFrame(id: string): void {
    this.#inputs.get(id)?.feed?.requestKeyFrame(this.#options.now());
  }

  /** Somebody publishes the stream now. */
  published(stream: string): void {
    for (const { feed } of this.#inputs.values()) if (feed?.stream === stream) feed.published();
  }

  /** Gives pictures that are there already to the decoders until the time is reached. */
  drain(untilMs: number): void {
    for (const { feed } of this.#inputs.values()) feed?.drain(this.#options.now, untilMs);
  }

  /** Decoders are new: they get their pictures again. */
  replay(): void {
    for (const { feed } of this.#inputs.values()) feed?.replay();
  }

  /** Idempotent. */
  close(): void {
    for (const { feed } of this.#inputs.values()) feed?.close();
    this.#inputs.clear();
  }

  #take(input: MixInput): void {
    const { sound, streams, askKeyFrame, compositor, work } = this.#options;
    const { id, source, volume, muted, video } = input;
    const stream = 'stream' in source ? source.stream : null;
    const before = this.#inputs.get(id);
    if (before && (before.feed?.stream ?? null) === stream) {
      const showsAgain = video && !before.input.video;
      before.input = input;
      if (stream !== null) sound.setInput(id, { volume, muted });
      if (showsAgain) before.feed?.replay();
      return;
    }
    if (before) {
      before.feed?.close();
      sound.removeInput(id);
      compositor().reset(id);
    }
    const taken: Input = { input, feed: null, ...this.#newClock() };
    this.#inputs.set(id, taken);
    if (stream === null) return;
    sound.setInput(id, { volume, muted });
    taken.feed = new InputFeed({
      stream,
      streams,
      take: (frame, isLive) => work(() => this.#takeFrame(taken, frame, isLive)),
      reset: () => {
        Object.assign(taken, this.#newClock());
        compositor().reset(id);
      },
      askKeyFrame,
    });
  }

  #newClock(): Pick<Input, 'clock' | 'pictureClock'> {
    const clock = new InputClock();
    return { clock, pictureClock: { playheadMs: (nowMs) => clock.playheadMs(nowMs + this.#earlyMs) } };
  }

  get #earlyMs(): number {
    return Math.min(MOST_EARLY_MS, 500 / this.#options.fps());
  }

  #takeFrame({ input, clock, pictureClock }: Input, frame: VideoFrame | AudioFrame, isLive: boolean): void {
    const { sound, compositor, now } = this.#options;
    const nowMs = now();
    // Sound tells the clock of itself.
    if (frame.track === 'audio') return sound.write(input.id, frame, clock, nowMs);
    if (isLive && frame.type !== 'config') clock.arrived(frame.dts + frame.cts, nowMs, this.#earlyMs);
    if (input.video) compositor().write(input.id, frame, pictureClock, nowMs);
  }
}
