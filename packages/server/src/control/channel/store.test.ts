import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ChannelRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { updateAccount } from '../account/store.ts';
import { newApp } from '../app/rules.ts';
import { insertApp } from '../app/store.ts';
import { DEFAULT_ID, ensureChannel, ensureDefaults } from '../first-start.ts';
import { insertSamples, samplesSince } from '../live/store.ts';
import * as channels from './store.ts';

const channel = (n: number, change: Partial<ChannelRow> = {}): ChannelRow => ({
  id: `ch_${n}`,
  appId: DEFAULT_ID,
  accountId: DEFAULT_ID,
  name: `Channel ${n}`,
  stream: `stream-${n}`,
  pushAuth: 'signed',
  playAuth: 'open',
  listed: 1,
  createdAt: n,
  ...change,
});

async function empty(db: Db): Promise<Db> {
  await ensureDefaults(db, 0);
  await db.deleteFrom('channel').execute();
  return db;
}

describeStores('channel store', (open) => {
  const fresh = async () => empty((await open()).db);

  it('keeps to the quota however many are added at once, and by which app', async () => {
    const db = await fresh();
    await insertApp(db, newApp('app_2', DEFAULT_ID, 'second', 1));
    await updateAccount(db, DEFAULT_ID, { channelQuota: 7 });
    const tries = Array.from({ length: 20 }, (_, n) =>
      channels.insertChannel(db, channel(n, { appId: n % 2 ? DEFAULT_ID : 'app_2' })),
    );
    const outcomes = await Promise.allSettled(tries);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 13);
    for (const { reason } of refused) assert.equal(reason.code, 20101);
    assert.equal((await channels.listChannels(db, { limit: 100 })).length, 7);
    await channels.deleteChannel(db, (await channels.listChannels(db, { limit: 1 }))[0]?.id ?? '');
    await channels.insertChannel(db, channel(30));
  });

  it('gives a stream name to one channel only, however many ask at once, and to another when it is free', async () => {
    const db = await fresh();
    const tries = Array.from({ length: 8 }, (_, n) => channels.insertChannel(db, channel(n, { stream: 'show' })));
    const outcomes = await Promise.allSettled(tries);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 7);
    for (const { reason } of refused) assert.deepEqual([reason.name, reason.field], ['CONFLICT', 'stream']);
    const owner = await channels.findChannel(db, { stream: 'show' });
    await channels.deleteChannel(db, owner?.id ?? '');
    await channels.insertChannel(db, channel(50, { stream: 'show' }));
  });

  it('tells upper from lower case in stream names', async () => {
    const db = await fresh();
    await channels.insertChannel(db, channel(1, { stream: 'Show' }));
    await channels.insertChannel(db, channel(2, { stream: 'show' }));
    assert.equal((await channels.findChannel(db, { stream: 'Show' }))?.id, 'ch_1');
    assert.equal(await channels.findChannel(db, { stream: 'SHOW' }), undefined);
  });

  it('adds none for an account that may not go live', async () => {
    const db = await fresh();
    for (const [change, name] of [
      [{ status: 'suspended' }, 'ACCOUNT_SUSPENDED'],
      [{ status: 'disabled' }, 'LIVE_NOT_ENABLED'],
      [{ status: 'active', trafficPackageBytes: 0 }, 'ACCOUNT_IN_ARREARS'],
    ] as const) {
      await updateAccount(db, DEFAULT_ID, change);
      await assert.rejects(channels.insertChannel(db, channel(1)), { name });
    }
  });

  it('lists newest first in pages that stay right while channels come and go', async () => {
    const db = await fresh();
    for (let n = 0; n < 10; n++) await channels.insertChannel(db, channel(n, { createdAt: 100 + Math.floor(n / 3) }));
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 10; page++) {
      const rows = await channels.listChannels(db, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...rows.slice(0, 3).map(({ id }) => id));
      const last = rows[2];
      if (rows.length <= 3 || !last) break;
      cursor = Buffer.from(`${last.createdAt}.${last.id}`).toString('base64url');
      if (page === 0) await channels.insertChannel(db, channel(70, { createdAt: 999 }));
      if (page === 1) await channels.deleteChannel(db, last.id);
    }
    assert.deepEqual(seen, ['ch_9', 'ch_8', 'ch_7', 'ch_6', 'ch_5', 'ch_4', 'ch_3', 'ch_2', 'ch_1', 'ch_0']);
  });

  it('lists by app and by stream', async () => {
    const db = await fresh();
    await insertApp(db, newApp('app_2', DEFAULT_ID, 'second', 1));
    await channels.insertChannel(db, channel(1));
    await channels.insertChannel(db, channel(2, { appId: 'app_2' }));
    const ids = async (by: object) => (await channels.listChannels(db, { limit: 9, ...by })).map(({ id }) => id);
    assert.deepEqual(await ids({ appId: 'app_2' }), ['ch_2']);
    assert.deepEqual(await ids({ stream: 'stream-1' }), ['ch_1']);
    assert.deepEqual(await ids({ stream: 'stream-1', appId: 'app_2' }), []);
  });

  it('takes its figures along when deleted', async () => {
    const db = await fresh();
    await channels.insertChannel(db, channel(1));
    const sample = { viewers: 1, videoKbps: 1, audioKbps: 1, fps: 25, gopMs: 1, outKbps: 1, framesDropped: 0 };
    await insertSamples(db, [{ channelId: 'ch_1', at: 10_000, viewersByProtocol: '{}', ...sample }]);
    await channels.deleteChannel(db, 'ch_1');
    assert.deepEqual(await samplesSince(db, 'ch_1', 0), []);
  });

  it('has the ready channel once, also when several servers start at once, and not again when it was deleted', async () => {
    const { db } = await open();
    await Promise.all([ensureDefaults(db, 1), ensureDefaults(db, 1), ensureDefaults(db, 1)]);
    const hello = await channels.findChannel(db, { stream: 'hello' });
    await channels.deleteChannel(db, hello?.id ?? '');
    await ensureDefaults(db, 2);
    assert.equal(await channels.findChannel(db, { stream: 'hello' }), undefined);
    const own = await ensureChannel(db, { stream: 'demo', name: 'Demo' }, 3);
    assert.deepEqual(await ensureChannel(db, { stream: 'demo', name: 'Other' }, 4), own);
  });
});
