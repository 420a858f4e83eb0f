import {
  type DisconnectCommand,
  type EndReason,
  leases,
  type PolicyChange,
  type PublishGrant,
  type StreamFigures,
  type StreamHolder,
  type UsageReport,
  type WorkerReport,
} from '@lianmai/contract';
import type { Bus, Lease } from '../../bus/bus.ts';
import type { MemoryBus } from '../../bus/memory-bus.ts';

/** As much of a media worker as control sees. */
export class FakeWorker {
  readonly id: string;
  readonly bus: Bus;
  /** Ends it without a goodbye. */
  readonly kill: () => void;
  readonly disconnects: DisconnectCommand[] = [];
  readonly policies: PolicyChange[] = [];
  readonly #published = new Map<string, { grant: PublishGrant; lease: Lease }>();
  #report: WorkerReport['streams'] = [];
  #seq = 0;

  private constructor(id: string, bus: Bus, kill: () => void) {
    this.id = id;
    this.bus = bus;
    this.kill = kill;
  }

  static async join(memoryBus: MemoryBus, id: string): Promise<FakeWorker> {
    const { bus, kill } = memoryBus.member();
    const worker = new FakeWorker(id, bus, kill);
    bus.answer('worker.report', () => worker.#reportNow());
    bus.subscribe('stream.policy', (change) => worker.policies.push(change));
    bus.subscribe('stream.disconnect', (command) => {
      worker.disconnects.push(command);
      void worker.end(command.stream, command.reason);
    });
    await bus.acquire(leases.worker(id), { id, pid: 1, internalAddress: '' });
    return worker;
  }

  /** A publisher arrives, with the URL's query. @throws LiveError what control or the holder of the lease says. */
  async publish(stream: string, query: string, startedAtMs: number = Date.now()): Promise<PublishGrant> {
    const grant = await this.ask(stream, query);
    await this.take(stream, { ...grant, worker: this.id, protocol: 'rtmp', startedAtMs });
    return grant;
  }

  ask(stream: string, query: string): Promise<PublishGrant> {
    return this.bus.request('control.publish', { stream, query, protocol: 'rtmp', ip: '192.0.2.1', worker: this.id });
  }

  async take(stream: string, holder: StreamHolder): Promise<void> {
    const { lease } = await this.bus.acquire(leases.stream(stream), holder);
    if (!lease) throw new Error(`${stream} is held by another`);
    this.#published.set(stream, { grant: holder, lease });
  }

  /** The publisher said goodbye, or was sent away. */
  async end(stream: string, reason: EndReason): Promise<void> {
    const published = this.#published.get(stream);
    if (!published) return;
    this.#published.delete(stream);
    const { sessionId, channelId } = published.grant;
    this.bus.publish('stream.event', {
      stream,
      channelId,
      sessionId,
      worker: this.id,
      state: 'ended',
      atMs: Date.now(),
      reason,
    });
    await published.lease.release();
  }

  /** The publisher's connection broke. */
  async vanish(stream: string): Promise<void> {
    await this.#published.get(stream)?.lease.release();
    this.#published.delete(stream);
  }

  /** Reports these figures of a stream, as publisher's worker or as a viewers' one. */
  report(stream: string, grant: PublishGrant, publishing: boolean, figures: Partial<StreamFigures>): void {
    const { sessionId, channelId, accountId } = grant;
    const nothing = { video: null, audio: null, viewers: {}, bytesIn: 0, bytesOut: 0, framesDropped: 0 };
    this.#report = [{ ...nothing, ...figures, stream, sessionId, channelId, accountId, publishing }];
    this.bus.publish('worker.report', this.#reportNow());
  }

  /** Reports bytes sent to viewers; resolves when they are counted. */
  async use(grant: PublishGrant, bytes: number, change: Partial<UsageReport> = {}): Promise<void> {
    const { accountId, channelId } = grant;
    const atMs = Date.now();
    await this.bus.request('control.usage', {
      worker: this.id,
      incarnation: `${this.id}-1`,
      seq: ++this.#seq,
      fromMs: atMs - 1000,
      toMs: atMs,
      items: [{ accountId, channelId, protocol: 'flv', direction: 'out', bytes }],
      ...change,
    });
  }

  #reportNow(): WorkerReport {
    return { worker: this.id, atMs: Date.now(), streams: this.#report };
  }
}
