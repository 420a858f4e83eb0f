import type { MixInputWish } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { ChannelRow, ConferenceMemberRow, ConferenceRelayRow, ConferenceRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId, newStreamName } from '../auth/secrets.ts';
import { deleteChannel, insertChannel } from '../channel/store.ts';
import type { ConferenceHall } from '../conference/hall.ts';
import { Shows, type ShowsOptions, type ShowWish } from '../mix/shows.ts';

export interface RelaysOptions extends ShowsOptions {
  db: Db;
  bus: Bus;
  hall: ConferenceHall;
  now: () => number;
  log: Logger;
}

/** What events did not reach is put right this often. */
const COMPARE_EVERY_MS = 10_000;
/** More than these are not shown: the first who came are. */
const MOST_SHOWN = 16;

/**
 * Conferences that anybody may watch: each has a channel whose program is a mix of its members, as long as any are on air. The
 * channel is listed, played and counted as all are; its mix sleeps while nobody watches.
 */
export class Relays {
  readonly #options: RelaysOptions;
  readonly #shows: Shows;
  #queue: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #unsubscribe: Unsubscribe | null = null;
  #closed = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#shows = new Shows(options);
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#unsubscribe = bus.subscribe(
      'conference.event',
      ({ conferenceId }) => void this.#later(() => this.#review(conferenceId)),
    );
    this.#timer = setInterval(() => void this.#later(() => this.#compare()), COMPARE_EVERY_MS);
    await this.#later(() => this.#compare());
  }

  /**
   * Gives a conference its channel.
   * @throws LiveError CHANNEL_QUOTA_EXCEEDED: it is one of its account's.
   */
  async open({
    id,
    appId,
    accountId,
    title,
  }: Pick<ConferenceRow, 'id' | 'appId' | 'accountId' | 'title'>): Promise<void> {
    const { db, now } = this.#options;
    const channelId = newId('ch');
    await insertChannel(db, {
      id: channelId,
      appId,
      accountId,
      name: title,
      stream: newStreamName(),
      pushAuth: 'signed',
      playAuth: 'open',
      listed: 1,
      createdAt: now(),
    });
    await db.insertInto('conferenceRelay').values({ conferenceId: id, channelId, mixId: null }).execute();
    void this.#later(() => this.#review(id));
  }

  /** By conference; those that cannot be watched are not in it. */
  async channelsOf(conferenceIds: readonly string[]): Promise<Map<string, Pick<ChannelRow, 'id' | 'stream'>>> {
    if (conferenceIds.length === 0) return new Map();
    const rows = await this.#options.db
      .selectFrom('conferenceRelay')
      .innerJoin('channel', 'channel.id', 'conferenceRelay.channelId')
      .select(['conferenceRelay.conferenceId', 'channel.id', 'channel.stream'])
      .where('conferenceRelay.conferenceId', 'in', conferenceIds)
      .execute();
    return new Map(rows.map(({ conferenceId, ...channel }) => [conferenceId, channel]));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#unsubscribe?.();
    await this.#queue;
  }

  async #review(conferenceId: string): Promise<void> {
    const { db } = this.#options;
    const relay = await db
      .selectFrom('conferenceRelay')
      .selectAll()
      .where('conferenceId', '=', conferenceId)
      .executeTakeFirst();
    if (relay) await this.#follow(relay);
  }

  async #compare(): Promise<void> {
    for (const relay of await this.#options.db.selectFrom('conferenceRelay').selectAll().execute())
      await this.#follow(relay);
  }

  async #follow({ conferenceId, channelId, mixId }: ConferenceRelayRow): Promise<void> {
    const { db, hall } = this.#options;
    const there = await hall.find(conferenceId);
    if (there?.conference.state === 'open') {
      const now = await this.#shows.set(mixId, wishOf(there.conference, there.members, channelId));
      if (now === mixId) return;
      await db.updateTable('conferenceRelay').set({ mixId: now }).where('channelId', '=', channelId).execute();
    } else {
      await this.#shows.set(mixId, null);
      await deleteChannel(db, channelId);
      await db.deleteFrom('conferenceRelay').where('channelId', '=', channelId).execute();
    }
  }

  /** One after the other: two reviews of one conference must not both order its mix. */
  #later(job: () => Promise<void>): Promise<unknown> {
    const failed = (error: unknown) => {
      if (!this.#closed) this.#options.log.warn({ err: error }, 'watched conferences are not up to date');
    };
    this.#queue = this.#queue.then(job).catch(failed);
    return this.#queue;
  }
}

/** A mix of who is on air; null: nobody is. */
function wishOf({ appId }: ConferenceRow, members: readonly ConferenceMemberRow[], channelId: string): ShowWish | null {
  const inputs = members.flatMap(({ no, stream, state, nickname }): MixInputWish[] =>
    stream !== null && (state === 'on-air' || state === 'video-gone')
      ? [{ id: `member-${no}`, stream, label: nickname }]
      : [],
  );
  if (inputs.length === 0) return null;
  return {
    appId,
    inputs: inputs.slice(0, MOST_SHOWN),
    layout: inputs.length === 1 ? 'full' : 'grid',
    output: { channelId },
  };
}
