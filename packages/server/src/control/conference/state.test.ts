import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConferenceEvent } from '@lianmai/contract';
import fc from 'fast-check';
import {
  advance,
  type ConferenceInput,
  type ConferenceStep,
  EMPTY_FOR_MS,
  type Gathering,
  isPresent,
  LEFT_AFTER_MS,
  newConference,
  VIDEO_GONE_AFTER_MS,
} from './state.ts';

const T0 = 1_700_000_000_000;
const fresh = (change: { capacity?: number; ownerId?: string | null } = {}): Gathering => ({
  conference: newConference(
    { id: 'talk', appId: 'a', accountId: 'a', title: 't', capacity: 9, open: 0, key: 'k', ownerId: null, ...change },
    T0,
  ),
  members: [],
});

/** A conference that time passes in. */
class Story {
  gathering: Gathering;
  atMs = T0;
  last: ConferenceStep | null = null;

  constructor(change: Parameters<typeof fresh>[0] = {}) {
    this.gathering = fresh(change);
  }
  do(input: ConferenceInput): this {
    this.gathering = this.last = advance(this.gathering, input, this.atMs);
    return this;
  }
  join(userId: string, role: 'owner' | 'member' | 'viewer' = 'member', pardon = false): this {
    return this.do({ type: 'join', userId, nickname: userId, role, stream: `s-${userId}`, pardon });
  }
  stream(userId: string, now: 'live' | 'lost'): this {
    return this.do({ type: 'stream', stream: `s-${userId}`, now });
  }
  goodbye(userId: string): this {
    return this.do({ type: 'stream', stream: `s-${userId}`, now: 'ended', reason: 'unpublished' });
  }
  after(ms: number): this {
    this.atMs += ms;
    return this.do({ type: 'tick' });
  }
  get events(): string[] {
    return this.last?.events.map(({ type, userId }: ConferenceEvent) => `${userId ?? '-'} ${type}`) ?? [];
  }
  state(userId: string): string | undefined {
    return this.gathering.members.find((member) => member.userId === userId)?.state;
  }
  get owner(): string | null {
    return this.gathering.conference.ownerId;
  }
}

describe('a member', () => {
  it('is joining until it publishes, then on air; joining again changes nothing', () => {
    const story = new Story().join('anna');
    assert.deepEqual([story.state('anna'), story.events], ['joining', ['anna joined']]);
    story.stream('anna', 'live');
    assert.deepEqual([story.state('anna'), story.events], ['on-air', ['anna on-air']]);
    const { version } = story.gathering.conference;
    story.join('anna').stream('anna', 'live');
    assert.deepEqual([story.events, story.gathering.conference.version], [[], version]);
  });

  it('whose packets stop is said to be gone after 15 s and has left after 90 s', () => {
    const story = new Story().join('anna').join('bert').stream('anna', 'live').stream('bert', 'live');
    story.stream('anna', 'lost').after(VIDEO_GONE_AFTER_MS - 1);
    assert.equal(story.state('anna'), 'on-air');
    assert.equal(story.gathering.conference.dueAt, story.atMs + 1);
    story.after(1);
    assert.deepEqual(story.events, ['anna video-gone']);
    story.after(LEFT_AFTER_MS - VIDEO_GONE_AFTER_MS - 1);
    assert.equal(story.state('anna'), 'video-gone');
    story.after(1);
    assert.deepEqual([story.state('anna'), story.events], [undefined, ['anna left']]);
    assert.deepEqual(story.last?.sentAway, ['s-anna']);
  });

  it('that comes back within that time goes on', () => {
    const story = new Story().join('anna').stream('anna', 'live').stream('anna', 'lost').after(80_000);
    assert.equal(story.state('anna'), 'video-gone');
    story.stream('anna', 'live');
    assert.deepEqual([story.state('anna'), story.events], ['on-air', ['anna on-air']]);
    story.after(10 * LEFT_AFTER_MS);
    assert.equal(story.state('anna'), 'on-air');
  });

  it('that says goodbye with its stream has left at once, or stays while it asks for news', () => {
    const device = new Story().join('anna').join('box').stream('box', 'live').goodbye('box');
    assert.deepEqual(device.events, ['box left']);
    const page = new Story().join('anna').stream('anna', 'live').do({ type: 'polled', userId: 'anna' }).goodbye('anna');
    assert.deepEqual([page.state('anna'), page.events], ['joining', ['anna off-air']]);
  });

  it('that neither publishes nor asks for 90 s has left', () => {
    const story = new Story().join('anna').join('bert').after(60_000).do({ type: 'polled', userId: 'bert' });
    story.after(30_000);
    assert.deepEqual([story.state('anna'), story.state('bert')], [undefined, 'joining']);
  });

  it('is not late after control was away', () => {
    const story = new Story().join('anna').join('bert').stream('bert', 'live').stream('bert', 'lost');
    story.atMs += 10 * LEFT_AFTER_MS;
    story.do({ type: 'restarted' }).after(0);
    assert.deepEqual([story.state('anna'), story.state('bert')], ['joining', 'on-air']);
  });

  it('that was kicked stays out until a key lets it in', () => {
    const story = new Story().join('anna').join('bert').stream('bert', 'live').do({ type: 'kick', userId: 'bert' });
    assert.deepEqual([story.events, story.last?.sentAway], [['bert kicked'], ['s-bert']]);
    assert.throws(() => story.join('bert'), { name: 'MEMBER_KICKED' });
    story.join('bert', 'member', true);
    assert.equal(story.state('bert'), 'joining');
    assert.equal(story.gathering.members.at(-1)?.no, 3);
  });

  it('gets another number with another role, so that the old tokens are worth nothing', () => {
    const story = new Story().join('anna').join('bert').join('bert', 'viewer');
    assert.deepEqual(story.events, ['bert left', 'bert joined']);
    assert.deepEqual([story.gathering.members.at(-1)?.no, story.gathering.members.at(-1)?.stream], [3, null]);
  });

  it('may open what it muted itself, not what the owner muted', () => {
    const story = new Story().join('anna').join('bert');
    const mute = (by: 'self' | 'owner', audio: boolean) => story.do({ type: 'mute', userId: 'bert', by, audio });
    assert.deepEqual(mute('self', true).events, ['bert muted']);
    assert.deepEqual(mute('self', true).events, []);
    mute('self', false);
    mute('owner', true);
    assert.throws(() => mute('self', false), { name: 'FORBIDDEN' });
    mute('owner', false);
    assert.equal(story.gathering.members.at(-1)?.audioMutedBy, null);
    assert.throws(() => story.do({ type: 'mute', userId: 'nobody', by: 'owner', audio: true }), {
      name: 'NOT_A_MEMBER',
    });
  });
});

