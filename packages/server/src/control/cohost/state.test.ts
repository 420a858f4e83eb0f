import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveError } from '@lianmai/contract';
import fc from 'fast-check';
import { advance, type SeatInput, type SeatLimits, type Seats } from './state.ts';

const LIMITS: SeatLimits = { most: 2, answerMs: 10_000, joinMs: 30_000 };
const EMPTY: Seats = { roomId: 'room', anchorId: 'anchor', sessions: [] };

const ask = (userId: string, askedBy: 'user' | 'anchor' = 'user', id = `co-${userId}`): SeatInput => ({
  type: 'ask',
  id,
  userId,
  askedBy,
  appId: 'app',
  reason: null,
});
const answer = (userId: string, by: string, accept = true): SeatInput => ({
  type: 'answer',
  id: `co-${userId}`,
  by,
  accept,
  reason: null,
});
const seen = (userId: string): SeatInput => ({ type: 'seen', userId });

/** Plays inputs, each at its time or at 0. */
function play(...inputs: (SeatInput | [SeatInput, number])[]): Seats {
  return inputs.reduce((seats, next) => {
    const [input, atMs] = Array.isArray(next) ? next : [next, 0];
    return advance(seats, input, LIMITS, atMs).seats;
  }, EMPTY);
}

const refusal = (name: string) => (error: unknown) => error instanceof LiveError && error.name === name;
const statesOf = ({ sessions }: Seats) => sessions.map(({ userId, state }) => `${userId} ${state}`);

describe('a seat beside the anchor', () => {
  it('is asked for, given, taken and left', () => {
    assert.deepEqual(statesOf(play(ask('bo'))), ['bo asking']);
    assert.deepEqual(statesOf(play(ask('bo'), answer('bo', 'anchor'))), ['bo joining']);
    const onAir = play(ask('bo'), answer('bo', 'anchor'), seen('bo'));
    assert.deepEqual(statesOf(onAir), ['bo on-air']);
    const { seats, changes } = advance(onAir, { type: 'leave', id: 'co-bo', by: 'bo' }, LIMITS, 5);
    assert.deepEqual([statesOf(seats), changes[0]?.session.endReason], [[], 'left']);
  });

  it('is offered, and the viewer decides', () => {
    assert.deepEqual(statesOf(play(ask('bo', 'anchor'), answer('bo', 'bo'))), ['bo joining']);
    assert.throws(() => play(ask('bo', 'anchor'), answer('bo', 'anchor')), refusal('FORBIDDEN'));
    assert.throws(() => play(ask('bo'), answer('bo', 'bo')), refusal('FORBIDDEN'));
    assert.throws(() => play(ask('bo'), answer('bo', 'eve')), refusal('SESSION_NOT_FOUND'));
  });

  it('is agreed upon when both ask at once', () => {
    assert.deepEqual(statesOf(play(ask('bo'), ask('bo', 'anchor', 'co-2'))), ['bo joining']);
    assert.deepEqual(statesOf(play(ask('bo', 'anchor'), ask('bo', 'user', 'co-2'))), ['bo joining']);
    assert.deepEqual(statesOf(play(ask('bo'), ask('bo', 'user', 'co-2'))), ['bo asking']);
  });

  it('is not given after the time to answer, nor kept for who does not come', () => {
    assert.throws(() => play(ask('bo'), [answer('bo', 'anchor'), 10_000]), refusal('SESSION_OVER'));
    assert.deepEqual(statesOf(play(ask('bo'), [{ type: 'tick' }, 9999])), ['bo asking']);
    assert.deepEqual(statesOf(play(ask('bo'), [{ type: 'tick' }, 10_000])), []);
    assert.deepEqual(statesOf(play(ask('bo'), answer('bo', 'anchor'), [{ type: 'tick' }, 30_000])), []);
    assert.deepEqual(statesOf(play(ask('bo'), answer('bo', 'anchor'), seen('bo'), [{ type: 'tick' }, 1e9])), [
      'bo on-air',
    ]);
  });

  it('is there for so many and no more, and only the anchor takes it away', () => {
    const full = play(ask('a'), ask('b'), ask('c'), answer('a', 'anchor'), answer('b', 'anchor'));
    assert.throws(() => advance(full, answer('c', 'anchor'), LIMITS, 0), refusal('COHOST_FULL'));
    assert.throws(() => advance(full, ask('d'), LIMITS, 0), refusal('COHOST_FULL'));
    const kick = (by: string): SeatInput => ({ type: 'kick', id: 'co-a', by, reason: null });
    assert.throws(() => advance(full, kick('a'), LIMITS, 0), refusal('FORBIDDEN'));
    const { seats } = advance(full, kick('anchor'), LIMITS, 0);
    assert.deepEqual(statesOf(advance(seats, answer('c', 'anchor'), LIMITS, 0).seats), ['b joining', 'c joining']);
  });

  it('is empty when the room closes or the anchor is gone', () => {
    const some = play(ask('a'), answer('a', 'anchor'), seen('a'), ask('b'));
    const { seats, changes } = advance(some, { type: 'over', reason: 'room-closed' }, LIMITS, 0);
    assert.deepEqual(
      [statesOf(seats), changes.map(({ session }) => session.endReason)],
      [[], ['room-closed', 'room-closed']],
    );
  });
});

