import type { MixInputWish } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Bus } from '../../bus/bus.ts';
import type { ChannelRow, ConferenceMemberRow, ConferenceRelayRow, ConferenceRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { newId, newStreamName } from '../auth/secrets.ts';
import { deleteChannel, insertChannel } from '../channel/store.ts';
import type { ConferenceHall } from '../conference/hall.ts';
import { Shows, type ShowsOptions, type ShowWish } from '../mix/shows.ts';
import { Turns } from '../turns.ts';
import { Upkeep } from '../upkeep.ts';

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
  readonly #upkeep: Upkeep;
  /** By conference: two reviews of one must not both order its mix. */
  readonly #turns = new Turns();

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#shows = new Shows(options);
    this.#upkeep = new Upkeep(options.log, 'a watched conference is not up to date');
  }

  async start(): Promise<void> {
    this.#upkeep.hear(
      this.#options.bus.subscribe('conference.event', ({ conferenceId }) => void this.#look(conferenceId)),
    );
    this.#upkeep.every(COMPARE_EVERY_MS, () => this.#compare());
    await this.#upkeep.run(() => this.#compare());
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
    const { db } = this.#options;
    const channelId = newId('ch');
    // Before the channel, so that none is left behind: what has no channel is forgotten by the next look.
    await this.#turns.take(id, async () => {
      await db.insertInto('conferenceRelay').values({ conferenceId: id, channelId, mixId: null }).execute();
      await this.#makeChannel(channelId, { appId, accountId, title });
    });
    void this.#look(id);
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
    await this.#upkeep.close();
    await this.#turns.settled();
  }

  async #makeChannel(
    id: string,
    { appId, accountId, title }: Pick<ConferenceRow, 'appId' | 'accountId' | 'title'>,
  ): Promise<void> {
    const { db, now } = this.#options;
    const channel = { id, appId, accountId, name: title, stream: newStreamName(), pushAuth: 'signed' } as const;
    try {
      await insertChannel(db, { ...channel, playAuth: 'open', listed: 1, createdAt: now() });
    } catch (error) {
      await db.deleteFrom('conferenceRelay').where('channelId', '=', id).execute();
      throw error;
    }
  }

  #look(conferenceId: string): Promise<void> {
    return this.#upkeep.run(() => this.#turns.take(conferenceId, () => this.#follow(conferenceId)));
  }

  async #compare(): Promise<void> {
    const rows = await this.#options.db.selectFrom('conferenceRelay').select('conferenceId').distinct().execute();
    for (const { conferenceId } of rows) await this.#look(conferenceId);
  }

  async #follow(conferenceId: string): Promise<void> {
    const { db, hall } = this.#options;
    const relays = await db
      .selectFrom('conferenceRelay')
      .leftJoin('channel', 'channel.id', 'conferenceRelay.channelId')
      .selectAll('conferenceRelay')
      .select('channel.createdAt as channelSince')
      .where('conferenceId', '=', conferenceId)
      .execute();
    if (relays.length === 0) return;
    const there = await hall.find(conferenceId);
    for (const { channelSince, ...relay } of relays) {
      // Who deletes the channel does not want it watched any more. One from before belongs to another conference of that id.
      const isOpen = there?.conference.state === 'open';
      const goesOn = isOpen && channelSince !== null && channelSince >= there.conference.createdAt;
      if (goesOn) await this.#show(relay, wishOf(there.conference, there.members, relay.channelId));
      else await this.#end(relay);
    }
  }

  #show({ channelId, mixId }: ConferenceRelayRow, wish: ShowWish | null): Promise<void> {
    return this.#shows.set(mixId, wish, (id) =>
      this.#options.db.updateTable('conferenceRelay').set({ mixId: id }).where('channelId', '=', channelId).execute(),
    );
  }

  async #end(relay: ConferenceRelayRow): Promise<void> {
    const { db } = this.#options;
    await this.#show(relay, null);
    await deleteChannel(db, relay.channelId);
    await db.deleteFrom('conferenceRelay').where('channelId', '=', relay.channelId).execute();
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