describe('a conference', () => {
  it('takes as many as it has places, and viewers besides', () => {
    const story = new Story({ capacity: 2 }).join('anna').join('bert');
    assert.throws(() => story.join('carl'), { name: 'CONFERENCE_FULL' });
    story.join('vera', 'viewer');
    assert.throws(() => story.join('vera'), { name: 'CONFERENCE_FULL' });
    story.do({ type: 'leave', userId: 'bert' }).join('vera');
    assert.equal(story.state('vera'), 'joining');
  });

  it('is owned by the one named, else by the first, and passes to the member longest there', () => {
    assert.equal(new Story({ ownerId: 'zoe' }).join('anna').owner, 'zoe');
    const story = new Story().join('vera', 'viewer').join('anna').join('bert').join('carl');
    assert.equal(story.owner, 'anna');
    story.do({ type: 'leave', userId: 'anna' });
    assert.equal(story.owner, 'bert');
    story.join('anna', 'owner');
    assert.equal(story.owner, 'anna');
    for (const userId of ['anna', 'bert', 'carl']) story.do({ type: 'leave', userId });
    assert.equal(story.owner, null);
    assert.equal(story.join('dora').owner, 'dora');
  });

  it('ends with the last one out, by command, or when nobody ever comes', () => {
    const story = new Story().join('anna').do({ type: 'leave', userId: 'anna' });
    assert.deepEqual(story.events, ['anna left', '- ended']);
    assert.throws(() => story.join('bert'), { name: 'CONFERENCE_ENDED' });
    const ended = new Story().join('anna').stream('anna', 'live').do({ type: 'end' });
    assert.deepEqual([ended.events, ended.last?.sentAway], [['- ended'], ['s-anna']]);
    assert.deepEqual(new Story().after(EMPTY_FOR_MS - 1).events, []);
    assert.deepEqual(new Story().after(EMPTY_FOR_MS).events, ['- ended']);
  });
});

