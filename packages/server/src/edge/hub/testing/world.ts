import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type {
  EndReason,
  LiveError,
  PublishGrant,
  PublishRequest,
  StreamEvent,
  UsageReport,
  WorkerReport,
} from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { Bus } from '../../../bus/bus.ts';
import { MemoryBus } from '../../../bus/memory-bus.ts';
import { RelayServer } from '../../relay/relay-server.ts';
import { Hub } from '../hub.ts';
import type { Publication } from '../ports.ts';
import type { LiveStream, StreamSink } from '../sink.ts';

const silentLog = { info() {}, warn() {}, debug() {} };

export interface Worker {
  hub: Hub;
  bus: Bus;
  relays: RelayServer;
  /** As SIGKILL: leases and sockets go, nobody says goodbye. */
  kill(): Promise<void>;
}

/** A publisher as an ingest protocol would be: what it was told. */
export interface Pusher extends Publication {
  revoked: { reason: EndReason; error: LiveError } | null;
}

/** Records what a sink is given. */
export class Recorder implements StreamSink {
  readonly frames: Frame[] = [];
  readonly states: string[] = [];

  constructor(stream?: LiveStream) {
    stream?.attach(this);
  }

  frame(frame: Frame): void {
    this.frames.push(frame);
  }

  interrupted(): void {
    this.states.push('interrupted');
  }

  resumed(): void {
    this.states.push('resumed');
  }

  ended(reason: EndReason): void {
    this.states.push(`ended: ${reason}`);
  }
}

/** Several workers and a control on one bus, in one process, with a clock that only moves when told. */
export class World implements AsyncDisposable {
  readonly bus = new MemoryBus();
  readonly control = this.bus.member().bus;
  readonly events: StreamEvent[] = [];
  readonly reports: WorkerReport[] = [];
  readonly usage: UsageReport[] = [];
  readonly workers: Worker[] = [];
  /** Every relay that was asked for, as `stream from worker`. */
  readonly relayed: string[] = [];
  readonly graceMs = 7000;
  nowMs = 1_700_000_000_000;
  /** What control says to a publisher; may throw. */
  grant: (request: PublishRequest) => Omit<PublishGrant, 'sessionId'> = () => ({
    channelId: 'ch1',
    accountId: 'acc1',
    play: { signedWith: null },
  });
  /** What control says to a usage report; may throw. */
  charge: (report: UsageReport) => void = () => {};
  readonly #folder = mkdtempSync(join(tmpdir(), 'lianmai-hub-'));
  #sessions = 0;

  constructor() {
    this.control.serve('control.publish', (request) => ({ sessionId: `s${++this.#sessions}`, ...this.grant(request) }));
    this.control.serve('control.usage', (report) => {
      this.charge(report);
      this.usage.push(report);
      return { ok: true as const };
    });
    this.control.subscribe('stream.event', (event) => this.events.push(event));
    this.control.subscribe('worker.report', (report) => this.reports.push(report));
  }

  async worker(id = `w${this.workers.length}`, settings: { maxPublishers?: number } = {}): Promise<Worker> {
    const { bus, kill } = this.bus.member();
    const internalAddress = join(this.#folder, id);
    const hub = new Hub({
      bus,
      workerId: id,
      internalAddress,
      settings: { publishGraceMs: this.graceMs, gopCacheBytes: 1 << 20, maxPublishers: 100, ...settings },
      log: silentLog,
      now: () => this.nowMs,
    });
    const find = (name: string) => {
      this.relayed.push(`${name} from ${id}`);
      return hub.published(name);
    };
    const relays = new RelayServer({ internalAddress, find, maxQueueBytes: 1 << 20 });
    await relays.listen();
    await hub.join();
    const worker: Worker = {
      hub,
      bus,
      relays,
      kill: async () => {
        this.workers.splice(this.workers.indexOf(worker), 1);
        kill();
        await relays.close();
      },
    };
    this.workers.push(worker);
    await this.settle();
    return worker;
  }

  async push({ hub }: Worker, stream = 'show', query = ''): Promise<Pusher> {
    const publication = await hub.publish({
      stream,
      query,
      protocol: 'rtmp',
      ip: '127.0.0.1',
      onRevoked: (reason, error) => {
        pusher.revoked = { reason, error };
      },
    });
    const pusher: Pusher = Object.assign(publication, { revoked: null });
    await this.settle();
    return pusher;
  }

  play({ hub }: Worker, stream = 'show', query = ''): LiveStream | Promise<LiveStream> {
    return hub.play({ stream, query, protocol: 'flv', ip: '127.0.0.1' });
  }

  /** Lets the bus deliver everything that is on its way. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await setImmediate();
  }

  /** Moves the clock on, in ticks as the hubs' own timers would. */
  async pass(ms: number): Promise<void> {
    for (const until = this.nowMs + ms; this.nowMs < until; ) {
      this.nowMs = Math.min(until, this.nowMs + 250);
      for (const { hub } of this.workers) hub.tick();
      await this.settle();
    }
  }

  /** Waits for what comes over sockets. */
  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await setImmediate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of [...this.workers]) {
      await worker.hub.close();
      await worker.kill();
    }
    this.bus.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
