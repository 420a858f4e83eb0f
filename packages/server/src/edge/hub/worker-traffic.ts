import type { IngestProtocol, PlayProtocol, PublishGrant } from '@lianmai/contract';
import type { UsageMeter } from './usage-meter.ts';

/** Whose traffic it is. */
export type Payer = Pick<PublishGrant, 'accountId' | 'channelId'>;

/** What all streams of a worker received, sent and dropped since the process began; accounts are charged by the way. */
export class WorkerTraffic {
  readonly bytesIn = new Map<IngestProtocol, number>();
  readonly bytesOut = new Map<PlayProtocol, number>();
  framesDropped = 0;
  readonly #usage: UsageMeter;

  constructor(usage: UsageMeter) {
    this.#usage = usage;
  }

  received(payer: Payer, protocol: IngestProtocol, bytes: number): void {
    this.bytesIn.set(protocol, (this.bytesIn.get(protocol) ?? 0) + bytes);
    this.#usage.add(payer, protocol, 'in', bytes);
  }

  sent(payer: Payer, protocol: PlayProtocol, bytes: number): void {
    this.bytesOut.set(protocol, (this.bytesOut.get(protocol) ?? 0) + bytes);
    this.#usage.add(payer, protocol, 'out', bytes);
  }
}
