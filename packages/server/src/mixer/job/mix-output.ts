import { LiveError } from '@lianmai/contract';
import type { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import type { LiveStream } from '../../edge/hub/sink.ts';
import { Splice } from '../../edge/program/splice.ts';
import { TRACKS_ALONE } from './mix-metadata.ts';
import type { SoundWish } from './sound-track.ts';

export interface MixOutputOptions {
  /** What others take. */
  stream: LiveStreamImpl;
  sound: SoundWish;
  /** What is on air, or was to follow, was interrupted, came back or ended. */
  changed(): void;
  /** Unix time, ms; must not go back. */
  now(): number;
}

interface Waiter {
  resolve(): void;
  reject(error: LiveError): void;
  timer: NodeJS.Timeout;
}

/** A relay gives up after 3 s. */
const READY_WITHIN_MS = 2700;

/** One of a mix's streams: the same, whether the mix is composed, passed on, or begun again after a sleep. */
export class MixOutput {
  readonly stream: LiveStreamImpl;
  readonly sound: SoundWish;
  /** When it was asked for, or taken by somebody, last. */
  wantedMs: number;
  readonly #now: () => number;
  readonly #splice: Splice;
  readonly #waiters = new Set<Waiter>();

  constructor({ stream, sound, changed, now }: MixOutputOptions) {
    this.stream = stream;
    this.sound = sound;
    this.wantedMs = now();
    this.#now = now;
    this.#splice = new Splice(
      {
        frame: (frame) => {
          stream.write(frame, now());
          if (this.#waiters.size > 0) this.#look();
        },
        switched: (source) => {
          if (!source.headers.metadata) stream.write(TRACKS_ALONE, now());
          changed();
        },
        without: () => {},
        changed,
      },
      now,
    );
  }

  /** What it is made of now. */
  get onAir(): LiveStream | null {
    return this.#splice.onAir;
  }

  /** A newcomer can be served. */
  get ready(): boolean {
    const { gop, headers } = this.stream;
    return gop.length > 0 && headers.video !== null && headers.audio !== null;
  }

  /**
   * Is made of this from its next key frame on; at once when there is nothing else.
   * @returns whether that is news.
   */
  follow(source: LiveStream): boolean {
    const splice = this.#splice;
    if (splice.onAir === source) {
      splice.uncue();
      return false;
    }
    const isNews = splice.cued !== source;
    if (isNews) splice.cue(source);
    if (splice.onAir !== source && splice.onAir?.state === 'ended') splice.cut();
    return isNews;
  }

  /** Lets its source go: it gives nothing until {@link follow}. */
  rest(): void {
    this.#splice.close();
    // Who joins now would get old pictures.
    this.stream.gap();
  }

  /** @throws LiveError UNAVAILABLE when it takes too long, or ends. */
  whenReady(): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#waiters.delete(waiter);
          reject(notYet(this.stream.name));
        }, READY_WITHIN_MS),
      };
      this.#waiters.add(waiter);
    });
  }

  /** Somebody takes it, or asked for it not long ago. */
  isWanted(lingerMs: number): boolean {
    if (this.stream.attached) this.wantedMs = this.#now();
    return this.#now() - this.wantedMs < lingerMs;
  }

  /** Ends the stream. Idempotent. */
  close(reason: 'unpublished' | 'replaced' | 'shutdown' | 'disconnected'): void {
    this.#splice.close();
    this.stream.end(reason);
    for (const { reject, timer } of this.#waiters) {
      clearTimeout(timer);
      reject(notYet(this.stream.name));
    }
    this.#waiters.clear();
  }

  #look(): void {
    if (!this.ready) return;
    for (const { resolve, timer } of this.#waiters) {
      clearTimeout(timer);
      resolve();
    }
    this.#waiters.clear();
  }
}

const notYet = (stream: string) =>
  new LiveError('UNAVAILABLE', `the mix "${stream}" has nothing to show yet: try again in a moment`);
