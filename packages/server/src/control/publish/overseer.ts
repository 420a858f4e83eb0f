import type { EndReason, LiveError, PlayPolicy } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Bus } from '../../bus/bus.ts';
import type { Db } from '../../store/store.ts';
import { conferenceOfStream, isConferenceChannel } from '../conference/names.ts';
import { memberPlayPolicy, whyMemberMustStop } from '../conference/rules.ts';
import { loadMemberTargets } from '../conference/store.ts';
import type { LiveBoard } from '../live/board.ts';
import type { LiveEntry } from '../live/state.ts';
import { wantedMixes } from '../mix/jobs.ts';
import { isMixChannel } from '../mix/names.ts';
import { loadMixes } from '../mix/store.ts';
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
    const verdicts = await this.#judge(db, entries);
    for (const entry of entries) {
      if (live.get(entry.stream)?.sessionId !== entry.sessionId) continue;
      const { refused, play } = verdicts(entry);
      if (refused) this.disconnect(entry, 'forbidden', refused);
      else if (play) this.#announce(entry, play);
    }
  }

  /** What is allowed now, of streams of channels, of members of conferences and of mixes. */
  async #judge(db: Db, entries: readonly LiveEntry[]): Promise<(entry: LiveEntry) => Verdict> {
    const [made, published] = partition(entries, ({ channelId }) => isMixChannel(channelId));
    const [members, others] = partition(published, ({ channelId }) => isConferenceChannel(channelId));
    const mixes = await wantedMixes(
      db,
      await loadMixes(
        db,
        made.map(({ channelId }) => channelId),
      ),
    );
    const mixPolicies = new Map(mixes.map(({ row, job }) => [row.id, job?.play ?? null]));
    const targets = await loadTargets(
      db,
      others.map(({ stream }) => stream),
    );
    const conferences = await loadMemberTargets(db, [
      ...new Set(members.flatMap(({ stream }) => conferenceOfStream(stream) ?? [])),
    ]);
    return ({ stream, channelId }) => {
      // What mixers make is theirs who ask for it to end, in an orderly way.
      if (isMixChannel(channelId)) return { refused: null, play: mixPolicies.get(channelId) ?? null };
      if (isConferenceChannel(channelId)) {
        const target = conferences.get(conferenceOfStream(stream) ?? '');
        return { refused: whyMemberMustStop(target, stream), play: target ? memberPlayPolicy(target, stream) : null };
      }
      const target = targets.get(stream);
      return { refused: whyMustStop(target, channelId), play: target ? playPolicy(target) : null };
    };
  }

  #announce({ stream, sessionId, play: leased }: LiveEntry, play: PlayPolicy): void {
    const known = this.#announced.get(sessionId) ?? leased;
    if (samePolicy(known, play)) return;
    this.#announced.set(sessionId, play);
    this.#options.bus.publish('stream.policy', { stream, play });
  }
}

interface Verdict {
  refused: LiveError | null;
  play: PlayPolicy | null;
}

function partition<T>(all: readonly T[], first: (one: T) => boolean): [T[], T[]] {
  const { yes = [], no = [] } = Object.groupBy(all, (one) => (first(one) ? 'yes' : 'no'));
  return [yes, no];
}
