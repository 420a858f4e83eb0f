import { availableParallelism, hostname } from 'node:os';
import {
  LiveError,
  leases,
  type MixerInfo,
  type MixerReport,
  type MixJob,
  type MixStatus,
  type Program,
  type WorkerInfo,
  type WorkerReport,
} from '@lianmai/contract';
import type { Bus, Lease, Unsubscribe } from '../bus/bus.ts';
import { BorrowedStreams, type BorrowedStreamsOptions } from '../edge/hub/borrowed-streams.ts';
import type { LiveStreamImpl } from '../edge/hub/live-stream.ts';
import type { Logger } from '../log/log.ts';
import { checkJob } from './job/check-job.ts';
import { Composition, type CompositionTools } from './job/composition.ts';
import { Compositions } from './job/compositions.ts';
import { Mix } from './job/mix.ts';

export interface MixerOptions extends BorrowedStreamsOptions {
  bus: Bus;
  /** Where others reach this process; see WorkerInfo. */
  internalAddress: string;
  pictures: CompositionTools['pictures'];
  /** Without anybody who takes it for so long, a mix sleeps; 10 s by default. */
  lingerMs?: number;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
}

const LINGER_MS = 10_000;
const TICK_MS = 100;
/** Without mixes there is little to look after. */
const IDLE_TICK_MS = 500;
const REPORT_MS = 1000;
/** Far more than a core can compose; sleeping ones cost next to nothing. */
const MOST_MIXES = 500;
const PROGRAMS = leases.program('');
/** What WebRTC viewers need is encoded from the same sound. */
const VARIANTS = ['audio=opus'];

/** One mixer process: makes the mixes that control gives it, and tells how they are. */
export class Mixer {
  readonly #options: MixerOptions;
  readonly #streams: BorrowedStreams;
  readonly #compositions: Compositions<Composition>;
  readonly #mixes = new Map<string, Mix>();
  /** Stopped, and still giving pictures for a moment. */
  readonly #leaving = new Set<Mix>();
  readonly #unsubscribe: Unsubscribe[] = [];
  readonly #presence: Lease[] = [];
  /** Cores that each composition used over the last second. */
  #cpu = new Map<Composition, number>();
  #processCpu = 0;
  #cpuBefore = process.cpuUsage();
  #measuredMs: number;
  #timer: NodeJS.Timeout | null = null;
  #reporting = false;

  constructor(options: MixerOptions) {
    this.#options = options;
    const { settings, pictures, log, now } = options;
    this.#measuredMs = now();
    this.#streams = new BorrowedStreams(options);
    const tools: CompositionTools = {
      streams: this.#streams,
      pictures,
      askKeyFrame: (stream) => options.bus.publish('stream.key-frame', { stream }),
      log,
      now,
    };
    this.#compositions = new Compositions((plan) => new Composition(plan, settings.gopCacheBytes, tools));
  }

