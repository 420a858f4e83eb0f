import { leases, type MixerInfo, type MixerReport, type MixJob, type MixStatus } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';

const RUN_WITHIN_MS = 5000;
const STOP_WITHIN_MS = 5000;
const PREVIEW_WITHIN_MS = 4000;

/** `left`: the mixer's process ended, and its mixes with it. */
export type CrewChange = { type: 'came' | 'left' | 'reported'; mixer: string };

/** The mixers there are and what they tell; how they are told what to make. */
export class Crew {
  readonly #bus: Bus;
  readonly #mixers = new Map<string, MixerInfo>();
  /** By mixer, by mix. */
  readonly #statuses = new Map<string, Map<string, MixStatus>>();
  readonly #seen = new Set<string>();
  readonly #listeners = new Set<(change: CrewChange) => void>();
  #unsubscribe: Unsubscribe[] = [];

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Resolves when the mixers that are there have told what they make. */
  async start(): Promise<void> {
    const prefix = leases.mixer('');
    const unwatch = await this.#bus.watch<MixerInfo>(prefix, (key, info) => {
      const mixer = key.slice(prefix.length);
      this.#seen.add(mixer);
      if (info) this.#mixers.set(mixer, info);
      else this.#mixers.delete(mixer);
      if (!info) this.#statuses.delete(mixer);
      this.#tell({ type: info ? 'came' : 'left', mixer });
    });
    this.#unsubscribe = [unwatch, this.#bus.subscribe('mixer.report', (report) => this.#learn(report))];
    if (this.#mixers.size > 0) for (const report of await this.#bus.gather('mixer.report', null)) this.#learn(report);
  }

  all(): MixerInfo[] {
    return [...this.#mixers.values()];
  }

  has(mixer: string | null): mixer is string {
    return mixer !== null && this.#mixers.has(mixer);
  }

  /** Whether it is there or was since the start. */
  knew(mixer: string): boolean {
    return this.#seen.has(mixer);
  }

  /** What a mixer told of a mix last. */
  status(mixer: string | null, mix: string): MixStatus | null {
    return this.#statuses.get(mixer ?? '')?.get(mix) ?? null;
  }

  /** All that is being made, and where. */
  made(): { mixer: string; status: MixStatus }[] {
    return [...this.#statuses].flatMap(([mixer, statuses]) =>
      [...statuses.values()].map((status) => ({ mixer, status })),
    );
  }

  /** @throws LiveError the mixer's, or UNAVAILABLE. */
  async run(mixer: string, job: MixJob): Promise<void> {
    const status = await this.#bus.request(`mixer.run/${mixer}`, job, { timeoutMs: RUN_WITHIN_MS });
    this.#statusesOf(mixer)?.set(job.id, status);
  }

  /** @throws LiveError UNAVAILABLE */
  async stop(mixer: string, id: string): Promise<void> {
    await this.#bus.request(`mixer.stop/${mixer}`, { id }, { timeoutMs: STOP_WITHIN_MS });
    this.#statuses.get(mixer)?.delete(id);
  }

  /** A JPEG. @throws LiveError the mixer's, or UNAVAILABLE. */
  async preview(mixer: string, id: string): Promise<Buffer> {
    const { jpeg } = await this.#bus.request(`mixer.preview/${mixer}`, { id }, { timeoutMs: PREVIEW_WITHIN_MS });
    return Buffer.from(jpeg, 'base64');
  }

  onChange(listener: (change: CrewChange) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#listeners.clear();
  }

  #learn({ mixer, mixes }: MixerReport): void {
    // The last words of one that is gone.
    if (!this.#mixers.has(mixer)) return;
    this.#statuses.set(mixer, new Map(mixes.map((status) => [status.id, status])));
    this.#tell({ type: 'reported', mixer });
  }

  #statusesOf(mixer: string): Map<string, MixStatus> | null {
    if (!this.#mixers.has(mixer)) return null;
    const known = this.#statuses.get(mixer) ?? new Map<string, MixStatus>();
    this.#statuses.set(mixer, known);
    return known;
  }

  #tell(change: CrewChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
