import type { Bus, Lease } from '../../bus/bus.ts';

export interface KeptLeaseOptions<T> {
  bus: Pick<Bus, 'acquire'>;
  key: string;
  value: T;
  /** It is ours now; also each time it is taken again. */
  taken(): void;
}

const RETRY_MS = 1000;

/** A lease that is wanted for long: taken as soon as nobody else has it, and taken again when it got lost. */
export class KeptLease<T> {
  readonly #options: KeptLeaseOptions<T>;
  #value: T;
  #lease: Lease | null = null;
  #asking = false;
  #retry: NodeJS.Timeout | undefined;
  #released = false;

  constructor(options: KeptLeaseOptions<T>) {
    this.#options = options;
    this.#value = options.value;
    void this.#take();
  }

  get held(): boolean {
    return this.#lease !== null;
  }

  /** Others are to see this from now on. */
  async replace(value: T): Promise<void> {
    this.#value = value;
    const lease = this.#lease;
    this.#lease = null;
    if (!lease) return;
    await lease.release().catch(() => {});
    await this.#take();
  }

  /** The lease of this key has ended, whoever had it. */
  ended(): void {
    this.#lease = null;
    void this.#take();
  }

  /** Resolves when others know. Idempotent. */
  async release(): Promise<void> {
    this.#released = true;
    clearTimeout(this.#retry);
    const lease = this.#lease;
    this.#lease = null;
    // It ends with this process in any case; there is nobody to tell when the bus is gone.
    await lease?.release().catch(() => {});
  }

  async #take(): Promise<void> {
    if (this.#asking || this.#released || this.#lease) return;
    this.#asking = true;
    clearTimeout(this.#retry);
    const { bus, key, taken } = this.#options;
    const value = this.#value;
    const lease = await bus.acquire(key, value).then(
      (acquired) => acquired.lease,
      () => null,
    );
    this.#asking = false;
    if (lease && this.#released) return void lease.release().catch(() => {});
    if (!lease) {
      if (!this.#released) this.#retry = setTimeout(() => void this.#take(), RETRY_MS);
      return;
    }
    this.#lease = lease;
    if (value !== this.#value) return this.replace(this.#value);
    taken();
  }
}
