import type { MixInput, MixJob, MixTemplate } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { Worker } from '../../edge/hub/testing/world.ts';
import { encodePictures } from '../picture/testing/sources.ts';
import { tone } from '../sound/testing/tones.ts';
import { BLUE, coloured, GREEN, RED } from './coloured.ts';
import { input, job, MixingWorld, type RunningMixer, type Show } from './mixing-world.ts';

const STREAMS = ['a', 'b', 'c', 'd', 'e', 'f'];
/** One of them never comes. */
const WANTED = [...STREAMS, 'nobody'];
const LAYOUTS: readonly MixTemplate[] = ['grid', 'speaker', 'pip-bottom-right', 'cohost', 'side-by-side', 'audio'];
const LABELS = [null, 'Anna', '安娜', 'x'.repeat(64)];
const SIZES = [
  { width: 320, height: 180 },
  { width: 180, height: 320 },
];
/** Pictures that show that a mix goes on. */
const PICTURES = 5;
/** A mix sleeps so soon. */
const LINGER_MS = 500;
/** A share of all events, for it takes 10 s: a worker keeps streams that nobody watches so long. */
const SLEEPS = 0.02;
/** A machine that has a lot else to do. */
const PATIENCE_MS = 60_000;

const byTime = (frames: Frame[]) => frames.sort((a, b) => a.dts - b.dts);
/** What publishers send: codecs, sizes, orders of pictures and rates of sound that a mix may meet. */
const CONTENTS: readonly (() => Frame[])[] = [
  () => coloured({ colour: RED, tone: 500 }),
  () => coloured({ colour: GREEN, tone: 900, size: { width: 180, height: 320 } }),
  () => coloured({ colour: BLUE, tone: 1500, size: { width: 480, height: 270 } }),
  () => byTime([...encodePictures({ codec: 'vp8', frames: 50, paint: '#a0a020' }), ...tone(700, { codec: 'opus' })]),
  () => byTime([...encodePictures({ frames: 50, bFrames: 2, paint: '#20a0a0' }), ...tone(300, { sampleRate: 44_100 })]),
  () => tone(1100, { codec: 'opus', seconds: 2 }),
];

/** Watches a stream and keeps nothing of it. */
interface Viewer {
  pictures: number;
  leave(): void;
}

/**
 * Mixes to which something happens all the time: members join, leave, stall, come back with other codecs; layouts, canvases and labels
 * change; mixes fall asleep, are ended and made again. What happens follows from the seed; each time it is waited until the mix goes on.
 */
export class Restless implements AsyncDisposable {
  /** How often what happened. */
  readonly happened = new Map<string, number>();
  readonly #mixing: MixingWorld;
  readonly #contents = CONTENTS.map((make) => make());
  readonly #shows = new Map<string, Show>();
  readonly #stalled = new Set<Show>();
  readonly #random: () => number;
  readonly #worker: Worker;
  readonly #mixer: RunningMixer;
  #job: MixJob;
  #viewer: Viewer | null = null;

  private constructor(mixing: MixingWorld, worker: Worker, mixer: RunningMixer, random: () => number) {
    this.#mixing = mixing;
    this.#mixing = mixing;
    this.#worker = worker;
    this.#mixer = mixer;
    this.#random = random;
    this.#job = job([input('a'), input('b')], { layout: { template: 'grid' } });
  }

