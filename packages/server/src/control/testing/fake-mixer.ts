import {
  LiveError,
  leases,
  type MixerInfo,
  type MixerReport,
  type MixJob,
  type MixStatus,
  type Program,
  type StreamHolder,
} from '@lianmai/contract';
import type { Bus, Lease } from '../../bus/bus.ts';
import type { MemoryBus } from '../../bus/memory-bus.ts';

/** As much of a mixer's process as control sees: takes orders, holds the leases, reports. */
export class FakeMixer {
  readonly id: string;
  readonly bus: Bus;
  /** Ends it without a goodbye. */
  readonly kill: () => void;
  /** What it makes. */
  readonly jobs = new Map<string, MixJob>();
  /** All orders, in their order. */
  readonly orders: (MixJob | { stop: string })[] = [];
  /** Takes no more orders while set. */
  deaf = false;
  readonly #statuses = new Map<string, Partial<MixStatus>>();
  readonly #leases = new Map<string, Lease>();

  private constructor(id: string, bus: Bus, kill: () => void) {
    this.id = id;
    this.bus = bus;
    this.kill = kill;
  }

  static async join(memoryBus: MemoryBus, id: string, info: Partial<MixerInfo> = {}): Promise<FakeMixer> {
    const { bus, kill } = memoryBus.member();
    const mixer = new FakeMixer(id, bus, kill);
    bus.serve(`mixer.run/${id}`, (job) => mixer.#run(job));
    bus.serve(`mixer.stop/${id}`, (stop) => mixer.#stop(stop.id));
    bus.serve(`mixer.preview/${id}`, (wanted) => {
      if (!mixer.jobs.has(wanted.id)) throw new LiveError('NOT_FOUND', 'no such mix here');
      return { jpeg: Buffer.from(`picture of ${wanted.id}`).toString('base64') };
    });
    bus.answer('mixer.report', () => mixer.#report());
    await bus.acquire(leases.worker(id), { id, pid: 1, internalAddress: '' });
    await bus.acquire(leases.mixer(id), { id, pid: 1, machine: 'm1', cores: 2, ...info });
    return mixer;
  }

  job(id: string): MixJob {
    const job = this.jobs.get(id);
    if (!job) throw new Error(`${this.id} does not make ${id}`);
    return job;
  }

  /** Tells of its mixes, of one of them this too. */
  report(id?: string, status: Partial<MixStatus> = {}): void {
    if (id !== undefined) this.#statuses.set(id, { ...this.#statuses.get(id), ...status });
    this.bus.publish('mixer.report', this.#report());
  }

  async #run(job: MixJob): Promise<MixStatus> {
    if (this.deaf) throw new LiveError('UNAVAILABLE', 'the mixer does not listen');
    this.orders.push(job);
    const before = this.jobs.get(job.id);
    if (!before || before.version < job.version) this.jobs.set(job.id, job);
    await this.#hold(job);
    return this.#status(job);
  }

  async #hold(job: MixJob): Promise<void> {
    const common = { channelId: job.channelId, accountId: job.accountId, worker: this.id, startedAtMs: Date.now() };
    await this.#take<StreamHolder>(leases.stream(job.stream), {
      ...common,
      sessionId: `ses_${job.id}`,
      play: job.play,
      protocol: 'internal',
    });
    const programs = new Set(job.programs.map(({ stream }) => leases.program(stream)));
    for (const [key, lease] of this.#leases)
      if (key.startsWith('program/') && this.#heldFor.get(key) === job.id && !programs.has(key)) {
        this.#leases.delete(key);
        await lease.release();
      }
    for (const { stream, channelId, accountId, play } of job.programs) {
      this.#heldFor.set(leases.program(stream), job.id);
      await this.#take<Program>(leases.program(stream), {
        ...common,
        source: job.stream,
        kind: job.kind,
        channelId,
        accountId,
        play,
      });
    }
  }

  readonly #heldFor = new Map<string, string>();

  async #take<T>(key: string, value: T): Promise<void> {
    if (this.#leases.has(key)) return;
    const { lease } = await this.bus.acquire(key, value);
    if (lease) this.#leases.set(key, lease);
  }

  async #stop(id: string): Promise<{ ok: true }> {
    if (this.deaf) throw new LiveError('UNAVAILABLE', 'the mixer does not listen');
    this.orders.push({ stop: id });
    const job = this.jobs.get(id);
    this.jobs.delete(id);
    this.#statuses.delete(id);
    const keys = job ? [leases.stream(job.stream), ...job.programs.map(({ stream }) => leases.program(stream))] : [];
    for (const key of keys) {
      const lease = this.#leases.get(key);
      this.#leases.delete(key);
      await lease?.release();
    }
    return { ok: true };
  }

  #status(job: MixJob): MixStatus {
    return {
      id: job.id,
      version: job.version,
      state: 'running',
      fps: job.output.fps,
      frames: 100,
      lateFrames: 0,
      cpu: 0.1,
      inputs: job.inputs.map(({ id }) => ({
        id,
        state: 'waiting',
        delayMs: null,
        bufferMs: null,
        width: null,
        height: null,
        fps: null,
        level: 0,
      })),
      programs: job.programs.map(({ channelId }) => channelId),
      ...this.#statuses.get(job.id),
    };
  }

  #report(): MixerReport {
    return { mixer: this.id, atMs: Date.now(), cpu: 0, mixes: [...this.jobs.values()].map((job) => this.#status(job)) };
  }
}
