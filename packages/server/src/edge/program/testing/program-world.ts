import { leases, type PlayPolicy, type Program } from '@lianmai/contract';
import type { Lease } from '../../../bus/bus.ts';
import type { PlayOptions } from '../../hub/ports.ts';
import type { LiveStream, StreamSink } from '../../hub/sink.ts';
import { type Pusher, type Worker, World } from '../../hub/testing/world.ts';
import { Programs } from '../programs.ts';
import { Camera, type CameraOptions, type Seen, seen } from './studio.ts';

/** A viewer as a protocol would be: what it saw and was told. */
export class Watcher implements StreamSink {
  readonly all: Seen[] = [];
  readonly states: string[] = [];
  readonly stream: LiveStream;
  readonly #now: () => number;

  constructor(stream: LiveStream, now: () => number) {
    this.stream = stream;
    this.#now = now;
    for (const frame of stream.gop) this.frame(frame);
    stream.countViewers('flv', 1);
    stream.attach(this);
  }

  /** Whose pictures came, in order. */
  get sources(): string[] {
    return this.all
      .filter(({ frame }) => frame.track === 'video' && frame.type !== 'config')
      .map(({ source }) => source)
      .filter((source, i, list) => source !== list[i - 1]);
  }

  get source(): string | undefined {
    return this.sources.at(-1);
  }

  frame(frame: Seen['frame']): void {
    this.all.push(seen(frame, this.#now()));
  }

  interrupted(): void {
    this.states.push('interrupted');
  }

  resumed(): void {
    this.states.push('resumed');
  }

  ended(reason: string): void {
    this.states.push(`ended: ${reason}`);
  }

  leave(): void {
    this.stream.detach(this);
    this.stream.countViewers('flv', -1);
  }
}

/** A stream that is published, with a camera before it. */
export interface Show {
  camera: Camera;
  pusher: Pusher;
  /** Ends it with a goodbye. */
  stop(): void;
}

/** Workers with programs, cameras and a mixer, on a clock that only moves when told. */
export class ProgramWorld implements AsyncDisposable {
  readonly world = new World();
  /** Streams that were asked for a key frame. */
  readonly asked: string[] = [];
  readonly #programs = new Map<Worker, Programs>();
  readonly #shows = new Set<Show>();

  get now(): number {
    return this.world.nowMs;
  }

  async worker(): Promise<Worker> {
    const worker = await this.world.worker();
    const { hub, bus } = worker;
    const programs = new Programs({
      hub,
      bus,
      variants: { fitted: (source) => source },
      settings: { gopCacheBytes: 1 << 20, publishGraceMs: this.world.graceMs },
      log: { info() {}, debug() {} },
      now: () => this.world.nowMs,
    });
    await programs.join();
    if (this.#programs.size === 0)
      this.world.control.subscribe('stream.key-frame', ({ stream }) => {
        this.asked.push(stream);
        for (const { camera } of this.#shows) if (camera.stream.name === stream) camera.wantKey();
      });
    this.#programs.set(worker, programs);
    return worker;
  }

  programs(worker: Worker): Programs {
    return this.#programs.get(worker)!;
  }

  /** A worker that is none for viewers: it gives the mix. */
  mixer(): Promise<Worker> {
    return this.world.worker(`mixer-${this.world.workers.length}`);
  }

  /** @param key frames are made on demand, unless told otherwise by the camera's options. */
  async push(worker: Worker, stream: string, camera: CameraOptions = {}): Promise<Show> {
    const pusher = await this.world.push(worker, stream);
    const show: Show = {
      camera: new Camera(stream, camera),
      pusher,
      stop: () => {
        this.#shows.delete(show);
        pusher.end('unpublished');
      },
    };
    this.#shows.add(show);
    return show;
  }

  /** The process of a show is gone, as is all it held. */
  async kill(worker: Worker, ...shows: Show[]): Promise<void> {
    for (const show of shows) this.#shows.delete(show);
    await worker.kill();
  }

  /** Says that the channel shows another stream. */
  async show(mixer: Worker, source: string, options: { channel?: string; play?: PlayPolicy } = {}): Promise<Lease> {
    const { channel = 'show', play = { signedWith: null } } = options;
    const program: Program = {
      source,
      kind: 'mix',
      worker: 'mixer',
      channelId: 'ch1',
      accountId: 'acc1',
      play,
      startedAtMs: this.now,
    };
    const { lease } = await mixer.bus.acquire(leases.program(channel), program);
    if (!lease) throw new Error('somebody else has the program');
    await this.world.settle();
    return lease;
  }

  async watch(worker: Worker, options: Partial<PlayOptions> = {}): Promise<Watcher> {
    const asked = { stream: 'show', query: '', protocol: 'flv' as const, ip: '127.0.0.1', ...options };
    return new Watcher(await this.programs(worker).play(asked), () => this.now);
  }

  /** Lets time pass, cameras run, frames and news arrive. */
  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; ) {
      this.world.nowMs += 10;
      for (const { camera, pusher } of this.#shows) {
        if (camera.on) pusher.received(1);
        camera.frames(this.now % 1_000_000, (frame) => pusher.write(frame));
      }
      if (this.now % 250 === 0) {
        for (const { hub } of this.world.workers) hub.tick();
        for (const [worker, programs] of this.#programs) if (this.world.workers.includes(worker)) programs.tick();
      }
      await this.world.settle();
    }
  }

  /** Lets time pass until something has happened; what goes over sockets takes a real moment. */
  async passUntil(condition: () => boolean, what: string, mostMs = 10_000): Promise<number> {
    const from = this.now;
    while (!condition()) {
      if (this.now - from > mostMs) throw new Error(`not within ${mostMs} ms: ${what}`);
      await this.pass(10);
    }
    return this.now - from;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const programs of this.#programs.values()) programs.close();
    await this.world[Symbol.asyncDispose]();
  }
}