  /** Makes itself known, and takes mixes from then on. */
  async start(): Promise<void> {
    const { bus, name, internalAddress } = this.#options;
    await this.#streams.start((stream, holder) => {
      for (const mix of this.#all()) mix.holderChanged(stream, holder);
      if (holder) for (const composition of this.#compositions.all) composition.published(stream);
    });
    this.#unsubscribe.push(
      bus.serve(`mixer.run/${name}`, (job) => this.run(job)),
      bus.serve(`mixer.stop/${name}`, ({ id }) => this.stop(id)),
      bus.serve(`mixer.preview/${name}`, ({ id }) => this.preview(id)),
      bus.answer('mixer.report', () => this.report()),
      bus.answer('worker.report', () => this.#streamReport()),
      bus.subscribe('stream.key-frame', ({ stream }) => {
        for (const mix of this.#all()) mix.requestKeyFrame(stream);
      }),
      bus.subscribe('stream.policy', ({ stream, play }) => {
        for (const mix of this.#all()) mix.setPolicy(stream, play);
      }),
      bus.subscribe('stream.disconnect', ({ stream }) => this.#disconnect(stream)),
      await bus.watch<Program>(PROGRAMS, (key, program) => {
        if (program) return;
        for (const mix of this.#all()) mix.programEnded(key.slice(PROGRAMS.length));
      }),
    );
    const worker: WorkerInfo = { id: name, pid: process.pid, internalAddress, variants: VARIANTS };
    const info: MixerInfo = { id: name, pid: process.pid, machine: hostname(), cores: availableParallelism() };
    await this.#appear(leases.worker(name), worker);
    await this.#appear(leases.mixer(name), info);
    this.#arm();
  }

  /**
   * Makes the mix, or changes it to this; an older version than the one it knows changes nothing.
   * @throws LiveError BAD_REQUEST, UNAVAILABLE.
   */
  run(job: MixJob): MixStatus {
    checkJob(job);
    const known = this.#mixes.get(job.id);
    if (known) {
      if (job.version >= known.job.version) known.run(job);
      return known.status(this.#cpuOf(known));
    }
    if (this.#mixes.size >= MOST_MIXES)
      throw new LiveError('UNAVAILABLE', `this mixer has ${MOST_MIXES} mixes, and takes no more`);
    // One that is on its way out and has the stream makes room.
    for (const mix of this.#leaving) if (mix.job.stream === job.stream) mix.close('unpublished');
    const { name: worker, bus, pictures, lingerMs = LINGER_MS, log, now } = this.#options;
    const mix = new Mix(job, {
      worker,
      bus,
      streams: this.#streams,
      compositions: this.#compositions,
      pictures,
      lingerMs,
      askKeyFrame: (stream) => bus.publish('stream.key-frame', { stream }),
      changed: () => this.#reportSoon(),
      log,
      now,
    });
    this.#mixes.set(job.id, mix);
    this.#reportSoon();
    return mix.status(0);
  }

  /** Ends a mix; its channels have their own streams again when this resolves. One that is not known has ended already. */
  async stop(id: string): Promise<{ ok: true }> {
    const mix = this.#mixes.get(id);
    if (mix) {
      this.#mixes.delete(id);
      this.#leaving.add(mix);
      await mix.stop();
      this.#options.log.info({ mix: id, stream: mix.job.stream }, 'mix ended');
      this.#reportSoon();
    }
    return { ok: true };
  }

  /** @throws LiveError NOT_FOUND. */
  async preview(id: string): Promise<{ jpeg: string }> {
    const mix = this.#mixes.get(id);
    if (!mix) throw new LiveError('NOT_FOUND', `there is no mix "${id}" on this mixer`);
    return { jpeg: (await mix.preview()).toString('base64') };
  }

  /**
   * A stream of this mixer, for a relay; null when there is none of that name.
   * @throws LiveError UNAVAILABLE while there is nothing to show.
   */
  async open(name: string): Promise<LiveStreamImpl | null> {
    for (const mix of this.#all()) {
      const stream = await mix.open(name);
      if (stream) return stream;
    }
    return null;
  }

  report(): MixerReport {
    const { name, now } = this.#options;
    return {
      mixer: name,
      atMs: Math.round(now()),
      cpu: this.#processCpu,
      mixes: [...this.#mixes.values()].map((mix) => mix.status(this.#cpuOf(mix))),
    };
  }

  /** Lets channels go, then ends everything. Idempotent. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    for (const mix of this.#all()) mix.close('shutdown');
    this.#mixes.clear();
    this.#leaving.clear();
    this.#compositions.close();
    this.#streams.close();
    await Promise.all(this.#presence.splice(0).map((lease) => lease.release().catch(() => {})));
  }

  #all(): Mix[] {
    return [...this.#mixes.values(), ...this.#leaving];
  }

  async #appear(key: string, value: unknown): Promise<void> {
    const { lease } = await this.#options.bus.acquire(key, value);
    if (!lease) throw new Error(`another process is "${key}" already`);
    this.#presence.push(lease);
  }

  #arm(): void {
    const isIdle = this.#mixes.size === 0 && this.#leaving.size === 0;
    this.#timer = setTimeout(
      () => {
        this.#tick();
        this.#arm();
      },
      isIdle ? IDLE_TICK_MS : TICK_MS,
    );
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#streams.tick(nowMs);
    for (const mix of this.#all()) mix.look();
    for (const mix of this.#leaving) if (mix.over) this.#leaving.delete(mix);
    for (const composition of this.#compositions.all) composition.tick(nowMs);
    if (nowMs - this.#measuredMs < REPORT_MS) return;
    this.#measure(nowMs);
    for (const mix of this.#mixes.values()) for (const { meter } of mix.published) meter.closeInterval(nowMs);
    this.#options.bus.publish('mixer.report', this.report());
    this.#options.bus.publish('worker.report', this.#streamReport());
  }

  /** Shares the process's CPU time out by how long each composition was at work: all native calls are made in line. */
  #measure(nowMs: number): void {
    const elapsedMs = nowMs - this.#measuredMs;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#cpuBefore = process.cpuUsage();
    this.#measuredMs = nowMs;
    const cpuMs = (user + system) / 1000;
    const busy = this.#compositions.all.map((composition) => [composition, composition.takeBusyMs()] as const);
    const busyMs = busy.reduce((sum, [, ms]) => sum + ms, 0);
    // On a busy machine being at work is partly waiting.
    const share = Math.min(1, busyMs > 0 ? cpuMs / busyMs : 0);
    this.#processCpu = Math.round((cpuMs / elapsedMs) * 1000) / 1000;
    this.#cpu = new Map(busy.map(([composition, ms]) => [composition, (ms * share) / elapsedMs]));
  }

  #cpuOf({ composition }: Mix): number {
    return composition ? (this.#cpu.get(composition.made) ?? 0) * composition.share : 0;
  }

  /** Several changes in one turn are one report. */
  #reportSoon(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    setImmediate(() => {
      this.#reporting = false;
      if (this.#timer) this.#options.bus.publish('mixer.report', this.report());
    });
  }

  /** A mixer is a worker: the streams it makes have figures as all others. */
  #streamReport(): WorkerReport {
    const { name, now } = this.#options;
    const streams = [...this.#mixes.values()].flatMap((mix) => mix.published);
    return {
      worker: name,
      atMs: Math.round(now()),
      streams: streams.map(({ meter, holder: { channelId, accountId, sessionId }, name: stream }) => ({
        ...meter.figures(),
        stream,
        channelId,
        accountId,
        sessionId,
        publishing: true,
      })),
    };
  }

  #disconnect(stream: string): void {
    for (const [id, mix] of this.#mixes) {
      if (mix.job.stream !== stream) continue;
      this.#mixes.delete(id);
      mix.close('disconnected');
      this.#reportSoon();
    }
  }
}
