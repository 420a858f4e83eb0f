import type { MixInputStatus, PictureId, StreamHolder } from '@lianmai/contract';
import type { DataFrame, VideoFrame } from '@lianmai/media';
import type { BorrowedStreams } from '../../edge/hub/borrowed-streams.ts';
import { GopCache } from '../../edge/hub/gop-cache.ts';
import type { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import type { Logger } from '../../log/log.ts';
import { Compositor } from '../picture/compositor.ts';
import { toJpeg } from '../picture/jpeg.ts';
import { effortFor, PictureEncoder } from '../picture/picture-encoder.ts';
import { BLOCK_MS } from '../sound/planes.ts';
import { SoundMixer } from '../sound/sound-mixer.ts';
import { CompositionInputs } from './composition-inputs.ts';
import { CompositionOutputs } from './composition-outputs.ts';
import { metadataOf } from './mix-metadata.ts';
import { type Due, OutputSchedule } from './output-schedule.ts';
import type { MixPlan } from './plan.ts';
import { SlowDown } from './slow-down.ts';
import type { SoundWish } from './sound-track.ts';

/** What compositions are made with. */
export interface CompositionTools {
  streams: Pick<BorrowedStreams, 'open' | 'create' | 'holder'>;
  /** PNG, JPEG or WebP; null: there is none of that id. */
  pictures(id: PictureId): Promise<Buffer | null>;
  askKeyFrame(stream: string): void;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

/** So long the first picture waits for inputs that are live to show something. */
const SETTLE_MS = 1200;
const SETTLE_LOOK_MS = 10;
/** Pictures before the present are decoded for so long at a time. */
const DRAIN_MS = 8;
const KEY_FRAME_EVERY_MS = 1000;
/** After something failed that should not, all is begun anew. */
const ANEW_AFTER_MS = 1000;
/** Of the fastest clock. */
const HALF_PICTURE_MS = 8;
const RATE_OVER_MS = 3000;

/**
 * The picture and sound of several streams as one: takes the inputs, composes and mixes them on a constant clock, encodes pictures once
 * and the sound as often as it is wanted. What is wanted of it may change at any time; only the differences cost.
 */
export class Composition implements Due {
  readonly #tools: CompositionTools;
  readonly #inputs: CompositionInputs;
  readonly #sound = new SoundMixer({ lateMs: BLOCK_MS });
  readonly #outputs: CompositionOutputs;
  readonly #gop: GopCache;
  readonly #slowDown = new SlowDown();
  readonly #settled = Promise.withResolvers<void>();
  readonly #startMs: number;
  #plan: MixPlan;
  #compositor: Compositor;
  #encoder: PictureEncoder;
  #config: VideoFrame;
  #schedule: OutputSchedule | null = null;
  #timer: NodeJS.Timeout | undefined;
  #keyWanted = false;
  #keyAtMs = Number.NEGATIVE_INFINITY;
  #anew = true;
  #failure: string | null = null;
  #busyMs = 0;
  #rates: { atMs: number; made: number }[] = [];
  #closed = false;

  /** @throws Error when the codecs cannot be opened. */
  constructor(plan: MixPlan, gopCacheBytes: number, tools: CompositionTools) {
    this.#plan = plan;
    this.#tools = tools;
    this.#startMs = tools.now();
    this.#gop = new GopCache(gopCacheBytes);
    this.#inputs = new CompositionInputs({
      ...{ streams: tools.streams, askKeyFrame: tools.askKeyFrame, now: tools.now, sound: this.#sound },
      compositor: () => this.#compositor,
      fps: () => this.#plan.output.fps,
      work: (work) => this.#work(work),
    });
    this.#outputs = new CompositionOutputs(tools);
    this.#compositor = this.#openCompositor();
    try {
      this.#encoder = openEncoder(plan);
    } catch (error) {
      this.#compositor.close();
      throw error;
    }
    this.#config = configOf(this.#encoder);
    this.#takeInputs();
    this.#arm();
  }

  /** Resolves when inputs that are live have shown something, or could have. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Why it makes nothing at the moment; null: it does. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Pictures made, and those that came late or not at all. */
  get frames(): { made: number; late: number } {
    return { made: this.#schedule?.made ?? 0, late: this.#schedule?.late ?? 0 };
  }

  /** Of one picture so many are made: more than 1 when the machine is too slow. */
  get every(): number {
    return this.#slowDown.every;
  }

  /** Pictures a second over the last few. */
  get fps(): number {
    const [first] = this.#rates;
    const last = this.#rates.at(-1);
    if (!first || !last || last.atMs === first.atMs) return 0;
    return Math.round(((last.made - first.made) * 10_000) / (last.atMs - first.atMs)) / 10;
  }

  /** Time spent working since the last call, ms. */
  takeBusyMs(): number {
    const busyMs = this.#busyMs;
    this.#busyMs = 0;
    return busyMs;
  }

  /** What has become of each input. */
  inputs(): MixInputStatus[] {
    const levels = this.#sound.levels();
    return this.#plan.inputs.map(({ id }) => {
      const { state, width, height, fps, delayMs } = this.#compositor.state(id);
      const bufferMs = this.#sound.bufferMs(id);
      // Sound alone is what some have to send.
      const isHeard = state === 'waiting' && bufferMs !== null;
      return {
        id,
        state: isHeard ? 'live' : state,
        delayMs: delayMs === null ? null : Math.round(delayMs),
        bufferMs: bufferMs === null ? null : Math.round(bufferMs),
        width,
        height,
        fps: fps === null ? null : Math.round(fps * 10) / 10,
        level: Math.round((levels.get(id) ?? 0) * 1000) / 1000,
      };
    });
  }

  /** The mix with the sound that is wished for: begins with the newest key frame, and lasts for as long as somebody takes it. */
  stream(wish: SoundWish, holder: StreamHolder): LiveStreamImpl {
    const { canvas, output } = this.#plan;
    const head = () => [metadataOf(canvas, output), this.#config, ...this.#gop.frames];
    return this.#outputs.stream(wish, { kbps: output.audioKbps, holder, head });
  }

  /** Makes this from now on. */
  change(plan: MixPlan): void {
    const before = this.#plan;
    this.#plan = plan;
    const isOtherSize = plan.canvas.width !== before.canvas.width || plan.canvas.height !== before.canvas.height;
    const { fps, videoKbps, gopMs, preset, audioKbps } = plan.output;
    const isOtherRate = fps !== before.output.fps;
    const isOtherCodec =
      isOtherRate ||
      videoKbps !== before.output.videoKbps ||
      gopMs !== before.output.gopMs ||
      effortFor(preset, plan.inputs.length) !== effortFor(before.output.preset, before.inputs.length);
    if (isOtherRate) this.#schedule?.setFps(fps);
    if (isOtherSize || isOtherRate) this.#reopenCompositor();
    this.#takeInputs();
    if (isOtherSize || isOtherCodec) this.#reopenEncoder();
    if (audioKbps !== before.output.audioKbps) this.#outputs.end();
  }

  /** A picture that can be decoded alone, soon: at most one a second is made so. */
  requestKeyFrame(): void {
    this.#keyWanted = true;
  }

  /** Somebody publishes the stream now. */
  published(stream: string): void {
    this.#inputs.published(stream);
  }

  /** Lets go of streams that nobody takes. Called a few times a second. */
  tick(nowMs: number): void {
    this.#outputs.tick();
    const schedule = this.#schedule;
    if (!schedule) return;
    this.#rates.push({ atMs: nowMs, made: schedule.made });
    while (nowMs - this.#rates[0]!.atMs > RATE_OVER_MS) this.#rates.shift();
    const { fps } = this.#plan.output;
    if (!this.#slowDown.look(nowMs, fps, schedule.made, schedule.leftOut)) return;
    schedule.every = this.#slowDown.every;
    this.#tools.log.warn(
      { every: schedule.every, fps, late: schedule.late },
      schedule.every > 1
        ? 'the machine is too slow for this mix: pictures are left out'
        : 'the machine keeps up again: all pictures are made',
    );
  }

  /** What is on the canvas now, as a JPEG. */
  preview(): Buffer {
    return this.#work(() => toJpeg(this.#compositor.compose(this.#tools.now())));
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#inputs.close();
    this.#outputs.end();
    this.#compositor.close();
    this.#encoder.close();
    this.#sound.close();
    this.#settled.resolve();
  }

  /** {@link Due}: one of the clock's pictures. */
  picture(index: number, atMs: number): void {
    const { canvas, layout, output } = this.#plan;
    if (canvas.highlightSpeaker || ('template' in layout && layout.template === 'speaker'))
      this.#compositor.speaking(this.#sound.levels());
    const sinceKeyMs = atMs - this.#keyAtMs;
    const isWanted = this.#keyWanted && sinceKeyMs >= KEY_FRAME_EVERY_MS;
    // By time, for pictures may be left out. The encoder counts to the same.
    const isKey = this.#anew || isWanted || sinceKeyMs >= output.gopMs - HALF_PICTURE_MS;
    const encoded = this.#encoder.encode(this.#compositor.compose(atMs), index, isKey);
    if (!encoded) return;
    this.#anew = false;
    if (encoded.type === 'key') {
      this.#keyWanted = false;
      this.#keyAtMs = atMs;
    }
    this.#failure = null;
    const { type, data } = encoded;
    this.#write({ track: 'video', codec: 'h264', type, dts: atMs, cts: 0, data });
  }

  /** {@link Due}: one of the clock's blocks of sound. */
  block(atMs: number): void {
    this.#outputs.sound(this.#sound.mix(atMs), atMs);
  }

  #write(frame: VideoFrame | DataFrame): void {
    if (frame.type !== 'config') this.#gop.push(frame, true);
    this.#outputs.write(frame);
  }

  #turn(): void {
    try {
      this.#work(() => {
        this.#inputs.drain(this.#tools.now() + DRAIN_MS);
        if (this.#schedule) this.#schedule.run(this);
        else this.#begin();
      });
    } catch (error) {
      this.#fail(error);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#closed) return;
    const { now } = this.#tools;
    const nextMs = this.#schedule?.nextMs ?? now() + SETTLE_LOOK_MS;
    const waitMs = this.#failure === null ? nextMs - now() : ANEW_AFTER_MS;
    this.#timer = setTimeout(() => this.#turn(), Math.max(0, waitMs));
  }

  /** The output begins when there is something to see. */
  #begin(): void {
    const nowMs = this.#tools.now();
    if (nowMs - this.#startMs < SETTLE_MS && this.#inputs.isWaiting) return;
    const { fps } = this.#plan.output;
    this.#schedule = new OutputSchedule({ fps, blockMs: BLOCK_MS, startMs: nowMs, now: this.#tools.now });
    this.#settled.resolve();
  }

  #work<T>(work: () => T): T {
    const fromMs = performance.now();
    try {
      return work();
    } finally {
      this.#busyMs += performance.now() - fromMs;
    }
  }

  #fail(error: unknown): void {
    const { message } = error as Error;
    if (this.#failure === null) this.#tools.log.warn({ err: error }, 'a mix failed: it is begun anew');
    this.#failure = message;
    try {
      this.#reopenCompositor();
      this.#compositor.arrange(this.#plan.inputs, this.#plan.layout, this.#plan.canvas, this.#tools.now());
      this.#reopenEncoder();
    } catch {
      // The next turn fails again, and comes here.
    }
  }

  #takeInputs(): void {
    const { inputs, layout, canvas } = this.#plan;
    this.#inputs.release(inputs);
    this.#compositor.arrange(inputs, layout, canvas, this.#tools.now());
    this.#inputs.take(inputs);
  }

  #openCompositor(): Compositor {
    const { canvas, output } = this.#plan;
    const { pictures, log } = this.#tools;
    const compositor = new Compositor({ canvas, fps: output.fps, pictures, log });
    compositor.onKeyFrameWanted = (id) => this.#inputs.requestKeyFrame(id);
    return compositor;
  }

  /** Decoders are new: they get their pictures again. */
  #reopenCompositor(): void {
    const next = this.#openCompositor();
    this.#compositor.close();
    this.#compositor = next;
    this.#inputs.replay();
  }

  #reopenEncoder(): void {
    const next = openEncoder(this.#plan);
    this.#encoder.close();
    this.#encoder = next;
    this.#config = configOf(next);
    this.#gop.clear();
    this.#anew = true;
    this.#write(metadataOf(this.#plan.canvas, this.#plan.output));
    this.#write(this.#config);
  }
}

const openEncoder = ({ canvas: { width, height }, output, inputs }: MixPlan) =>
  new PictureEncoder({ ...output, width, height, inputs: inputs.length });

const configOf = ({ config }: PictureEncoder): VideoFrame => ({
  track: 'video',
  codec: 'h264',
  type: 'config',
  dts: 0,
  cts: 0,
  data: config,
});