describe('a conference, whatever happens in whatever order', () => {
  const USERS = ['anna', 'bert', 'carl', 'dora', 'emil'];
  const user = fc.constantFrom(...USERS);
  const input: fc.Arbitrary<ConferenceInput> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('join' as const),
        userId: user,
        nickname: fc.constantFrom('a', 'b'),
        role: fc.constantFrom('member' as const, 'member' as const, 'viewer' as const, 'owner' as const),
        stream: fc.constant(''),
        pardon: fc.boolean(),
      }),
    },
    fc.record({ type: fc.constantFrom('leave' as const, 'kick' as const), userId: user }),
    fc.record({ type: fc.constant('polled' as const), userId: user }),
    fc.record({
      type: fc.constant('mute' as const),
      userId: user,
      by: fc.constantFrom('self' as const, 'owner' as const),
      audio: fc.boolean(),
      video: fc.boolean(),
    }),
    fc.record({ type: fc.constantFrom('restarted' as const, 'tick' as const, 'tick' as const) }),
  );
  /** A stream event of whoever has a stream, or of nobody. */
  const heard = fc.record({
    of: fc.nat({ max: 5 }),
    now: fc.constantFrom('live' as const, 'live' as const, 'lost' as const, 'ended' as const),
    reason: fc.constantFrom('unpublished' as const, 'vanished' as const, 'disconnected' as const),
  });
  type Heard = typeof heard extends fc.Arbitrary<infer T> ? T : never;
  const happening = fc.record({
    afterMs: fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 120_000 })),
    what: fc.oneof(input, input, heard),
  });

  it('keeps to its rules', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.option(user),
        fc.array(happening, { maxLength: 80 }),
        (capacity, ownerId, happenings) => {
          let there = fresh({ capacity, ownerId });
          let atMs = T0;
          let numbers = 0;
          for (const [i, { afterMs, what }] of happenings.entries()) {
            atMs += afterMs;
            const input =
              'of' in what ? streamInput(there, what) : what.type === 'join' ? { ...what, stream: `s${i}` } : what;
            const step = attempt(there, input, atMs);
            if (!step) continue;
            checkRules(step, atMs);
            checkStep(there, step, input);
            assert.ok(step.conference.lastNo >= numbers);
            numbers = step.conference.lastNo;
            there = step;
          }
          // Left alone, it comes to its end.
          for (let i = 0; there.conference.state === 'open' && i < 20; i++) {
            for (const { stream } of there.members)
              if (stream !== null) there = advance(there, { type: 'stream', stream, now: 'lost' }, atMs);
            assert.ok(there.conference.dueAt !== null);
            atMs = Math.max(atMs, there.conference.dueAt);
            there = advance(there, { type: 'tick' }, atMs);
          }
          assert.equal(there.conference.state, 'ended');
        },
      ),
      { numRuns: 300 },
    );
  });

  function streamInput({ members }: Gathering, { of, now, reason }: Heard): ConferenceInput {
    const stream = members[of]?.stream ?? 'nobodys';
    return now === 'ended' ? { type: 'stream', stream, now, reason } : { type: 'stream', stream, now };
  }

  /** null: refused, with a reason that callers are told. */
  function attempt(there: Gathering, input: ConferenceInput, atMs: number): ConferenceStep | null {
    try {
      return advance(there, input, atMs);
    } catch (error) {
      const { name } = error as Error;
      assert.match(name, /^(CONFERENCE_ENDED|CONFERENCE_FULL|MEMBER_KICKED|NOT_A_MEMBER|FORBIDDEN)$/);
      return null;
    }
  }

  function checkRules({ conference, members }: ConferenceStep, atMs: number): void {
    const present = members.filter(isPresent);
    const seated = present.filter(({ stream }) => stream !== null);
    assert.ok(seated.length <= conference.capacity, 'never more on air than there are places');
    assert.equal(new Set(members.map(({ userId }) => userId)).size, members.length, 'nobody is there twice');
    assert.equal(new Set(members.map(({ no }) => no)).size, members.length);
    assert.equal(new Set(seated.map(({ stream }) => stream)).size, seated.length);
    for (const { state, stream, lostAt } of present) {
      if (stream === null) assert.equal(state, 'joining', 'viewers are never on air');
      if (state === 'joining') assert.equal(lostAt, null);
      if (state === 'video-gone') assert.notEqual(lostAt, null);
    }
    if (conference.state === 'ended') {
      assert.deepEqual([members.length, conference.ownerId, conference.dueAt], [0, null, null]);
      assert.ok(conference.endedAt !== null && conference.endedAt <= atMs);
      return;
    }
    if (seated.length > 0) assert.notEqual(conference.ownerId, null, 'who is on air has an owner');
  }

  function checkStep(before: Gathering, after: ConferenceStep, input: ConferenceInput): void {
    const was = new Map(before.members.filter(isPresent).map((member) => [member.no, member]));
    const is = new Map(after.members.filter(isPresent).map((member) => [member.no, member]));
    const { ownerId } = before.conference;
    const ownerWasThere = [...was.values()].some(({ userId }) => userId === ownerId);
    const ownerIsThere = [...is.values()].some(({ userId }) => userId === after.conference.ownerId);
    if (ownerWasThere)
      assert.ok(ownerIsThere || after.conference.ownerId === null, 'ownership passes on, or nobody is left');
    for (const [no, { stream }] of was)
      if (!is.has(no) && stream !== null) assert.ok(after.sentAway.includes(stream), 'who goes is disconnected');
    for (const stream of after.sentAway) assert.ok([...was.values()].some((member) => member.stream === stream));
    const shown = ({ conference, members }: Gathering) =>
      JSON.stringify([
        conference.state,
        conference.ownerId,
        members
          .filter(isPresent)
          .map((m) => [m.no, m.nickname, m.state, m.audioMutedBy !== null, m.videoMutedBy !== null]),
      ]);
    const changed = shown(before) !== shown(after);
    if (changed) assert.ok(after.conference.version > before.conference.version, `members hear of ${input.type}`);
    if (after.events.length > 0) assert.ok(after.conference.version > before.conference.version);
  }
});
