import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CohostSession, PkSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import { advance, emptyRoom, ownSession, type RoomAction, type RoomEvent, type RoomState } from './room-state.ts';

const profile = (userId: string) => ({ userId, nickname: userId, avatar: null });
const session = (id: string, userId: string, state: CohostSession['state']): CohostSession => ({
  id,
  roomId: 'room_1',
  user: profile(userId),
  askedBy: 'user',
  reason: null,
  state,
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  onAirAt: null,
  endReason: state === 'ended' ? 'left' : null,
});
const join = { conferenceId: 'conf_1' } as ConferenceJoin;
const battle = (state: PkSession['state']): PkSession => ({
  id: 'pk_1',
  sides: [
    { roomId: 'room_1', anchor: profile('anna'), score: 0 },
    { roomId: 'room_2', anchor: profile('carl'), score: 0 },
  ],
  state,
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  winner: null,
  endReason: null,
});

let seq = 0;
const at = () => ({ seq: ++seq, roomId: 'room_1', signalId: `s${seq}` });
const heard = (event: RoomEvent): RoomAction => ({ type: 'event', ...event });
const after = (state: RoomState, ...actions: RoomAction[]) => actions.reduce(advance, state);
const bo = emptyRoom('bo');
const anna: RoomState = { ...emptyRoom('anna'), role: 'anchor' };

describe('a viewer’s seat', () => {
  const asked: RoomAction = { type: 'asked', session: session('co_1', 'bo', 'asking') };
  const answered = (accepted: boolean): RoomAction =>
    heard({
      name: 'cohost.answered',
      params: {
        ...at(),
        session: session('co_1', 'bo', accepted ? 'joining' : 'ended'),
        accepted,
        reason: null,
        conference: accepted ? join : null,
      },
    });

  test('is asked for, agreed to, taken, and given back', () => {
    let state = after(bo, asked);
    assert.equal(ownSession(state)?.state, 'asking');
    state = after(state, answered(true));
    assert.deepEqual([ownSession(state)?.state, state.join], ['joining', join]);
    state = after(
      state,
      heard({ name: 'cohost.started', params: { ...at(), session: session('co_1', 'bo', 'on-air') } }),
    );
    assert.equal(ownSession(state)?.state, 'on-air');
    const ended = session('co_1', 'bo', 'ended');
    state = after(state, heard({ name: 'cohost.ended', params: { ...at(), session: ended, reason: null } }));
    assert.deepEqual([ownSession(state), state.join], [null, null]);
  });

  test('that is refused leaves nothing behind', () => {
    const state = after(bo, asked, answered(false));
    assert.deepEqual([ownSession(state), state.join], [null, null]);
  });

  test('is not touched by somebody else’s end', () => {
    const state = after(
      bo,
      asked,
      answered(true),
      heard({ name: 'cohost.ended', params: { ...at(), session: session('co_2', 'eve', 'ended'), reason: null } }),
    );
    assert.equal(state.join, join);
  });

  test('is gone when one is sent out, or the room closes', () => {
    const taken = after(bo, asked, answered(true));
    const out = after(taken, heard({ name: 'room.kicked', params: { ...at(), userId: 'bo', bannedUntil: null } }));
    assert.deepEqual([out.isOut, out.join, ownSession(out)], [true, null, null]);
    const over = after(taken, heard({ name: 'room.closed', params: { ...at(), reason: 'anchor', summary: null } }));
    assert.deepEqual([over.closed?.reason, over.join], ['anchor', null]);
  });
});

describe('the anchor’s guests', () => {
  test('keep it in the talk until the last one is gone', () => {
    const ended = (id: string, userId: string) =>
      heard({ name: 'cohost.ended', params: { ...at(), session: session(id, userId, 'ended'), reason: null } });
    let state = after(
      anna,
      { type: 'asked', session: session('co_1', 'bo', 'on-air') },
      { type: 'asked', session: session('co_2', 'eve', 'on-air') },
      { type: 'admitted', join },
    );
    state = after(state, ended('co_1', 'bo'));
    assert.equal(state.join, join);
    state = after(state, ended('co_2', 'eve'));
    assert.equal(state.join, null);
  });
});

describe('what viewers are not shown', () => {
  const problem = { name: 'MIXER_FULL', message: 'all mixers are busy' };
  const mix = (told: typeof problem | null) => heard({ name: 'cohost.mix', params: { ...at(), problem: told } });

  test('is known until it is shown', () => {
    const state = after(anna, mix(problem));
    assert.deepEqual(state.mixProblem, problem);
    assert.equal(after(state, mix(null)).mixProblem, null);
  });

  test('is forgotten with what would be shown', () => {
    const guest = after(anna, { type: 'asked', session: session('co_1', 'bo', 'on-air') }, mix(problem));
    const params = { ...at(), session: session('co_1', 'bo', 'ended'), reason: null };
    assert.equal(after(guest, heard({ name: 'cohost.ended', params })).mixProblem, null);
    const rival = after(anna, { type: 'battle', session: battle('battle') }, mix(problem));
    assert.equal(
      after(rival, heard({ name: 'pk.ended', params: { ...at(), session: battle('ended') } })).mixProblem,
      null,
    );
  });
});

describe('a battle', () => {
  test('is scored, and both go home', () => {
    let state = after(
      anna,
      heard({
        name: 'pk.answered',
        params: { ...at(), session: battle('joining'), accepted: true, reason: null, conference: join },
      }),
      heard({ name: 'pk.started', params: { ...at(), session: battle('battle') } }),
      heard({ name: 'pk.score', params: { ...at(), sessionId: 'pk_1', scores: [3, 5] } }),
    );
    assert.deepEqual(
      state.pk?.sides.map(({ score }) => score),
      [3, 5],
    );
    state = after(state, heard({ name: 'pk.ended', params: { ...at(), session: battle('ended') } }));
    assert.deepEqual([state.pk, state.join], [null, null]);
  });

  test('of another time changes nothing', () => {
    const state = after(anna, { type: 'battle', session: battle('battle') });
    const other = heard({ name: 'pk.score', params: { ...at(), sessionId: 'pk_0', scores: [9, 9] } });
    assert.equal(advance(state, other), state);
  });
});

describe('what is counted', () => {
  test('likes go up at once, and never back when an older sum comes', () => {
    const stats = (likes: number) => heard({ name: 'room.stats', params: { ...at(), viewers: 2, likes } });
    const state = after(bo, stats(10), { type: 'liked', count: 1 }, stats(10));
    assert.deepEqual([state.likes, state.viewers], [11, 2]);
    assert.equal(after(state, stats(14)).likes, 14);
  });
});
