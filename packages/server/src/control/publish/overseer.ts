import type { EndReason, LiveError, PlayPolicy } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Bus } from '../../bus/bus.ts';
import type { Db } from '../../store/store.ts';
import type { LiveBoard } from '../live/board.ts';
import type { LiveEntry } from '../live/state.ts';
import { playPolicy, samePolicy, whyMustStop } from './rules.ts';
import { loadTargets } from './store.ts';

export interface OverseerOptions {
  db: Db;
  bus: Bus;
  live: LiveBoard;
  log: Logger;
}

/**
 * Holds what is live to what is allowed now: whatever changed (a channel, its keys, an account, its traffic), the streams
 * concerned are looked at again, and workers told to send a publisher away or to check players anew.
 */
export class Overseer {
  readonly #options: OverseerOptions;
  /** What workers were told last, where it differs from what the lease says. By session. */
  readonly #announced = new Map<string, PlayPolicy>();
  #reviewing: Promise<void> = Promise.resolve();

  constructor(options: OverseerOptions) {
    this.#options = options;
    options.live.onChange((change) => {
      if (change.type === 'ended') this.#announced.delete(change.entry.sessionId);
      // What changed between the grant and the lease was not seen by a review of what is live.
      else if (change.type !== 'interrupted') this.review((entry) => entry.sessionId === change.entry.sessionId);
    });
  }

  /** Looks at the live streams that match once more; resolves when done. Reviews come one after the other. */
  review(concerned: (entry: LiveEntry) => boolean): Promise<void> {
    const { log } = this.#options;
    this.#reviewing = this.#reviewing
      .then(() => this.#review(concerned))
      .catch((error: unknown) => log.error({ err: error }, 'live streams could not be reviewed'));
    return this.#reviewing;
  }

  /** A worker that came later knows play policies only from the leases: tells it what changed since. */
  repeatPolicies(): void {
    const { bus, live } = this.#options;
    for (const { stream, sessionId } of live.all()) {
      const play = this.#announced.get(sessionId);
      if (play) bus.publish('stream.policy', { stream, play });
    }
  }

  /** Sends the publisher away; of an interrupted stream, the waiting viewers. */
  disconnect(entry: LiveEntry, reason: EndReason, error?: LiveError): void {
    const { bus, live, log } = this.#options;
    const { stream, sessionId, interruptedAtMs } = entry;
    log.info({ stream, sessionId, reason, code: error?.code }, 'publisher is sent away');
    bus.publish('stream.disconnect', { stream, reason, ...(error ? error.toBody() : {}) });
    if (interruptedAtMs !== null) live.end(entry, reason);
  }

  async #review(concerned: (entry: LiveEntry) => boolean): Promise<void> {
    const { db, live } = this.#options;
    const entries = live.all().filter(concerned);
    if (entries.length === 0) return;
    const streams = entries.map(({ stream }) => stream);
    const targets = await loadTargets(db, streams);
    for (const entry of entries) {
      if (live.get(entry.stream)?.sessionId !== entry.sessionId) continue;
      const target = targets.get(entry.stream);
      const refused = whyMustStop(target, entry.channelId);
      if (refused) this.disconnect(entry, 'forbidden', refused);
      else if (target) this.#announce(entry, playPolicy(target));
    }
  }

  #announce({ stream, sessionId, play: leased }: LiveEntry, play: PlayPolicy): void {
    const known = this.#announced.get(sessionId) ?? leased;
    if (samePolicy(known, play)) return;
    this.#announced.set(sessionId, play);
    this.#options.bus.publish('stream.policy', { stream, play });
  }
}
