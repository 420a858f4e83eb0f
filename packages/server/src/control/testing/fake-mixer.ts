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
  readonly #held = new Map<string, { lease: Lease; job: string }>();

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
    await bus.watch(leases.program(''), (_, held) => held ?? void mixer.#hold());
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
    await this.#hold();
    return this.#status(job);
  }

  /** Lets go of what no job wants any more, takes what is wanted and free. */
  async #hold(): Promise<void> {
    const wanted = new Map<string, { job: MixJob; value: StreamHolder | Program }[]>();
    for (const job of this.jobs.values())
      for (const [key, value] of this.#leasesOf(job)) wanted.set(key, [...(wanted.get(key) ?? []), { job, value }]);
    for (const [key, { lease, job }] of [...this.#held])
      if (!wanted.get(key)?.some((want) => want.job.id === job)) {
        this.#held.delete(key);
        await lease.release();
      }
    for (const [key, [first]] of wanted) {
      if (this.#held.has(key) || !first) continue;
      const { lease } = await this.bus.acquire(key, first.value);
      if (lease) this.#held.set(key, { lease, job: first.job.id });
    }
  }

  #leasesOf({ id, stream, channelId, accountId, play, kind, programs }: MixJob): [string, StreamHolder | Program][] {
    const by = { worker: this.id, startedAtMs: Date.now() };
    const own = { ...by, sessionId: `ses_${id}`, channelId, accountId, play, protocol: 'internal' } as const;
    return [
      [leases.stream(stream), own],
      ...programs.map(({ stream: channel, ...of }): [string, Program] => [
        leases.program(channel),
        { ...by, ...of, source: stream, kind },
      ]),
    ];
  }

  async #stop(id: string): Promise<{ ok: true }> {
    if (this.deaf) throw new LiveError('UNAVAILABLE', 'the mixer does not listen');
    this.orders.push({ stop: id });
    this.jobs.delete(id);
    this.#statuses.delete(id);
    await this.#hold();
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
      cpu: 0.001,
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
