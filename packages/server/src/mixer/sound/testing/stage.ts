import type { AudioFrame } from '@lianmai/media';
import { InputClock } from '../input-clock.ts';
import { BLOCK, BLOCK_MS } from '../planes.ts';
import { SoundMixer } from '../sound-mixer.ts';

interface Player {
  id: string;
  arrivals: { frame: AudioFrame; atMs: number }[];
  next: number;
  clock: InputClock;
}

/** A mixer in simulated time: frames arrive when they are told to, blocks are made when they are due. */
export class Stage implements Disposable {
  readonly mixer = new SoundMixer();
  readonly #players: Player[] = [];
  readonly #all: Float32Array[] = [];
  readonly #without = new Map<string, Float32Array[]>();
  #blocks = 0;

  get nowMs(): number {
    return this.#blocks * BLOCK_MS;
  }

  /** The left channel of all that was mixed. */
  get heard(): Float32Array {
    return joined(this.#all);
  }

  /** What one input's member heard; listened to from the first call of {@link listenWithout} on. */
  heardWithout(id: string): Float32Array {
    return joined(this.#without.get(id) ?? []);
  }

  listenWithout(id: string): void {
    this.#without.set(id, []);
  }

  /**
   * An input joins, or goes on with other frames.
   * @param arrivesMs when a frame arrives; when its time has come, without.
   */
  play(
    id: string,
    frames: readonly AudioFrame[],
    { volume = 1, arrivesMs = ({ dts }) => dts, clock = new InputClock() }: PlayOptions = {},
  ): InputClock {
    this.mixer.setInput(id, { volume, muted: false });
    // Streams come in order.
    let atMs = Number.NEGATIVE_INFINITY;
    const arrivals = frames.map((frame) => ({ frame, atMs: (atMs = Math.max(atMs, arrivesMs(frame))) }));
    this.#players.push({ id, arrivals, next: 0, clock });
    return clock;
  }

  runTo(ms: number): void {
    for (; this.nowMs < ms; this.#blocks++) {
      for (const player of this.#players) this.#deliver(player);
      const mixed = this.mixer.mix(this.nowMs);
      this.#all.push(Float32Array.from(mixed.all[0]));
      for (const [id, heard] of this.#without) heard.push(Float32Array.from(mixed.without(id)[0]));
    }
  }

  [Symbol.dispose](): void {
    this.mixer.close();
  }

  #deliver(player: Player): void {
    for (let arrival = player.arrivals[player.next]; arrival; arrival = player.arrivals[player.next]) {
      const { frame, atMs } = arrival;
      if (atMs > this.nowMs) return;
      player.next++;
      if (frame.type !== 'config') player.clock.arrived(frame.dts, atMs);
      this.mixer.write(player.id, frame, player.clock, atMs);
    }
  }
}

interface PlayOptions {
  volume?: number;
  arrivesMs?: (frame: AudioFrame) => number;
  clock?: InputClock;
}

function joined(blocks: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(blocks.length * BLOCK);
  for (const [i, block] of blocks.entries()) all.set(block, i * BLOCK);
  return all;
}