  /** @param random 0 to 1, below 1. */
  static async start(random: () => number): Promise<Restless> {
    const mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    const mixer = await mixing.mixer('mixer-0', LINGER_MS);
    const it = new Restless(mixing, worker, mixer, random);
    for (const stream of STREAMS) await it.#publish(stream);
    await mixing.run(mixer, it.#job);
    await it.#watch();
    return it;
  }

  /** One thing happens, and the mix goes on. @throws Error when it does not. */
  async next(): Promise<void> {
    const often = Object.entries(this.#events);
    const [name, happen] = this.#random() < SLEEPS ? (['sleep', () => this.#sleep()] as const) : this.#one(often);
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
    await happen();
    await this.#goesOn(name);
    this.#forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#viewer?.leave();
    await this.#mixing[Symbol.asyncDispose]();
  }

  readonly #events: Record<string, () => Promise<void>> = {
    join: () =>
      this.#order({
        inputs: [
          ...this.#job.inputs,
          ...this.#absent()
            .slice(0, 1)
            .map((id) => this.#input(id)),
        ],
      }),
    leave: () => this.#order({ inputs: this.#job.inputs.length > 1 ? this.#job.inputs.slice(1) : this.#job.inputs }),
    swap: () => this.#order({ inputs: this.#job.inputs.toReversed() }),
    'other inputs': () => this.#order({ inputs: this.#job.inputs.map(({ id }) => this.#input(id)) }),
    layout: () => this.#order({ layout: { template: this.#one(LAYOUTS) } }),
    canvas: () => this.#order({ canvas: { ...this.#job.canvas, ...this.#one(SIZES) } }),
    output: () =>
      this.#order({ output: { ...this.#job.output, fps: this.#one([15, 25]), gopMs: this.#one([1000, 2000]) } }),
    stall: async () => {
      const show = this.#shows.get(this.#one(STREAMS));
      if (!show || this.#stalled.has(show)) return;
      this.#stalled.add(show);
      show.pause();
    },
    'go on': async () => {
      for (const show of this.#stalled) show.go();
      this.#stalled.clear();
    },
    'another codec': () => this.#publish(this.#one(STREAMS)),
    again: async () => {
      this.#viewer?.leave();
      await this.#mixing.world.control.request('mixer.stop/mixer-0', { id: this.#job.id });
      await this.#order({});
      await this.#watch();
    },
  };

  async #sleep(): Promise<void> {
    this.#viewer?.leave();
    const isAsleep = async () => (await this.#mixing.status(this.#mixer))?.state === 'sleeping';
    await this.#mixing.until('it sleeps', isAsleep, PATIENCE_MS);
    await this.#watch();
  }

  #input(id: string): MixInput {
    const label = this.#one(LABELS);
    return input(id, {
      label,
      muted: this.#random() < 0.2,
      video: this.#random() < 0.8,
      mixMinus: this.#random() < 0.3,
    });
  }

  #absent(): string[] {
    return WANTED.filter((stream) => !this.#job.inputs.some(({ id }) => id === stream));
  }

  async #order(changes: Partial<MixJob>): Promise<void> {
    this.#job = { ...this.#job, ...changes, version: this.#job.version + 1 };
    await this.#mixing.run(this.#mixer, this.#job);
  }

  /** Somebody publishes it anew, whatever was published before. */
  async #publish(stream: string): Promise<void> {
    const before = this.#shows.get(stream);
    before?.pusher.end('unpublished');
    before?.[Symbol.dispose]();
    if (before) this.#stalled.delete(before);
    this.#shows.delete(stream);
    const content = this.#one(this.#contents);
    await this.#mixing.until(
      `"${stream}" may be published`,
      async () => {
        const show = await this.#mixing.publish(this.#worker, stream, content).catch(() => null);
        if (show) this.#shows.set(stream, show);
        return show !== null;
      },
      PATIENCE_MS,
    );
  }

  /** A player that begins anew when its stream ends. */
  async #watch(viewer: Viewer = { pictures: 0, leave: () => {} }): Promise<void> {
    this.#viewer = viewer;
    const open = async () => {
      const stream = await Promise.resolve(this.#mixing.world.play(this.#worker, this.#job.stream)).catch(() => null);
      if (!stream || stream.state === 'ended') return false;
      const sink = {
        frame: ({ track, type }: Frame) => {
          if (track === 'video' && type !== 'config') viewer.pictures++;
        },
        ended: () => void this.#watch(viewer),
      };
      stream.attach(sink);
      viewer.leave = () => stream.detach(sink);
      return true;
    };
    await this.#mixing.until('it can be watched', open, PATIENCE_MS);
  }

  async #goesOn(after: string): Promise<void> {
    const viewer = this.#viewer;
    const before = viewer?.pictures ?? 0;
    await this.#mixing.until(
      `the mix goes on after "${after}"`,
      () => (viewer?.pictures ?? 0) >= before + PICTURES,
      PATIENCE_MS,
    );
  }

  /** What the world notes would be taken for the mixer's memory. */
  #forget(): void {
    const { reports, warnings, world } = this.#mixing;
    for (const notes of [reports, warnings, world.events, world.reports, world.usage, world.relayed]) notes.length = 0;
  }

  #one<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }
}
