import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Conference, ConferenceJoin } from '@lianmai/contract/rest';
import fc from 'fast-check';
import { describeStores } from '../../store/testing/stores.ts';
import type { ChatPeer } from '../im/testing/chat-worker.ts';
import { until } from '../testing/until.ts';
import { CohostSet, refused, type SetRoom } from './testing/set.ts';

/** What one of two anchors, or of two viewers, or the world does next. */
const STEPS = [
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
  'restart',
] as const;
type Step = { what: (typeof STEPS)[number]; who: number; where: number };

const step = fc.record({
  what: fc.constantFrom(...STEPS),
  who: fc.integer({ min: 0, max: 1 }),
  where: fc.integer({ min: 0, max: 1 }),
});

/** Two rooms and two viewers who are in both, and what each has said yes to. */
class Play {
  readonly set: CohostSet;
  readonly rooms: SetRoom[] = [];
  readonly viewers: ChatPeer[] = [];
  /** By session: who wished for it. */
  readonly wishes = new Map<string, Set<string>>();
  readonly joins = new Map<string, ConferenceJoin>();

  constructor(set: CohostSet) {
    this.set = set;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < 2; i++) this.rooms.push(await this.set.liveRoom());
    for (let i = 0; i < 2; i++) {
      const viewer = await this.set.guest(this.rooms[0]!);
      await viewer.call('room.enter', { roomId: this.rooms[1]!.id });
      this.viewers.push(viewer);
    }
  }

  async play({ what, who, where }: Step): Promise<void> {
    const [viewer, room] = [this.viewers[who]!, this.rooms[where]!];
    const [mine, theirs] = [this.#last(viewer), this.#last(room.anchor)];
    switch (what) {
      case 'request':
        return this.#wish(viewer, viewer.call('cohost.request', { roomId: room.id }));
      case 'invite':
        return this.#wish(
          room.anchor,
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
      case 'restart':
        await this.set.control.stop();
        await this.set.control.startAgain();
    }
  }

  /** Nobody is on air whom both sides did not let in. */
  check(): void {
    for (const peer of [...this.viewers, ...this.rooms.map(({ anchor }) => anchor)])
      for (const { session } of peer.of('cohost.started'))
        assert.equal(this.wishes.get(session.id)?.size, 2, `${session.id} is on air by one side's wish`);
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

  async #wish(peer: ChatPeer, call: Promise<{ session: { id: string } }>): Promise<void> {
    await call.then(
      ({ session }) => this.#note(session, peer),
      () => {},
    );
  }

  async #accept(peer: ChatPeer, sessionId: string): Promise<void> {
    await this.#wish(peer, peer.call('cohost.respond', { sessionId, accept: true }));
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

describeStores('co-hosting and battles, whatever happens', (open) => {
  it('let nobody on air without consent, and leave no mix and no conference behind', async (t) => {
    const set = await CohostSet.begin(await open());
    t.after(() => set.close());
    const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const play = new Play(set);
      await play.begin();
      for (const next of steps) {
        await play.play(next);
        play.check();
      }
      for (const { id, token } of play.rooms) await set.control.delete(`/v1/rooms/${id}`, { key: token });
      await until(() => set.mixer.jobs.size === 0);
      await until(async () => {
        const { items } = (await set.control.get<{ items: Conference[] }>('/v1/conferences?limit=100')).body;
        return items.every(({ state }) => state === 'ended');
      });
      play.check();
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });
});
