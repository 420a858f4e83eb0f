import type { AudioFrame } from '@lianmai/media';
import type { Logger } from '../../log/log.ts';
import type { InputClock } from './input-clock.ts';
import { Limiter } from './limiter.ts';
import { BLOCK, type Planes, planes } from './planes.ts';
import { readingWindow, SoundInput } from './sound-input.ts';

/** One block of the mix, {@link BLOCK} samples; valid until the next one is made. */
export interface MixedSound {
  readonly all: Planes;
  /** Everything but this input's own: what its member hears. Ask for it in every block, or it begins anew. */
  without(id: string): Planes;
}

/** How loud an input is in the mix. */
export interface SoundSetting {
  /** Linear: 1 is as it comes. */
  volume: number;
  muted: boolean;
}

/** A mix of what the others hear without one of them. */
interface MixMinus {
  readonly limiter: Limiter;
  /** The block it was made for last. */
  block: number;
}

/**
 * Mixes the sound of many inputs: 48 kHz stereo, each at its own clock's time and at its volume, the sum limited. Sound
 * that is due at `nowMs` by an input's clock is the first sample of the block made for that moment. Synchronous, and allocates
 * nothing per block. Nothing that an input sends disturbs the others.
 */
export class SoundMixer implements Disposable {
  readonly #log: Logger | null;
  readonly #lateMs: number;
  readonly #inputs = new Map<string, SoundInput>();
  /** Removed, and still fading. */
  readonly #leaving = new Set<SoundInput>();
  readonly #window = readingWindow();
  readonly #sum = planes(BLOCK);
  readonly #difference = planes(BLOCK);
  readonly #limiter = new Limiter();
  readonly #minuses = new Map<string, MixMinus>();
  readonly #heard = new Set<SoundInput>();
  readonly #levels = new Map<string, number>();
  readonly #mixed: MixedSound = { all: this.#limiter.out, without: (id) => this.#without(id) };
  #block = 0;
  #closed = false;

  /**
   * @param options.lateMs `mix(t)` is called at t + lateMs or later. A block that is made when it is over
   *   ({@link BLOCK_MS}) has all that came meanwhile: inputs wait less by as much.
   */
  constructor(options: { log?: Logger; lateMs?: number } = {}) {
    this.#log = options.log ?? null;
    this.#lateMs = options.lateMs ?? 0;
  }

  /** An input joins, or its volume changes (over 10 ms). */
  setInput(id: string, { volume, muted }: SoundSetting): void {
    if (this.#closed) return;
    const gain = muted ? 0 : volume;
    const input = this.#inputs.get(id);
    if (input) return input.setGain(gain);
    this.#inputs.set(id, new SoundInput({ window: this.#window, lateMs: this.#lateMs, gain }));
    this.#levels.set(id, 0);
  }

  /** Fades it out; its id is free at once. */
  removeInput(id: string): void {
    const input = this.#inputs.get(id);
    if (!input) return;
    if (input.undecodable > 0) this.#log?.debug({ input: id, frames: input.undecodable }, 'sound not decodable');
    this.#inputs.delete(id);
    this.#levels.delete(id);
    input.setGain(0);
    if (input.isGone) input.close();
    else this.#leaving.add(input);
  }

  /**
   * A configuration or frame of an input's sound; those of an unknown input are ignored. The owner of the clock has told it
   * of the arrival, as of each frame's.
   */
  write(id: string, frame: AudioFrame, clock: InputClock, nowMs: number): void {
    this.#inputs.get(id)?.write(frame, clock, nowMs);
  }

  /** The next block: what is to be heard from `nowMs` on. Call it once per {@link BLOCK_MS}. */
  mix(nowMs: number): MixedSound {
    this.#block++;
    this.#sum[0].fill(0);
    this.#sum[1].fill(0);
    this.#heard.clear();
    for (const [id, input] of this.#inputs) {
      if (input.read(nowMs)) this.#add(input);
      this.#levels.set(id, input.level);
    }
    for (const input of this.#leaving) {
      if (input.read(nowMs)) this.#add(input);
      if (!input.isGone) continue;
      this.#leaving.delete(input);
      input.close();
    }
    this.#limiter.process(this.#sum);
    for (const [id, { block }] of this.#minuses) if (block < this.#block - 1) this.#minuses.delete(id);
    return this.#mixed;
  }

  /** How loud each input is in the mix now: RMS, 0 to 1. The same map always. */
  levels(): ReadonlyMap<string, number> {
    return this.#levels;
  }

  /** Sound of this input that waits to be mixed; null for an unknown input or one without sound. */
  bufferMs(id: string): number | null {
    return this.#inputs.get(id)?.bufferMs ?? null;
  }

  /** Times an input fell silent because nothing had come. */
  underruns(id: string): number {
    return this.#inputs.get(id)?.underruns ?? 0;
  }

  /** Frees the codecs. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const input of [...this.#inputs.values(), ...this.#leaving]) input.close();
    this.#inputs.clear();
    this.#leaving.clear();
    this.#heard.clear();
    this.#levels.clear();
    this.#minuses.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #add(input: SoundInput): void {
    this.#heard.add(input);
    const [left, right] = this.#sum;
    const [ownLeft, ownRight] = input.own;
    for (let i = 0; i < BLOCK; i++) {
      left[i]! += ownLeft[i]!;
      right[i]! += ownRight[i]!;
    }
  }

  #without(id: string): Planes {
    let minus = this.#minuses.get(id);
    if (!minus) {
      minus = { limiter: new Limiter(), block: 0 };
      this.#minuses.set(id, minus);
    }
    if (minus.block === this.#block) return minus.limiter.out;
    minus.block = this.#block;
    const input = this.#inputs.get(id);
    if (!input || !this.#heard.has(input)) return minus.limiter.process(this.#sum);
    const [left, right] = this.#difference;
    const [sumLeft, sumRight] = this.#sum;
    const [ownLeft, ownRight] = input.own;
    for (let i = 0; i < BLOCK; i++) {
      left[i] = sumLeft[i]! - ownLeft[i]!;
      right[i] = sumRight[i]! - ownRight[i]!;
    }
    return minus.limiter.process(this.#difference);
  }
}
