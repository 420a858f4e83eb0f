import { setTimeout as after } from 'node:timers/promises';
import { LiveError, type MixJob, type MixStatus, mixMinusName, type StreamHolder } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import type { LiveStreamImpl } from '../../edge/hub/live-stream.ts';
import type { Composition, CompositionTools } from './composition.ts';
import type { Compositions, Seat } from './compositions.ts';
import { MixOutput } from './mix-output.ts';
import { Passage } from './passage.ts';
import { passableStream, planKey, planOf } from './plan.ts';
import { Programs } from './programs.ts';
import { Publications } from './publications.ts';
import type { SoundWish } from './sound-track.ts';

export interface MixTools extends CompositionTools {
  /** Of this process. */
  worker: string;
  bus: Pick<Bus, 'acquire' | 'publish'>;
  compositions: Compositions<Composition>;
  /** Without anybody who takes it for so long, a mix sleeps. */
  lingerMs: number;
  /** The state has changed. */
  changed(): void;
}

/** An input that may be passed on is waited for so long before the mix is made instead. */
const PASSAGE_FIRST_MS = 800;
/** After the channels went back to their own streams, their viewers get the mix until these have a key frame. */
const GOODBYE_MS = 3000;
/** Sound of what was on air goes on so long at most, until the next one's begins. */
const HANDOVER_MS = 500;
const RETRY_MS = 1000;
/** Pictures are loaded in that time. */
const PREVIEW_AFTER_MS = 200;
const OPUS = '?audio=opus';

/**
 * One mix: its streams, who sees it, and what it is made of at the moment: composed, passed on, or nothing while nobody
 * takes it.
 */
export class Mix {
  readonly #tools: MixTools;
  readonly #programs: Programs;
  /** By name: the mix itself, the ones that leave out an input's sound, and what these are with Opus. */
  readonly #outputs = new Map<string, MixOutput>();
  readonly #publications: Publications;
  #job: MixJob;
  #seat: Seat<Composition> | null = null;
  /** The newest is the one that fits the job. */
  #passages: { passage: Passage; sinceMs: number; neededMs: number }[] = [];
  /** Since when the mix is passed on, and composing it is needed no more. */
  #passedSinceMs: number | null = null;
  #state: MixStatus['state'] = 'starting';
  #failure: string | null = null;
  #failedMs = Number.NEGATIVE_INFINITY;
  #wasWarm = false;
  #framesBefore = { made: 0, late: 0 };
  #looking = false;
  #ending = false;
  #over = false;

  constructor(job: MixJob, tools: MixTools) {
    this.#job = job;
    this.#tools = tools;
    const { worker, bus, changed } = tools;
    this.#publications = new Publications(tools);
    this.#programs = new Programs({ bus, worker, source: job.stream, kind: job.kind, changed });
    this.#publish();
    this.look();
  }

  get job(): MixJob {
    return this.#job;
  }

  /** What composes it, and its part in that. */
  get composition(): { made: Composition; share: number } | null {
    return this.#seat && { made: this.#seat.composition, share: 1 / this.#seat.group.seats.size };
  }

  /** Streams that others find, with what is known of them. */
  get published(): LiveStreamImpl[] {
    return this.#publications.names.flatMap((name) => this.#outputs.get(name)?.stream ?? []);
  }

