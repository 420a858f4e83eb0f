import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CohostSession } from '@lianmai/contract/im';
import type { Conference, ConferenceJoin } from '@lianmai/contract/rest';
import fc from 'fast-check';
import type { Store } from '../../store/store.ts';
import { FlakyStore } from '../../store/testing/flaky-store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import type { ChatPeer } from '../im/testing/chat-worker.ts';
import { until } from '../testing/until.ts';
import { CohostSet, refused, type SetRoom } from './testing/set.ts';

/** What one of two anchors, or of two viewers, or the world does next. */
const STEPS = [
  // Several at once, or few would come so far by chance.
  'come-on-air',
  'battle',
  'request',
  'invite',
  'accept',
  'reject',
  'leave',
  'kick',
  'publish',
  'unpublish',
  'vanish',
  'pk-invite',
  'pk-accept',
  'pk-quit',
  'time',
  'repeat',
  'end-room',
  'database-away',
  'database-back',
  'restart',
] as const;
type Step = { what: (typeof STEPS)[number]; who: number; where: number; after: number };

const step = fc.record({
  what: fc.constantFrom(...STEPS),
  who: fc.integer({ min: 0, max: 1 }),
  where: fc.integer({ min: 0, max: 1 }),
  // So many queries still go through: the database goes in the middle of what is done next.
  after: fc.nat(25),
});

/** Two rooms and two viewers who are in both, and what each has said yes to. */
class Play {
  readonly set: CohostSet;
  readonly rooms: SetRoom[] = [];
  readonly viewers: ChatPeer[] = [];
  /** By session: who wished for it. */
  readonly wishes = new Map<string, Set<string>>();
  /** Who asked, of whom and where, when the answer left open whether it was heard. */
  readonly maybe = new Set<string>();
  readonly joins = new Map<string, ConferenceJoin>();
  readonly #flaky: FlakyStore;

  constructor(set: CohostSet, flaky: FlakyStore) {
    this.set = set;
    this.#flaky = flaky;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < 2; i++) this.rooms.push(await this.set.liveRoom());
    for (let i = 0; i < 2; i++) {
      const viewer = await this.set.guest(this.rooms[0]!);
      await viewer.call('room.enter', { roomId: this.rooms[1]!.id });
      this.viewers.push(viewer);
    }
  }

  async play({ what, who, where, after }: Step): Promise<void> {
    const [viewer, room] = [this.viewers[who]!, this.rooms[where]!];
    const [mine, theirs] = [this.#last(viewer), this.#last(room.anchor)];
    switch (what) {
      case 'come-on-air':
        for (const one of ['request', 'accept', 'publish'] as const) await this.play({ what: one, who, where, after });
        return;
      case 'battle':
        for (const one of ['pk-invite', 'pk-accept'] as const)
          await this.play({ what: one, who, where: one === 'pk-invite' ? where : 1 - where, after });
        return;
      case 'request':
        return this.#ask(viewer, viewer, room, viewer.call('cohost.request', { roomId: room.id }));
      case 'invite':
        return this.#ask(
          room.anchor,
          viewer,
          room,
          room.anchor.call('cohost.invite', { roomId: room.id, userId: viewer.identity.userId }),
        );
      case 'accept':
        await this.#accept(viewer, mine);
        return this.#accept(room.anchor, theirs);
      case 'reject':
        return this.#try(room.anchor.call('cohost.respond', { sessionId: theirs, accept: false }));
      case 'leave':
        return this.#try(viewer.call('cohost.leave', { sessionId: mine }));
      case 'kick':
        return this.#try(room.anchor.call('cohost.kick', { sessionId: theirs }));
      case 'publish':
        return this.#publish(viewer);
      case 'unpublish':
        return this.set.media.end(this.joins.get(viewer.identity.userId)?.stream ?? '', 'unpublished');
      case 'vanish':
        return this.set.media.vanish(this.joins.get(viewer.identity.userId)?.stream ?? '');
      case 'pk-invite':
        return this.#try(room.anchor.call('pk.invite', { roomId: room.id, targetRoomId: this.rooms[1 - where]!.id }));
      case 'pk-accept':
        return this.#try(room.anchor.call('pk.respond', { sessionId: this.#battle(room), accept: true }));
      case 'pk-quit':
        return this.#try(room.anchor.call('pk.quit', { sessionId: this.#battle(room) }));
      case 'time':
        this.set.clock.ms += 6000;
        return;
      case 'repeat':
        return this.#repeat(viewer);
      case 'end-room':
        return void (await this.set.control.delete(`/v1/rooms/${room.id}`, { key: room.token }));
      case 'database-away':
        return this.#flaky.fail(after);
      case 'database-back':
        return this.#flaky.mend();
      case 'restart':
        // Without a database there is no start.
        this.#flaky.mend();
        await this.set.control.stop();
        await this.set.control.startAgain();
    }
  }

