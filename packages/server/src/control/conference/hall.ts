import type { ConferenceEvent } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { ConferenceRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { LiveBoard } from '../live/board.ts';
import type { LiveChange } from '../live/state.ts';
import type { Overseer } from '../publish/overseer.ts';
import { channelIdOf, conferenceOfStream } from './names.ts';
import { noMember } from './rules.ts';
import { advance, type ConferenceInput, type ConferenceStep, type Gathering, isPresent } from './state.ts';
import * as store from './store.ts';
import { Waiting } from './waiting.ts';

export interface HallOptions {
  db: Db;
  bus: Bus;
  live: LiveBoard;
  overseer: Overseer;
  now: () => number;
  log: Logger;
}

/** How often the clock is looked at; deadlines are in the database, so any control may see to them. */
const TICK_MS = 1000;
/** What a change of a stream did not reach, the database being away, is put right this often. */
const COMPARE_EVERY_MS = 10_000;
const ENDED_KEPT_MS = 3_600_000;

/** Where conferences are held: applies what happens to them, one thing after the other, and tells everybody concerned. */
export class ConferenceHall {
  readonly waiting = new Waiting();
  readonly #options: HallOptions;
  #queue: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: Unsubscribe[] = [];
  #ticking = false;

  constructor(options: HallOptions) {
    this.#options = options;
  }

  /** Takes up the conferences of before: nobody is out because control was away. */
  async start(): Promise<void> {
    const { bus, live } = this.#options;
    this.#unsubscribe = [
      live.onChange((change) => this.#heard(change)),
      // Another control may have made the change.
      bus.subscribe('conference.event', ({ conferenceId }) => this.waiting.wake(conferenceId)),
    ];
    await this.#compare({ type: 'restarted' });
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => void this.#later(() => this.#compare(null)), COMPARE_EVERY_MS),
    ];
  }

  /** @throws LiveError CONFLICT while one of that id is open. */
  async open(row: ConferenceRow): Promise<void> {
    await store.insertConference(this.#options.db, row);
    this.#publish([{ conferenceId: row.id, type: 'created', userId: row.ownerId, atMs: row.createdAt }]);
  }

  /** The conference with its members; undefined: there is none. */
  find(id: string): Promise<Gathering | undefined> {
    return store.findGathering(this.#options.db, id);
  }

  /**
   * Applies what is asked or learnt. Changes of one conference wait for one another, across controls too.
   * @param decide what to apply, seen what is there; null: nothing after all. Its throw changes nothing.
   * @throws LiveError CONFERENCE_NOT_FOUND, and those of `advance` and `decide`.
   */
  async change(id: string, decide: (there: Gathering) => ConferenceInput | null): Promise<Gathering> {
    const { db, now } = this.#options;
    const { there, step } = await db.transaction().execute(async (tx) => {
      const there = await store.lockGathering(tx, id);
      if (!there) throw store.conferenceMissing(id);
      const input = decide(there);
      if (input === null) return { there, step: null };
      const step = advance(there, input, now());
      await store.saveGathering(tx, there, step);
      return { there, step };
    });
    if (step) this.#follow(there, step);
    return step ?? there;
  }

  /** Resolves when what was heard before is applied. */
  settled(): Promise<void> {
    return this.#queue;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.waiting.close();
    await this.#queue;
  }

  /** What follows from a change, once it is on the disk. */
  #follow(before: Gathering, { conference, events, sentAway }: ConferenceStep): void {
    const { live, overseer } = this.#options;
    this.#publish(events);
    if (conference.version !== before.conference.version) this.waiting.wake(conference.id);
    for (const stream of sentAway) {
      const entry = live.get(stream);
      if (entry) overseer.disconnect(entry, 'disconnected', noMember());
    }
    // Joins need no word to workers: a number that they do not know yet is let in.
    const concernsWorkers = events.some(({ type }) => ['left', 'kicked', 'ended', 'muted'].includes(type));
    if (concernsWorkers) void overseer.review(({ channelId }) => channelId === channelIdOf(conference.id));
  }

  #publish(events: readonly ConferenceEvent[]): void {
    const { bus, log } = this.#options;
    for (const event of events) {
      bus.publish('conference.event', event);
      const { conferenceId, type, userId } = event;
      log.info({ conferenceId, userId }, `conference ${type}`);
    }
  }

  #heard({ type, entry, ...rest }: LiveChange): void {
    const id = conferenceOfStream(entry.stream);
    if (id === null || entry.channelId !== channelIdOf(id)) return;
    const { stream } = entry;
    const input: ConferenceInput =
      type === 'ended'
        ? { type: 'stream', stream, now: 'ended', reason: 'reason' in rest ? rest.reason : 'vanished' }
        : { type: 'stream', stream, now: type === 'interrupted' ? 'lost' : 'live' };
    void this.#later(() => this.#apply(id, input));
  }

  /** One after the other, in the order heard. */
  #later(job: () => Promise<void>, level: 'warn' | 'debug' = 'warn'): Promise<void> {
    const failed = (error: unknown) => this.#options.log[level]({ err: error }, 'conferences are not up to date');
    this.#queue = this.#queue.then(job).catch(failed);
    return this.#queue;
  }

  /** For a conference that may be gone already. */
  async #apply(id: string, input: ConferenceInput): Promise<void> {
    const { db } = this.#options;
    if (await store.findGathering(db, id)) await this.change(id, () => input);
  }

  /** Compares what members are said to do with what is live. */
  async #compare(first: ConferenceInput | null): Promise<void> {
    const { db, live, now } = this.#options;
    await store.forgetEnded(db, now() - ENDED_KEPT_MS);
    for (const { conference, members } of await store.openGatherings(db)) {
      if (first && members.some(isPresent)) await this.#apply(conference.id, first);
      for (const { stream, state, lostAt } of members.filter(isPresent)) {
        if (stream === null) continue;
        const entry = live.get(stream);
        const isLive = entry?.interruptedAtMs === null;
        if (isLive && (state !== 'on-air' || lostAt !== null))
          await this.#apply(conference.id, { type: 'stream', stream, now: 'live' });
        if (!isLive && state === 'on-air' && lostAt === null)
          await this.#apply(conference.id, { type: 'stream', stream, now: 'lost' });
      }
    }
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    // So often that a failure is no news.
    await this.#later(async () => {
      const { db, now } = this.#options;
      for (const id of await store.dueConferences(db, now())) await this.#apply(id, { type: 'tick' });
    }, 'debug');
    this.#ticking = false;
  }
}
