import { leases, type PlayPolicy, type StreamHolder } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import { Holders } from '../hub/holders.ts';
import { checkPlay } from '../hub/play-policy.ts';
import { ProgramBoard } from '../program/program-board.ts';

/** Value of the lease `hls/{stream}`: the worker that packages it. */
export interface PackagerHolder {
  worker: string;
}

/** Another worker, and how to reach it. */
export interface OtherWorker {
  id: string;
  /** See WorkerInfo.internalAddress. */
  address: string;
}

const PACKAGERS = leases.hls('');
/** How a stream may be played is remembered beyond its end for so long, for those who play it out. */
const REMEMBERED_MS = 120_000;

/** This worker's copy of who publishes and who packages which stream, and of how each may be played. */
export class HlsDirectory {
  readonly #bus: Bus;
  readonly #now: () => number;
  /** Without a grace: whether a lost publisher is waited for is the hub's to say. */
  readonly #holders = new Holders(0);
  readonly #programs = new ProgramBoard();
  readonly #packagers = new Map<string, string>();
  readonly #past = new Map<string, { play: PlayPolicy; untilMs: number }>();
  #unsubscribe: Unsubscribe[] = [];

  constructor(bus: Bus, now: () => number) {
    this.#bus = bus;
    this.#now = now;
  }

  /** @param published called when a stream has a publisher it did not have before, or a program. */
  async start(published: (stream: string) => void): Promise<void> {
    this.#unsubscribe = [
      this.#bus.subscribe('stream.policy', ({ stream, play }) => this.#holders.setPolicy(stream, play)),
      await this.#holders.watch(this.#bus, this.#now, (stream, holder, before) => {
        if (before) this.#remember(stream, before.play);
        if (holder) published(stream);
      }),
      await this.#programs.watch(this.#bus, (stream, program, before) => {
        if (before) this.#remember(stream, before.play);
        if (program) published(stream);
      }),
      await this.#bus.watch<PackagerHolder>(PACKAGERS, (key, holder) => {
        if (holder) this.#packagers.set(key.slice(PACKAGERS.length), holder.worker);
        else this.#packagers.delete(key.slice(PACKAGERS.length));
      }),
    ];
  }

  publisher(stream: string): StreamHolder | null {
    return this.#holders.get(stream);
  }

  /** The worker that packages the stream, else the one that should: its publisher's. null: whoever can have it. */
  owner(stream: string): string | null {
    return this.#packagers.get(stream) ?? this.#holders.get(stream)?.worker ?? null;
  }

  /** null: it is gone. */
  reach(id: string): OtherWorker | null {
    const worker = this.#holders.worker(id);
    return worker && { id, address: worker.internalAddress };
  }

  /** @throws LiveError BAD_SIGNATURE when the stream's policy does not let this address in. */
  check(stream: string, query: string, ip: string): void {
    const { play } = this.#holders.get(stream) ?? this.#programs.get(stream) ?? this.#past.get(stream) ?? {};
    if (play) checkPlay(play, { stream, query, protocol: 'hls', ip }, this.#now());
  }

  sweep(nowMs: number): void {
    this.#holders.tick(nowMs);
    for (const [stream, { untilMs }] of this.#past) if (nowMs >= untilMs) this.#past.delete(stream);
  }

  #remember(stream: string, play: PlayPolicy): void {
    this.#past.set(stream, { play, untilMs: this.#now() + REMEMBERED_MS });
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }
}
