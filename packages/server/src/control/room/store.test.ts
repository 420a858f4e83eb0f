import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { IssuedToken, Room } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import { lockRooms } from '../pk/store.ts';
import { TestControl } from '../testing/test-control.ts';
import { addCounts } from './store.ts';

describeStores('rooms in the database', (open) => {
  it('are counted while others hold two of them, without a deadlock', async (t) => {
    const store = await open();
    const control = await TestControl.start({ store });
    t.after(() => control.close());
    const ids: string[] = [];
    for (const userId of ['anna', 'ben']) {
      const { token } = (await control.post<IssuedToken>('/v1/users/token', { userId })).body;
      ids.push((await control.post<Room>('/v1/rooms', { title: 'Songs' }, { key: token })).body.id);
    }
    const [first, second] = ids.sort() as [string, string];
    const like = (roomId: string) => ({ roomId, likes: 1, beatAt: null, audience: null });
    const both = Array.from({ length: 20 }, () => [
      store.db.transaction().execute((tx) => addCounts(tx, [like(second), like(first)])),
      store.db.transaction().execute((tx) => lockRooms(tx, [second, first])),
    ]).flat();
    await Promise.all(both);
    const { likes } = (await control.get<Room>(`/v1/rooms/${first}`)).body;
    assert.equal(likes, 20);
  });
});
