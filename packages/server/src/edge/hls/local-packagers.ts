import { LiveError, leases } from '@lianmai/contract';
import type { Bus, Lease } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { HubPort } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import { Audience } from './audience.ts';
import type { PackagerHolder } from './directory.ts';
import { HlsPackager } from './packager.ts';

export interface LocalPackagersOptions {
  bus: Bus;
  hub: HubPort;
  workerId: string;
  settings: Pick<Settings, 'hlsSegmentMs' | 'hlsPartMs' | 'hlsWindow'>;
  log: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  now(): number;
}

/** A stream packaged here. */
export interface PackagedStream {
  readonly live: LiveStream;
  readonly packager: HlsPackager;
  readonly audience: Audience;
  lease: Lease | null;
  lastAskedMs: number;
}

/** Another worker packages the stream. */
export class PackagedElsewhere extends Error {
  readonly worker: string;

  constructor(worker: string) {
    super(`packaged by ${worker}`);
    this.worker = worker;
  }
}

const IDLE_MS = 60_000;
/** Viewers play an ended stream out. */
const PLAY_OUT_MS = 60_000;

/** The streams this worker packages, each under the lease `hls/{stream}`: begun when asked for, stopped when nobody asks. */
export class LocalPackagers {
  readonly #options: LocalPackagersOptions;
  readonly #streams = new Map<string, PackagedStream>();
  /** Ended, and followed by another of the same name: their media can still be had. */
  readonly #retired = new Map<string, PackagedStream>();
  readonly #opening = new Map<string, Promise<PackagedStream>>();
  #closed = false;

  constructor(options: LocalPackagersOptions) {
    this.#options = options;
  }

  /** Requests held. */
  get waiting(): number {
    let waiting = 0;
    for (const { packager } of this.#streams.values()) waiting += packager.waiting;
    return waiting;
  }

  get(stream: string): PackagedStream | null {
    const packaged = this.#streams.get(stream);
    if (!packaged?.packager.lost) return packaged ?? null;
    this.#streams.delete(stream);
    this.#stop(stream, packaged);
    return null;
  }

  /** Those that may have a media file of the stream, the likelier first. */
  havingMedia(stream: string): PackagedStream[] {
    return [this.#streams.get(stream), this.#retired.get(stream)].filter((packaged) => packaged !== undefined);
  }

  /**
   * Begins to package a stream, unless it is packaged here already.
   * @throws LiveError why the stream cannot be had; PackagedElsewhere.
   */
  open(stream: string, query: string, ip: string): Promise<PackagedStream> {
    const known = this.get(stream);
    if (known) return Promise.resolve(known);
    let opening = this.#opening.get(stream);
    if (!opening) {
      opening = this.#open(stream, query, ip).finally(() => this.#opening.delete(stream));
      this.#opening.set(stream, opening);
    }
    return opening;
  }

  /** The stream has a new publisher, here or elsewhere: if it had ended here, another presentation follows. */
  published(stream: string): void {
    const packaged = this.#streams.get(stream);
    if (!packaged || packaged.packager.endedAtMs === null) return;
    this.#streams.delete(stream);
    this.#stop(stream, this.#retired.get(stream));
    this.#retired.set(stream, packaged);
    this.#release(packaged);
  }

  sweep(nowMs: number): void {
    for (const packaged of this.#streams.values()) {
      packaged.packager.sweep(nowMs);
      packaged.audience.sweep(nowMs);
    }
    for (const streams of [this.#streams, this.#retired])
      for (const [stream, packaged] of streams) {
        if (!isOver(packaged, nowMs)) continue;
        streams.delete(stream);
        this.#stop(stream, packaged);
      }
  }

  close(): void {
    this.#closed = true;
    for (const streams of [this.#streams, this.#retired]) {
      for (const [stream, packaged] of streams) this.#stop(stream, packaged);
      streams.clear();
    }
  }

  async #open(stream: string, query: string, ip: string): Promise<PackagedStream> {
    const { bus, hub, workerId, settings, log, now } = this.#options;
    const live = await hub.play({ stream, query, protocol: 'hls', ip });
    const { lease, holder } = await bus.acquire<PackagerHolder>(leases.hls(stream), { worker: workerId });
    if (!lease) throw new PackagedElsewhere(holder.worker);
    const nowMs = now();
    // Segments may be shorter than a second only where the settings say so.
    const unitMs = Math.min(1000, settings.hlsSegmentMs);
    const firstMsn = Math.max(Math.floor(nowMs / unitMs), (this.#retired.get(stream)?.packager.nextMsn ?? 0) + 1);
    const packaged: PackagedStream = {
      live,
      packager: new HlsPackager({ stream: live, settings, firstMsn, log, now }),
      audience: new Audience((change) => live.countViewers('hls', change)),
      lease,
      lastAskedMs: nowMs,
    };
    if (this.#closed) {
      this.#stop(stream, packaged);
      throw new LiveError('UNAVAILABLE', 'this server is shutting down: ask again to reach another one');
    }
    this.#streams.set(stream, packaged);
    log.info({ stream, firstMsn }, 'HLS packaging began');
    return packaged;
  }

  #stop(stream: string, packaged: PackagedStream | undefined): void {
    if (!packaged) return;
    packaged.packager.close();
    packaged.audience.close();
    this.#release(packaged);
    this.#options.log.info({ stream }, 'HLS packaging stopped');
  }

  #release(packaged: PackagedStream): void {
    // It ends with this process in any case; there is nobody to tell when the bus is gone.
    packaged.lease?.release().catch(() => {});
    packaged.lease = null;
  }
}

function isOver({ packager, lastAskedMs }: PackagedStream, nowMs: number): boolean {
  if (packager.lost) return true;
  if (packager.endedAtMs !== null) return nowMs - packager.endedAtMs >= PLAY_OUT_MS;
  return nowMs - lastAskedMs >= IDLE_MS;
}