  /** Nobody is on air whom both sides did not let in. */
  check(): void {
    for (const peer of [...this.viewers, ...this.rooms.map(({ anchor }) => anchor)])
      for (const { session } of peer.of('cohost.started')) {
        const { id, roomId, user } = session as CohostSession;
        const anchor = this.rooms.find((room) => room.id === roomId)?.anchor.identity.userId ?? '';
        for (const side of [user.userId, anchor])
          assert.ok(
            this.wishes.get(id)?.has(side) || this.maybe.has(wishOf(side, user.userId, roomId)),
            `${id} is on air without the wish of ${side}`,
          );
      }
  }

  /** A talk that goes on is somebody's: of an anchor's whose room it is. */
  async checkOwners(): Promise<void> {
    const anchors = this.rooms.map(({ anchor }) => anchor.identity.userId);
    for (const { id, state, ownerId, members } of await openConferences(this.set)) {
      assert.equal(state, 'open');
      assert.ok(ownerId !== null, `${id} has no owner`);
      if (members.length > 0) assert.ok(anchors.includes(ownerId), `${id} is ${ownerId}'s`);
    }
  }

  #last(peer: ChatPeer): string {
    const told = peer.events.filter(({ method }) => method.startsWith('cohost.') && method !== 'cohost.layout');
    return told.at(-1)?.params.session?.id ?? 'co_none';
  }

  #battle({ anchor }: SetRoom): string {
    return anchor.events.filter(({ method }) => method.startsWith('pk.')).at(-1)?.params.session?.id ?? 'pk_none';
  }

  #note(session: { id: string }, peer: ChatPeer): void {
    const by = this.wishes.get(session.id) ?? new Set();
    this.wishes.set(session.id, by.add(peer.identity.userId));
  }

  async #ask(by: ChatPeer, viewer: ChatPeer, room: SetRoom, call: Promise<{ session: { id: string } }>): Promise<void> {
    try {
      this.#note((await call).session, by);
    } catch (error) {
      const { name } = error as { name: string };
      if (name === 'UNAVAILABLE' || name === 'INTERNAL')
        this.maybe.add(wishOf(by.identity.userId, viewer.identity.userId, room.id));
    }
  }

  async #accept(peer: ChatPeer, sessionId: string): Promise<void> {
    // Whether it is answered or not, it is wished.
    const accepting = peer.call('cohost.respond', { sessionId, accept: true });
    const outcome = await refused(accepting);
    if (outcome === 'done' || outcome === 'UNAVAILABLE' || outcome === 'INTERNAL') this.#note({ id: sessionId }, peer);
  }

  async #publish(viewer: ChatPeer): Promise<void> {
    const { session } = viewer.of('cohost.answered').at(-1) ?? viewer.of('cohost.invited').at(-1) ?? {};
    if (!session) return;
    const joined = await viewer.call('cohost.join', { sessionId: session.id }).catch(() => null);
    if (!joined?.conference) return;
    this.joins.set(viewer.identity.userId, joined.conference);
    await this.set.publish(joined.conference).catch(() => {});
  }

  /** A word that comes twice, or late. */
  async #repeat({ identity: { userId } }: ChatPeer): Promise<void> {
    const conferenceId = this.joins.get(userId)?.conferenceId ?? 'conf_none';
    for (const type of ['on-air', 'left'] as const)
      this.set.media.bus.publish('conference.event', { conferenceId, type, userId, atMs: this.set.clock.ms });
  }

  async #try(call: Promise<unknown>): Promise<void> {
    await refused(call);
  }
}

const wishOf = (by: string, viewer: string, roomId: string): string => `${by} of ${viewer} in ${roomId}`;

/** Channels whose viewers get something else than the channel's own stream. */
async function programs({ db }: Store): Promise<{ channelId: string }[]> {
  return db.selectFrom('channelProgram').selectAll().where('source', '<>', 'direct').execute();
}

async function openConferences({ control }: CohostSet): Promise<Conference[]> {
  const { items } = (await control.get<{ items: Conference[] }>('/v1/conferences?limit=100')).body;
  return items.filter(({ state }) => state === 'open');
}

describeStores('co-hosting and battles, whatever happens', (open) => {
  it('let nobody on air without consent, and leave no mix and no conference behind', async (t) => {
    const flaky = new FlakyStore(await open());
    const set = await CohostSet.begin(flaky.store);
    t.after(() => set.close());
    const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const play = new Play(set, flaky);
      await play.begin();
      for (const next of steps) {
        await play.play(next);
        play.check();
      }
      flaky.mend();
      await play.checkOwners();
      for (const { id, token } of play.rooms)
        await until(async () => (await set.control.delete(`/v1/rooms/${id}`, { key: token })).status === 204);
      await until(() => set.mixer.jobs.size === 0);
      await until(async () => (await openConferences(set)).length === 0);
      assert.deepEqual(await programs(flaky.store), []);
      play.check();
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });
});