describe('seats, whatever happens in whatever order', () => {
  const user = fc.constantFrom('a', 'b', 'c');
  const person = fc.constantFrom('a', 'b', 'c', 'anchor', 'eve');
  const step = fc.oneof(
    fc.tuple(user, fc.constantFrom('user', 'anchor')).map(([userId, by]) => ask(userId, by as 'user' | 'anchor')),
    fc.tuple(user, person, fc.boolean()).map(([userId, by, accept]) => answer(userId, by, accept)),
    fc
      .tuple(fc.constantFrom('cancel', 'leave', 'kick'), user, person)
      .map(([type, userId, by]) => ({ type, id: `co-${userId}`, by, reason: null }) as SeatInput),
    user.map(seen),
    fc
      .tuple(user, fc.constantFrom('left', 'lost'))
      .map(([userId, reason]) => ({ type: 'gone', userId, reason }) as SeatInput),
    fc.constantFrom<SeatInput>({ type: 'over', reason: 'anchor-gone' }, { type: 'over', reason: 'room-closed' }),
    fc.constant<SeatInput>({ type: 'tick' }),
  );
  const story = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 12_000 })), { maxLength: 60 });

  it('nobody is let in without both sides having said yes, seats are never too many, and every session ends', () => {
    fc.assert(
      fc.property(story, (steps) => {
        let seats = EMPTY;
        let nowMs = 0;
        /** Who said yes, by user, in the session that is open. */
        const yes = new Map<string, Set<string>>();
        for (const [input, waitMs] of steps) {
          nowMs += waitMs;
          const before = seats;
          try {
            const taken = advance(seats, input, LIMITS, nowMs);
            seats = taken.seats;
            if (input.type === 'ask') {
              const who = input.askedBy === 'user' ? input.userId : 'anchor';
              yes.set(input.userId, (yes.get(input.userId) ?? new Set()).add(who));
            }
            if (input.type === 'answer' && input.accept) yes.get(input.id.slice(3))?.add(input.by);
            for (const { session, before: from } of taken.changes) {
              if (session.state === 'joining')
                assert.deepEqual([...(yes.get(session.userId) ?? [])].sort(), [session.userId, 'anchor'].sort());
              if (session.state === 'on-air') assert.equal(from, 'joining');
              if (session.state === 'ended') {
                assert.notEqual(session.endReason, null);
                yes.delete(session.userId);
              }
            }
          } catch (error) {
            assert.ok(error instanceof LiveError, String(error));
            assert.equal(seats, before);
          }
          const seated = seats.sessions.filter(({ state }) => state !== 'asking');
          assert.ok(seated.length <= LIMITS.most);
          assert.equal(new Set(seats.sessions.map(({ userId }) => userId)).size, seats.sessions.length);
          assert.ok(seats.sessions.every(({ state, dueAt }) => (state === 'on-air') === (dueAt === null)));
        }
        // Time alone ends all but who is on air, and the end of the room those too.
        seats = advance(seats, { type: 'tick' }, LIMITS, nowMs + LIMITS.joinMs).seats;
        assert.ok(seats.sessions.every(({ state }) => state === 'on-air'));
        assert.deepEqual(advance(seats, { type: 'over', reason: 'room-closed' }, LIMITS, nowMs).seats.sessions, []);
      }),
      { numRuns: 500 },
    );
  });
});
