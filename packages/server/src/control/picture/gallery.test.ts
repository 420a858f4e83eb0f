import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { FileStorage } from '../../storage/file-storage.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { DEFAULT_ID, ensureDefaults } from '../first-start.ts';
import { Gallery, PICTURE_QUOTA } from './gallery.ts';
import { pictureUsage } from './store.ts';

/** The header of a PNG, told apart by `n`. */
function png(n: number): Buffer {
  const bytes = Buffer.alloc(60);
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08', 0, 'latin1');
  bytes.writeUInt32BE(n, 50);
  return bytes;
}

describeStores('gallery', (open) => {
  const owner = { appId: DEFAULT_ID, accountId: DEFAULT_ID };

  it('keeps to the quota of the account, and leaves nothing of what it refuses', async (t) => {
    const { db } = await open();
    await ensureDefaults(db, 0);
    const folder = mkdtempSync(join(tmpdir(), 'lianmai-gallery-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const gallery = new Gallery({ db, storage: new FileStorage(folder), now: () => 1 });
    const first = await gallery.add(owner, png(1));
    const { id: _, ...like } = first;
    const rows = Array.from({ length: PICTURE_QUOTA.count - 2 }, (_row, n) => ({ ...like, id: `pic_${n}` }));
    for (let i = 0; i < rows.length; i += 500)
      await db
        .insertInto('picture')
        .values(rows.slice(i, i + 500))
        .execute();
    const outcomes = await Promise.allSettled([2, 3, 4].map((n) => gallery.add(owner, png(n))));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    assert.equal((await gallery.add(owner, png(1))).id, first.id);
    assert.equal((await pictureUsage(db, DEFAULT_ID)).count, PICTURE_QUOTA.count);
    const refused = outcomes[1];
    assert.ok(refused?.status === 'rejected' && refused.reason.name === 'STORAGE_QUOTA_EXCEEDED');
    await gallery.remove(first.id, DEFAULT_ID);
    const back = await gallery.add(owner, png(3));
    assert.ok(await gallery.open(back.id));
    assert.equal(await gallery.open(first.id), null);
    await db.updateTable('account').set({ status: 'suspended' }).execute();
    await assert.rejects(gallery.add(owner, png(9)), { name: 'ACCOUNT_SUSPENDED' });
  });
});
