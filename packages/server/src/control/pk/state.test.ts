import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveError } from '@lianmai/contract';
import fc from 'fast-check';
import type { PkSessionRow } from '../../store/schema.ts';
import { advance, type BattleInput, type BattleTimes } from './state.ts';

const TIMES: BattleTimes = { answerMs: 10_000, joinMs: 30_000, battleMs: 300_000, punishmentMs: 60_000 };
const INVITED: PkSessionRow = {
  id: 'pk',
  appId: 'app',
  roomId: 'left',
  targetRoomId: 'right',
  reason: null,
  state: 'asking',
  createdAt: 0,
  dueAt: TIMES.answerMs,
  score: 0,
  targetScore: 0,
  winnerRoomId: null,
  conferenceId: null,
  mixId: null,
  endedAt: null,
  endReason: null,
};
const ANCHORS = ['anna', 'bert'] as const;

const next = (session: PkSessionRow, input: BattleInput, atMs: number) =>
  advance({ session, anchors: ANCHORS }, input, TIMES, atMs);

/** Plays inputs, each at its time or at 0. */
function play(...inputs: (BattleInput | [BattleInput, number])[]): PkSessionRow {
  return inputs.reduce<PkSessionRow>((session, one) => {
    const [input, atMs] = Array.isArray(one) ? one : [one, 0];
    return next(session, input, atMs);
  }, INVITED);
}

const refusal = (name: string) => (error: unknown) => error instanceof LiveError && error.name === name;
const YES: BattleInput = { type: 'answer', by: 'bert', accept: true };
const TICK: BattleInput = { type: 'tick' };

describe('a battle', () => {
  it('is fought, decided, punished and over', () => {
    const fought = { ...play(YES, { type: 'joined' }), score: 3, targetScore: 5 };
    assert.equal(fought.state, 'battle');
    const decided = next(fought, TICK, TIMES.battleMs);
    assert.deepEqual([decided.state, decided.winnerRoomId], ['punishment', 'right']);
    const over = next(decided, TICK, TIMES.battleMs + TIMES.punishmentMs);
    assert.deepEqual([over.state, over.endReason, over.winnerRoomId], ['ended', 'over', 'right']);
  });

  it('that is even has no winner and no punishment', () => {
    const even = play(YES, { type: 'joined' }, [TICK, TIMES.battleMs]);
    assert.deepEqual([even.state, even.winnerRoomId, even.endReason], ['ended', null, 'over']);
  });

  it('is lost by who quits it', () => {
    const quit = next({ ...play(YES, { type: 'joined' }), score: 9 }, { type: 'quit', by: 'anna' }, 0);
    assert.deepEqual([quit.state, quit.endReason, quit.winnerRoomId], ['ended', 'quit', 'right']);
  });

  it('begins only when the other anchor says yes, in time', () => {
    assert.throws(() => play({ type: 'answer', by: 'anna', accept: true }), refusal('FORBIDDEN'));
    assert.throws(() => play({ type: 'answer', by: 'eve', accept: true }), refusal('SESSION_NOT_FOUND'));
    assert.throws(() => play([YES, TIMES.answerMs]), refusal('SESSION_OVER'));
    assert.throws(() => play(YES, YES), refusal('SESSION_OVER'));
    assert.equal(play({ type: 'answer', by: 'bert', accept: false }).endReason, 'rejected');
    assert.equal(play({ type: 'cancel', by: 'anna' }).endReason, 'cancelled');
    assert.equal(play([TICK, TIMES.answerMs]).endReason, 'timed-out');
    assert.equal(play(YES, [TICK, TIMES.joinMs]).endReason, 'timed-out');
  });
});

describe('a battle, whatever happens in whatever order', () => {
  const person = fc.constantFrom('anna', 'bert', 'eve');
  const step = fc.oneof(
    fc.tuple(person, fc.boolean()).map(([by, accept]) => ({ type: 'answer', by, accept }) as BattleInput),
    fc.tuple(fc.constantFrom('cancel', 'quit'), person).map(([type, by]) => ({ type, by }) as BattleInput),
    fc.constant<BattleInput>({ type: 'joined' }),
    fc.constant<BattleInput>({ type: 'over', reason: 'anchor-gone', roomId: 'left' }),
    fc.constant<BattleInput>(TICK),
  );

  it('is never fought without a yes, never changes once over, and always ends', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 100_000 })), { maxLength: 40 }), (steps) => {
        let session = INVITED;
        let nowMs = 0;
        let saidYes = false;
        for (const [input, waitMs] of steps) {
          nowMs += waitMs;
          const before = session;
          try {
            session = next(session, input, nowMs);
            if (input.type === 'answer' && input.by === 'bert' && input.accept) saidYes = true;
          } catch (error) {
            assert.ok(error instanceof LiveError, String(error));
          }
          if (session.state !== 'asking' && session.state !== 'ended') assert.ok(saidYes);
          if (before.state === 'ended') assert.equal(session, before);
          if (session.state === 'ended') assert.notEqual(session.endReason, null);
          assert.deepEqual([session.score, session.targetScore], [before.score, before.targetScore]);
          assert.ok(session.winnerRoomId === null || ['left', 'right'].includes(session.winnerRoomId));
        }
        for (let i = 0; i < 4; i++) session = next(session, TICK, (nowMs += TIMES.battleMs));
        assert.equal(session.state, 'ended');
      }),
      { numRuns: 500 },
    );
  });
});
