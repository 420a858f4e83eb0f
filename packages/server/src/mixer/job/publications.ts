import { randomUUID } from 'node:crypto';
import { leases, type MixJob, type StreamEvent, type StreamHolder } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import { KeptLease } from './kept-lease.ts';

export interface PublicationsOptions {
  bus: Pick<Bus, 'acquire' | 'publish'>;
  /** Of this process. */
  worker: string;
  /** Unix time, ms. */
  now(): number;
}

/** Whose a stream is, and who may play it. */
type Owner = Pick<MixJob, 'channelId' | 'accountId' | 'play'>;

interface Published {
  holder: StreamHolder;
  lease: KeptLease<StreamHolder>;
}

/** The streams that others find: each by a lease, announced when it is had and when it is given up. */
export class Publications {
  readonly #options: PublicationsOptions;
  readonly #published = new Map<string, Published>();

  constructor(options: PublicationsOptions) {
    this.#options = options;
  }

  get names(): string[] {
    return [...this.#published.keys()];
  }

  has(stream: string): boolean {
    return this.#published.has(stream);
  }

  /** null: it is not published. */
  holder(stream: string): StreamHolder | null {
    return this.#published.get(stream)?.holder ?? null;
  }

  /** Publishes a stream, or one that is published already by these rules from now on. @returns what its lease says. */
  publish(stream: string, { channelId, accountId, play }: Owner): StreamHolder {
    const known = this.#published.get(stream);
    if (known) {
      const holder = { ...known.holder, channelId, accountId, play };
      if (JSON.stringify(holder) === JSON.stringify(known.holder)) return known.holder;
      known.holder = holder;
      void known.lease.replace(holder);
      return holder;
    }
    const { bus, worker, now } = this.#options;
    const startedAtMs = Math.round(now());
    const own = { sessionId: randomUUID(), worker, protocol: 'internal', startedAtMs } as const;
    const holder: StreamHolder = { ...own, channelId, accountId, play };
    const taken = () => this.#announce(stream, this.holder(stream) ?? holder, 'live');
    const lease = new KeptLease({ bus, key: leases.stream(stream), value: holder, taken });
    this.#published.set(stream, { holder, lease });
    return holder;
  }

  /** A lease has ended, whoever had it. */
  ended(stream: string): void {
    this.#published.get(stream)?.lease.ended();
  }

  /** Gives a stream up for good. */
  withdraw(stream: string, reason: 'unpublished' | 'shutdown' | 'disconnected'): void {
    const known = this.#published.get(stream);
    if (!known) return;
    this.#published.delete(stream);
    const { holder, lease } = known;
    if (lease.held) this.#announce(stream, holder, reason === 'shutdown' ? 'interrupted' : 'ended', reason);
    void lease.release();
  }

  #announce(
    stream: string,
    { channelId, sessionId }: StreamHolder,
    state: StreamEvent['state'],
    reason?: StreamEvent['reason'],
  ): void {
    const { bus, worker, now } = this.#options;
    const atMs = Math.round(now());
    const event = { stream, channelId, sessionId, worker, state, atMs, ...(reason === undefined ? {} : { reason }) };
    bus.publish('stream.event', event);
  }
}
