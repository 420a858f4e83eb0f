import { mock } from 'node:test';
import type { MixInput, StreamHolder } from '@lianmai/contract';
import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import { UsageMeter } from '../../edge/hub/usage-meter.ts';
import { WorkerTraffic } from '../../edge/hub/worker-traffic.ts';
import { Composition } from '../job/composition.ts';
import type { MixPlan } from '../job/plan.ts';

/** A stream that sends the same frames over and over. */
export interface CompressedInput {
  frames: readonly Frame[];
  lengthMs: number;
  /** By how much later than at its time a frame comes; none comes before the one before it. */
  lateMs?: (frame: Frame) => number;
}

export interface Came {
  frame: VideoFrame | AudioFrame;
  nowMs: number;
}

const START_MS = 1_700_000_000_000;
const GOP_BYTES = 1 << 22;
const HOLDER: StreamHolder = {
  sessionId: 's',
  channelId: 'c',
  accountId: 'a',
  play: { signedWith: null },
  worker: 'w',
  protocol: 'rtmp',
  startedAtMs: START_MS,
};

interface Sender {
  stream: LiveStreamImpl;
  input: CompressedInput;
  media: readonly Frame[];
  next: number;
  /** When the next frame comes. */
  atMs: number;
}

/**
 * A real composition whose time passes as fast as its work is done: no other work of the machine shows in it. All is on a clock of its
 * own, of which one step is 1 ms.
 */
export class CompressedMix implements Disposable {
  readonly composition: Composition;
  nowMs = START_MS;
  readonly #senders: Sender[];

  private constructor(plan: MixPlan, inputs: ReadonlyMap<string, CompressedInput>) {
    mock.timers.enable({ apis: ['setTimeout'] });
    const traffic = new WorkerTraffic(new UsageMeter('w', 'run', START_MS));
    const create = (name: string, holder: StreamHolder) =>
      new LiveStreamImpl({ name, holder, gopCacheBytes: GOP_BYTES, traffic, nowMs: this.nowMs });
    const streams = new Map([...inputs.keys()].map((name) => [name, create(name, HOLDER)]));
    this.#senders = [...inputs].map(([name, input]) => {
      const stream = streams.get(name)!;
      for (const frame of input.frames) if (frame.type === 'config') stream.write(frame, this.nowMs);
      const media = input.frames.filter(({ type }) => type !== 'config');
      return { stream, input, media, next: 0, atMs: this.nowMs };
    });
    this.composition = new Composition(plan, GOP_BYTES, {
      streams: {
        open: async (name) => {
          const stream = streams.get(name);
          if (!stream) throw new Error(`nobody sends "${name}"`);
          return stream;
        },
        create,
        holder: (name) => (streams.has(name) ? HOLDER : null),
      },
      pictures: async () => null,
      askKeyFrame() {},
      log: { info() {}, warn() {}, debug() {} },
      now: () => this.nowMs,
    });
  }

  /** Resolves when its inputs are open. */
  static async start(plan: MixPlan, inputs: ReadonlyMap<string, CompressedInput>): Promise<CompressedMix> {
    const mix = new CompressedMix(plan, inputs);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    return mix;
  }

  /** Takes the mix from its newest key frame on. @param take each frame of its output, when it is made */
  watch(take: (came: Came) => void): void {
    const stream = this.composition.stream({ without: null, codec: 'aac' }, HOLDER);
    const frame = (it: Frame) => {
      if (it.track !== 'data') take({ frame: it, nowMs: this.nowMs });
    };
    const { video, audio } = stream.headers;
    for (const header of [video, audio, ...stream.gop]) if (header) frame(header);
    stream.attach({ frame, ended() {} });
  }

  /** Lets time pass. */
  pass(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs++;
      for (const sender of this.#senders) this.#send(sender);
      mock.timers.tick(1);
      if (this.nowMs % 100 === 0) this.composition.tick(this.nowMs);
    }
  }

  /** How long its inputs have been sending. */
  get sinceStartMs(): number {
    return this.nowMs - START_MS;
  }

  [Symbol.dispose](): void {
    this.composition.close();
    mock.timers.reset();
  }

  #send(sender: Sender): void {
    while (sender.atMs <= this.nowMs) {
      const { stream, media, input } = sender;
      const round = Math.floor(sender.next / media.length);
      const frame = media[sender.next % media.length]!;
      stream.write({ ...frame, dts: frame.dts + round * input.lengthMs }, this.nowMs);
      sender.next++;
      const following = media[sender.next % media.length]!;
      const dts = following.dts + Math.floor(sender.next / media.length) * input.lengthMs;
      sender.atMs = Math.max(sender.atMs, START_MS + dts + (input.lateMs?.(following) ?? 0));
    }
  }
}

/** A plan of inputs of these names, each a tile. */
export function planOfTiles(
  tiles: readonly { input: string; x: number; y: number; width: number; height: number }[],
  size: { width: number; height: number },
): MixPlan {
  const inputs = tiles.map(
    ({ input }): MixInput => ({
      id: input,
      source: { stream: input },
      label: null,
      avatar: null,
      volume: 1,
      muted: false,
      video: true,
      mixMinus: false,
    }),
  );
  return {
    inputs,
    layout: {
      tiles: tiles.map((tile) => ({
        ...tile,
        unit: 'fraction',
        layer: 1,
        fit: 'cover',
        crop: null,
        radius: 0,
        border: null,
        label: false,
      })),
    },
    canvas: {
      ...size,
      background: '#000000',
      backgroundPicture: null,
      watermark: null,
      highlightSpeaker: false,
      transitionMs: 0,
    },
    output: { fps: 25, videoKbps: 1500, audioKbps: 96, gopMs: 2000, preset: 'economy' },
  };
}