  /**
   * Makes this from now on.
   * @throws LiveError BAD_REQUEST when it is to have another name.
   */
  run(job: MixJob): void {
    if (job.stream !== this.#job.stream)
      throw new LiveError('BAD_REQUEST', "a mix keeps its stream's name: make another mix", 'stream');
    const before = planKey(planOf(this.#job));
    this.#job = job;
    this.#publish();
    const plan = planOf(job);
    if (planKey(plan) !== before) this.#seat?.change(plan);
    this.look();
  }

  /**
   * One of its streams, begun when it sleeps; null when it has none of that name.
   * @throws LiveError UNAVAILABLE while there is nothing to show.
   */
  async open(name: string): Promise<LiveStreamImpl | null> {
    const output = this.#outputs.get(name) ?? this.#withOpus(name);
    if (!output || this.#over) return null;
    output.wantedMs = this.#tools.now();
    this.look();
    await output.whenReady();
    return output.stream;
  }

  /** The canvas now, as a JPEG; a mix that is not composed is, for that. */
  async preview(): Promise<Buffer> {
    const own = this.#seat;
    if (own) {
      await own.composition.settled;
      if (this.#seat === own) return own.composition.preview();
    }
    const seat = this.#tools.compositions.seat(planOf(this.#job), () => {});
    try {
      await seat.composition.settled;
      await after(PREVIEW_AFTER_MS);
      return seat.composition.preview();
    } finally {
      seat.leave();
    }
  }

  requestKeyFrame(stream: string): void {
    if (!this.#outputs.has(stream)) return;
    if (this.#state === 'passing') this.#passages.at(-1)?.passage.requestKeyFrame();
    else this.#seat?.composition.requestKeyFrame();
  }

  /** Somebody publishes the stream now, or nobody does. */
  holderChanged(stream: string, holder: StreamHolder | null): void {
    if (holder === null) this.#publications.ended(stream);
    else for (const { passage } of this.#passages) passage.published(stream);
  }

  /** A channel is free again for another program. */
  programEnded(stream: string): void {
    this.#programs.ended(stream);
  }

  /** How its streams may be played was changed. */
  setPolicy(stream: string, play: StreamHolder['play']): void {
    const output = this.#outputs.get(stream);
    if (output) output.stream.holder = { ...output.stream.holder, play };
  }

  /** Looks after everything; called a few times a second, and when something happened. */
  look(): void {
    if (this.#over || this.#looking) return;
    this.#looking = true;
    try {
      this.#lookAfter(this.#tools.now());
    } finally {
      this.#looking = false;
    }
  }

  /** @param cpu cores that it uses. */
  status(cpu: number): MixStatus {
    const { id, version, stream } = this.#job;
    const made = this.#seat?.composition;
    const frames = made?.frames ?? { made: 0, late: 0 };
    const passing = this.#state === 'passing' ? this.#outputs.get(stream)?.stream.meter.figures().video : null;
    const detail = this.#detail();
    return {
      id,
      version,
      state: this.#state,
      ...(detail === null ? {} : { detail }),
      fps: passing?.fps ?? (this.#state === 'running' ? (made?.fps ?? 0) : 0),
      frames: this.#framesBefore.made + frames.made,
      lateFrames: this.#framesBefore.late + frames.late,
      cpu: Math.round(cpu * 1000) / 1000,
      inputs: made?.inputs() ?? this.#job.inputs.map(({ id: input }) => this.#unseen(input, passing ?? null)),
      programs: this.#programs.streams,
    };
  }

  /** Channels go back to their own streams; a moment later the mix ends. Resolves when the first is done. */
  async stop(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const hadViewers = this.#programs.streams.length > 0;
    await this.#programs.release();
    if (!hadViewers) return this.close('unpublished');
    setTimeout(() => this.close('unpublished'), GOODBYE_MS);
  }

  /** Ends it at once. Idempotent. */
  close(reason: 'unpublished' | 'shutdown' | 'disconnected'): void {
    if (this.#over) return;
    this.#over = true;
    void this.#programs.release();
    for (const output of this.#outputs.values()) output.close(reason);
    for (const name of this.#publications.names) this.#publications.withdraw(name, reason);
    for (const { passage } of this.#passages) passage.close();
    this.#passages = [];
    this.#leaveSeat();
  }

  get over(): boolean {
    return this.#over;
  }

  #lookAfter(nowMs: number): void {
    this.#letOutputsGo();
    if (!this.#isAwake()) this.#sleep();
    else this.#wake(nowMs);
    const main = this.#outputs.get(this.#job.stream);
    if (main?.ready) this.#wasWarm = true;
    // A mix that sleeps begins at once when its channel's viewers ask for it.
    if (this.#wasWarm && !this.#ending) this.#programs.want(this.#job.programs, nowMs);
    this.#become(this.#stateNow(main?.onAir ?? null));
  }

  /** Somebody takes one of its streams, or did a moment ago, or it has yet to become warm. */
  #isAwake(): boolean {
    for (const output of this.#outputs.values()) if (output.isWanted(this.#tools.lingerMs)) return true;
    return !this.#wasWarm;
  }

  #sleep(): void {
    if (this.#state === 'sleeping') return;
    for (const output of this.#outputs.values()) output.rest();
    this.#leaveSeat();
    for (const { passage } of this.#passages) passage.close();
    this.#passages = [];
  }

  #wake(nowMs: number): void {
    const passage = this.#passage(nowMs);
    if (passage?.look()) {
      this.#follow(
        (output) => passage.take(output.sound, output.stream.holder),
        () => passage.requestKeyFrame(),
      );
      const isDone = this.#active().every((output) => passage.gives(output.onAir));
      this.#passedSinceMs = isDone ? (this.#passedSinceMs ?? nowMs) : null;
      if (this.#passedSinceMs !== null && nowMs - this.#passedSinceMs >= HANDOVER_MS) this.#leaveSeat();
    } else if (this.#seat || !passage || nowMs - this.#passages.at(-1)!.sinceMs >= PASSAGE_FIRST_MS)
      this.#compose(nowMs);
    for (const { passage: known } of this.#passages) known.tick();
    this.#letPassagesGo(passage, nowMs);
  }

  #compose(nowMs: number): void {
    this.#passedSinceMs = null;
    if (!this.#seat && nowMs - this.#failedMs < RETRY_MS) return;
    try {
      this.#seat ??= this.#tools.compositions.seat(planOf(this.#job), () => this.look());
      const { composition } = this.#seat;
      this.#follow(
        (output) => composition.stream(output.sound, output.stream.holder),
        () => composition.requestKeyFrame(),
      );
      this.#failure = composition.failure;
    } catch (error) {
      this.#failedMs = nowMs;
      if (this.#failure === null) this.#tools.log.warn({ mix: this.#job.id, err: error }, 'a mix cannot be made');
      this.#failure = (error as Error).message;
    }
  }

  #follow(source: (output: MixOutput) => LiveStreamImpl | null, askKeyFrame: () => void): void {
    for (const output of this.#active()) {
      const stream = source(output);
      if (stream && output.follow(stream) && output.onAir !== stream) askKeyFrame();
    }
  }

  /** The streams that are made now: the mix itself always, the others while they are taken. */
  #active(): MixOutput[] {
    const main = this.#job.stream;
    return [...this.#outputs]
      .filter(([name, output]) => name === main || output.isWanted(this.#tools.lingerMs))
      .map(([, o]) => o);
  }

  /** The way around composing, when the job allows it. */
  #passage(nowMs: number): Passage | null {
    const plan = planOf(this.#job);
    const stream = this.#job.kind === 'mix' ? passableStream(plan) : null;
    if (stream === null) return null;
    const { width, height } = plan.canvas;
    const known = this.#passages.at(-1)?.passage;
    if (known?.fits(stream, plan.canvas)) return known;
    const { streams, askKeyFrame, now } = this.#tools;
    const changed = () => this.look();
    const passage = new Passage({ stream, canvas: { width, height }, streams, changed, askKeyFrame, now });
    this.#passages.push({ passage, sinceMs: nowMs, neededMs: nowMs });
    return passage;
  }

  #letPassagesGo(current: Passage | null, nowMs: number): void {
    this.#passages = this.#passages.filter((known) => {
      const { passage } = known;
      const isOnAir = [...this.#outputs.values()].some(({ onAir }) => passage.gives(onAir));
      if (passage === current || isOnAir) known.neededMs = nowMs;
      if (nowMs - known.neededMs < HANDOVER_MS) return true;
      passage.close();
      return false;
    });
  }

  #leaveSeat(): void {
    const seat = this.#seat;
    if (!seat) return;
    const { made, late } = seat.composition.frames;
    this.#framesBefore = { made: this.#framesBefore.made + made, late: this.#framesBefore.late + late };
    this.#seat = null;
    seat.leave();
  }

  #letOutputsGo(): void {
    for (const [name, output] of this.#outputs) {
      if (this.#publications.has(name) || output.isWanted(this.#tools.lingerMs)) continue;
      output.close('replaced');
      this.#outputs.delete(name);
    }
    for (const [name, output] of this.#outputs)
      if (name !== this.#job.stream && output.onAir && !output.isWanted(this.#tools.lingerMs)) output.rest();
  }

  #stateNow(onAir: unknown): MixStatus['state'] {
    if (this.#failure !== null) return 'failed';
    if (this.#passages.some(({ passage }) => passage.gives(onAir))) return 'passing';
    if (onAir !== null) return this.#outputs.get(this.#job.stream)?.ready ? 'running' : 'starting';
    return this.#seat || this.#passages.length > 0 || !this.#wasWarm ? 'starting' : 'sleeping';
  }

  #become(state: MixStatus['state']): void {
    if (state === this.#state) return;
    this.#tools.log.info({ mix: this.#job.id, stream: this.#job.stream, from: this.#state }, `mix ${state}`);
    this.#state = state;
    this.#tools.changed();
  }

  #detail(): string | null {
    if (this.#failure !== null) return this.#failure;
    const every = this.#seat?.composition.every ?? 1;
    if (every > 1) return `the machine is too slow: only one of ${every} pictures is made`;
    return null;
  }

  #unseen(id: string, passing: { width: number; height: number; fps: number } | null): MixStatus['inputs'][number] {
    const { width = null, height = null, fps = null } = passing ?? {};
    const state = passing ? 'live' : 'waiting';
    return { id, state, delayMs: passing ? 0 : null, bufferMs: null, width, height, fps, level: 0 };
  }

  /** Streams and leases as the job wants them. */
  #publish(): void {
    const { stream, inputs } = this.#job;
    const wanted = new Map<string, SoundWish>([[stream, { without: null, codec: 'aac' }]]);
    for (const { id, mixMinus } of inputs)
      if (mixMinus) wanted.set(mixMinusName(stream, id), { without: id, codec: 'aac' });
    for (const name of this.#publications.names) {
      if (wanted.has(name)) continue;
      this.#publications.withdraw(name, 'unpublished');
      for (const variant of [name, `${name}${OPUS}`]) {
        this.#outputs.get(variant)?.close('unpublished');
        this.#outputs.delete(variant);
      }
    }
    for (const [name, sound] of wanted) this.#publishOne(name, sound);
  }

  #publishOne(name: string, sound: SoundWish): void {
    const before = this.#publications.holder(name);
    const holder = this.#publications.publish(name, this.#job);
    if (before === null) {
      const output = this.#addOutput(name, sound, holder);
      // Only the mix itself is begun for its own sake.
      if (sound.without !== null) output.wantedMs = Number.NEGATIVE_INFINITY;
      return;
    }
    if (holder === before) return;
    for (const variant of [name, `${name}${OPUS}`]) {
      const output = this.#outputs.get(variant);
      if (output) output.stream.holder = holder;
    }
  }

  #addOutput(name: string, sound: SoundWish, holder: StreamHolder): MixOutput {
    const { streams, now } = this.#tools;
    const changed = () => queueMicrotask(() => this.look());
    const output = new MixOutput({ stream: streams.create(name, holder), sound, changed, now });
    this.#outputs.set(name, output);
    return output;
  }

  /** The variant of one of its streams that WebRTC viewers need. */
  #withOpus(name: string): MixOutput | null {
    if (!name.endsWith(OPUS)) return null;
    const plain = name.slice(0, -OPUS.length);
    const output = this.#outputs.get(plain);
    const holder = this.#publications.holder(plain);
    if (!output || !holder) return null;
    return this.#addOutput(name, { ...output.sound, codec: 'opus' }, holder);
  }
}
