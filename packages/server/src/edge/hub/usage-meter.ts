import type { IngestProtocol, PlayProtocol, PublishGrant, UsageReport } from '@lianmai/contract';

type UsageItem = UsageReport['items'][number];

/** Hands a report to control; resolves when control has it for good. */
export type SendUsage = (report: UsageReport) => Promise<unknown>;

/**
 * Traffic by account, channel and protocol. What was counted is kept until control has acknowledged it: a report that
 * failed is sent again as it was, with its number, so that control never counts it twice.
 */
export class UsageMeter {
  readonly #worker: string;
  readonly #incarnation: string;
  /** By channel: a few for each. */
  #items = new Map<string, UsageItem[]>();
  #fromMs: number;
  #seq = 0;
  #unacknowledged: UsageReport | null = null;
  #sending: Promise<void> | null = null;

  /** @param incarnation unique per worker process. */
  constructor(worker: string, incarnation: string, nowMs: number) {
    this.#worker = worker;
    this.#incarnation = incarnation;
    this.#fromMs = nowMs;
  }

  add(
    { accountId, channelId }: Pick<PublishGrant, 'accountId' | 'channelId'>,
    protocol: IngestProtocol | PlayProtocol,
    direction: 'in' | 'out',
    bytes: number,
  ): void {
    // Once per read of every publisher: a key put together of the four would cost more than the rest of the counting.
    const items = this.#items.get(channelId);
    const item = items?.find((one) => isFor(one, accountId, protocol, direction));
    if (item) item.bytes += bytes;
    else this.#items.set(channelId, [...(items ?? []), { accountId, channelId, protocol, direction, bytes }]);
  }

  /** Reports what there is. One report at a time is on its way; a call meanwhile waits for that one only. */
  report(nowMs: number, send: SendUsage): Promise<void> {
    this.#sending ??= this.#send(nowMs, send).finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** Reports everything, what waited for an acknowledgement first. */
  async flush(nowMs: number, send: SendUsage): Promise<void> {
    await this.#sending?.catch(() => {});
    if (this.#unacknowledged) await this.report(nowMs, send);
    await this.report(nowMs, send);
  }

  async #send(nowMs: number, send: SendUsage): Promise<void> {
    const report = (this.#unacknowledged ??= this.#take(nowMs));
    if (!report) return;
    await send(report);
    this.#unacknowledged = null;
  }

  #take(nowMs: number): UsageReport | null {
    const items = [...this.#items.values()].flat().filter((item) => item.bytes > 0);
    const fromMs = this.#fromMs;
    this.#fromMs = nowMs;
    this.#items = new Map();
    if (items.length === 0) return null;
    return {
      worker: this.#worker,
      incarnation: this.#incarnation,
      seq: ++this.#seq,
      fromMs: Math.round(fromMs),
      toMs: Math.round(nowMs),
      items,
    };
  }
}

function isFor(item: UsageItem, accountId: string, protocol: string, direction: string): boolean {
  return item.protocol === protocol && item.direction === direction && item.accountId === accountId;
}
