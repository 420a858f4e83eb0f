import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PkSession, PkState } from '@lianmai/contract/im';
import { endWord } from './ended.ts';

const side = (roomId: string, nickname: string) => ({
  roomId,
  anchor: { userId: nickname.toLowerCase(), nickname, avatar: null },
  score: 0,
});

/** A battle of Anna, who asked for it, and Bo. */
const ended = (endReason: PkSession['endReason'], winner: string | null = null): PkSession => ({
  id: 'battle',
  sides: [side('a', 'Anna'), side('b', 'Bo')],
  state: 'ended',
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  winner,
  endReason,
});
const told = (session: PkSession, before: PkState | null = 'battle', own: string | null = null) =>
  endWord(session, before, own);

describe('the end of a battle', () => {
  test('that is fought out names who won, or that nobody did', () => {
    assert.deepEqual(told(ended('over', 'b'), 'punishment'), { key: 'won', name: 'Bo' });
    assert.deepEqual(told(ended('over')), { key: 'even' });
  });

  test('that an anchor leaves, or is lost to, names both', () => {
    assert.deepEqual(told(ended('quit', 'b')), { key: 'left', name: 'Anna', winner: 'Bo' });
    assert.deepEqual(told(ended('anchor-gone', 'a')), { key: 'gone', name: 'Bo', winner: 'Anna' });
    assert.deepEqual(told(ended('room-closed', 'a'), null), { key: 'gone', name: 'Bo', winner: 'Anna' });
  });

  test('that was decided before makes no loser of who leaves the punishment', () => {
    assert.deepEqual(told(ended('quit', 'b'), 'punishment'), { key: 'over' });
    assert.deepEqual(told(ended('anchor-gone', 'b'), 'punishment', 'a'), { key: 'over' });
  });

  test('that never began is told to the anchors alone', () => {
    for (const reason of ['quit', 'anchor-gone', 'timed-out'] as const) {
      assert.deepEqual(told(ended(reason), 'joining', 'b'), { key: 'notBegun' });
      assert.equal(told(ended(reason), null), null);
    }
  });

  test('nobody answered is told to who asked, that it is withdrawn to who was asked', () => {
    assert.deepEqual(told(ended('timed-out'), 'asking', 'a'), { key: 'timedOut', name: 'Bo' });
    assert.equal(told(ended('timed-out'), 'asking', 'b'), null);
    assert.deepEqual(told(ended('cancelled'), 'asking', 'b'), { key: 'withdrawn', name: 'Anna' });
    assert.equal(told(ended('cancelled'), 'asking', 'a'), null);
    assert.equal(told(ended('rejected'), 'asking', 'a'), null);
  });
});
