import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { IssuedToken, Room } from '@lianmai/contract/rest';
import type { PkSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { TestControl } from '../testing/test-control.ts';
import { addPoints, findBattle, insertBattle, lockBattle, updateBattle } from './store.ts';

describeStores('the score of a battle', (open) => {
  /** Rooms, and a battle that is on between the first two. */
  async function battle(t: TestContext, anchors: readonly string[]): Promise<{ db: Db; rooms: string[] }> {
    const store = await open();
    const control = await TestControl.start({ store });
    t.after(() => control.close());
    const rooms: string[] = [];
    for (const userId of anchors) {
      const { token } = (await control.post<IssuedToken>('/v1/users/token', { userId })).body;
      rooms.push((await control.post<Room>('/v1/rooms', { title: 'Songs' }, { key: token })).body.id);
    }
    await insertBattle(store.db, { ...BATTLE, roomId: rooms[0]!, targetRoomId: rooms[1]! });
    return { db: store.db, rooms };
  }
  const scores = async (db: Db) => {
    const row = await findBattle(db, 'pk');
    return [row?.score, row?.targetScore];
  };

  it('grows by what is given in its two rooms, as long as it is on', async (t) => {
    const { db, rooms } = await battle(t, ['anna', 'bert', 'cleo']);
    const [left = '', right = '', other = ''] = rooms;
    assert.deepEqual(
      [await addPoints(db, left, 3), await addPoints(db, right, 4), await addPoints(db, right, 1)],
      ['pk', 'pk', 'pk'],
    );
    assert.equal(await addPoints(db, other, 9), null);
    assert.deepEqual(await scores(db), [3, 5]);
    for (const state of ['asking', 'joining', 'punishment', 'ended'] as const) {
      await updateBattle(db, 'pk', { state });
      assert.equal(await addPoints(db, left, 9), null, state);
    }
    assert.deepEqual(await scores(db), [3, 5]);
  });

  it('loses nothing of what is given while the battle is looked at and changed', async (t) => {
    const { db, rooms } = await battle(t, ['anna', 'bert']);
    const [left = '', right = ''] = rooms;
    const looks = Array.from({ length: 10 }, () =>
      db.transaction().execute(async (tx) => {
        const { session } = await lockBattle(tx, 'pk');
        const { id, ...row } = session;
        await updateBattle(tx, id, { ...row, dueAt: (row.dueAt ?? 0) + 1 });
      }),
    );
    const gifts = Array.from({ length: 10 }, (_, i) => addPoints(db, i % 2 ? left : right, 1));
    await Promise.all([...looks, ...gifts]);
    assert.deepEqual([await scores(db), (await findBattle(db, 'pk'))?.dueAt], [[5, 5], FAR + 10]);
  });
});

/** The control that is there leaves it alone. */
const FAR = 2 ** 50;
const BATTLE: PkSessionRow = {
  id: 'pk',
  appId: 'default',
  roomId: '',
  targetRoomId: '',
  reason: null,
  state: 'battle',
  createdAt: 1,
  dueAt: FAR,
  score: 0,
  targetScore: 0,
  winnerRoomId: null,
  conferenceId: null,
  mixId: null,
  endedAt: null,
  endReason: null,
};
