import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MixerReport, MixInput, MixJob, MixStatus } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import { type Pusher, Recorder, type Worker, World } from '../../edge/hub/testing/world.ts';
import { RelayServer } from '../../edge/relay/relay-server.ts';
import { Mixer } from '../mixer.ts';

export interface RunningMixer {
  mixer: Mixer;
  name: string;
  /** As SIGKILL. */
  kill(): Promise<void>;
}

/** A publisher that goes on until it is ended. */
export interface Show extends Disposable {
  pusher: Pusher;
  /** Stays connected, and sends nothing. */
  pause(): void;
  go(): void;
}

/** Workers as in {@link World}, and mixers, in real time: a mixer makes its pictures by the clock. */
export class MixingWorld implements AsyncDisposable {
  readonly world = new World();
  readonly reports: MixerReport[] = [];
  readonly warnings: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'lianmai-mixer-'));
  readonly #mixers: RunningMixer[] = [];
  readonly #shows = new Set<Show>();
  readonly #ticks: NodeJS.Timeout;

  constructor() {
    Object.defineProperty(this.world, 'nowMs', { get: () => performance.timeOrigin + performance.now() });
    this.#ticks = setInterval(() => {
      for (const { hub } of this.world.workers) hub.tick();
    }, 100);
    this.world.control.subscribe('mixer.report', (report) => this.reports.push(report));
  }

  async mixer(name = 'mixer-0', lingerMs = 10_000): Promise<RunningMixer> {
    const { bus, kill } = this.world.bus.member();
    const internalAddress = join(this.#folder, name);
    const mixer = new Mixer({
      name,
      bus,
      settings: { publishGraceMs: this.world.graceMs, gopCacheBytes: 1 << 20 },
      internalAddress,
      pictures: async () => null,
      lingerMs,
      log: { info() {}, debug() {}, warn: (_: unknown, message?: string) => this.warnings.push(message ?? '') },
      now: () => this.world.nowMs,
    });
    const relays = new RelayServer({ internalAddress, find: (stream) => mixer.open(stream), maxQueueBytes: 1 << 22 });
    await relays.listen();
    await mixer.start();
    const running: RunningMixer = {
      mixer,
      name,
      kill: async () => {
        this.#mixers.splice(this.#mixers.indexOf(running), 1);
        kill();
        await relays.close();
        await mixer.close();
      },
    };
    this.#mixers.push(running);
    return running;
  }

  /** Publishes these frames over and over, in real time. */
  async publish(worker: Worker, stream: string, frames: readonly Frame[]): Promise<Show> {
    const pusher = await this.world.push(worker, stream);
    const media = frames.filter(({ type }) => type !== 'config');
    const lengthMs = Math.round((media.at(-1)?.dts ?? 0) + 20);
    let fromMs = this.world.nowMs;
    let next = 0;
    let round = 0;
    let isPaused = false;
    for (const frame of frames) if (frame.type === 'config') pusher.write(frame);
    const timer = setInterval(() => {
      if (isPaused) return;
      for (;;) {
        const frame = media[next];
        if (!frame || fromMs + round * lengthMs + frame.dts > this.world.nowMs) return;
        pusher.received(frame.data.length);
        pusher.write({ ...frame, dts: frame.dts + round * lengthMs });
        if (++next < media.length) continue;
        next = 0;
        round++;
      }
    }, 10);
    let pausedMs = 0;
    const show: Show = {
      pusher,
      pause: () => {
        isPaused = true;
        pausedMs = this.world.nowMs;
      },
      go: () => {
        fromMs += this.world.nowMs - pausedMs;
        isPaused = false;
      },
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#shows.delete(show);
      },
    };
    this.#shows.add(show);
    return show;
  }

  /** What control does. */
  run({ name }: RunningMixer, job: MixJob): Promise<MixStatus> {
    return this.world.control.request(`mixer.run/${name}`, job);
  }

  /** The newest of what a mixer tells of a mix. */
  async status({ name }: RunningMixer, id = 'm1'): Promise<MixStatus | undefined> {
    const reports = await this.world.control.gather('mixer.report', null);
    return reports.find(({ mixer }) => mixer === name)?.mixes.find((mix) => mix.id === id);
  }

  /** Watches a stream on a worker: its headers and GOP, then what comes. */
  async watch(worker: Worker, stream: string): Promise<Recorder> {
    const live = await this.world.play(worker, stream);
    const recorder = new Recorder();
    const { video, audio } = live.headers;
    recorder.frames.push(...[video, audio].filter((frame) => frame !== null), ...live.gop);
    live.attach(recorder);
    return recorder;
  }

  async until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticks);
    for (const show of [...this.#shows]) show[Symbol.dispose]();
    for (const running of [...this.#mixers]) await running.kill();
    await this.world[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** An input that is a stream of the same name as its id. */
export const input = (id: string, changes: Partial<MixInput> = {}): MixInput => ({
  id,
  source: { stream: id },
  label: null,
  avatar: null,
  volume: 1,
  muted: false,
  video: true,
  mixMinus: false,
  ...changes,
});

/** A job of streams side by side, or as changed. */
export const job = (inputs: readonly MixInput[], changes: Partial<MixJob> = {}): MixJob => ({
  id: 'm1',
  version: 1,
  stream: 'mixed',
  channelId: 'ch1',
  accountId: 'acc1',
  play: { signedWith: null },
  inputs,
  layout: { template: inputs.length > 1 ? 'side-by-side' : 'full' },
  canvas: {
    width: 320,
    height: 180,
    background: '#000000',
    backgroundPicture: null,
    watermark: null,
    highlightSpeaker: false,
    transitionMs: 0,
  },
  output: { fps: 25, videoKbps: 500, audioKbps: 96, gopMs: 1000, preset: 'economy' },
  programs: [],
  kind: 'mix',
  ...changes,
});
