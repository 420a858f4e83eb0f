import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Db } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import * as accounts from '../account/store.ts';
import { DEFAULT_ID, ensureDefaults } from '../first-start.ts';
import { newApp, playKeys, pushKeys, secretKeys } from './rules.ts';
import * as apps from './store.ts';

describeStores('account and app stores', (open) => {
  const fresh = async (): Promise<Db> => {
    const { db } = await open();
    await ensureDefaults(db, 1);
    return db;
  };

  it('make no app without an account, and no key without an app', async () => {
    const db = await fresh();
    assert.equal(await apps.insertApp(db, newApp('app_1', 'nobody', 'a', 1)), undefined);
    const key = { id: 'key_1', appId: 'nothing', name: 'k', hash: 'h', hint: 'x', createdAt: 1 };
    assert.equal(await apps.insertApiKey(db, key), false);
  });

  it('keep what is in use', async () => {
    const db = await fresh();
    assert.equal(await accounts.deleteAccount(db, DEFAULT_ID), 'in-use');
    assert.equal(await apps.deleteApp(db, DEFAULT_ID), 'in-use');
    assert.equal(await accounts.deleteAccount(db, 'nobody'), 'missing');
    assert.equal(await apps.deleteApp(db, 'nothing'), 'missing');
    await db.deleteFrom('channel').execute();
    assert.equal(await apps.deleteApp(db, DEFAULT_ID), 'deleted');
    assert.equal(await accounts.deleteAccount(db, DEFAULT_ID), 'deleted');
  });

  it('withdraw the API keys of an app that is deleted', async () => {
    const db = await fresh();
    await apps.insertApp(db, newApp('app_1', DEFAULT_ID, 'a', 1));
    await apps.insertApiKey(db, { id: 'key_1', appId: 'app_1', name: 'k', hash: 'h', hint: 'x', createdAt: 1 });
    assert.equal(await apps.deleteApiKey(db, DEFAULT_ID, 'key_1'), false);
    await apps.deleteApp(db, 'app_1');
    assert.deepEqual(await db.selectFrom('apiKey').selectAll().execute(), []);
  });

  it('rotate keys: the main one becomes the backup, the backup is forgotten, the other pair is not touched', async () => {
    const db = await fresh();
    const before = await apps.findApp(db, DEFAULT_ID);
    assert.ok(before);
    assert.deepEqual(pushKeys(before), [before.pushKey]);
    const once = await apps.rotateKeys(db, DEFAULT_ID, 'push', 'second');
    assert.deepEqual(once && pushKeys(once), ['second', before.pushKey]);
    const twice = await apps.rotateKeys(db, DEFAULT_ID, 'push', 'third');
    assert.deepEqual(twice && pushKeys(twice), ['third', 'second']);
    assert.deepEqual(twice && playKeys(twice), [before.playKey]);
    const secret = await apps.rotateKeys(db, DEFAULT_ID, 'secret', 'third secret');
    assert.deepEqual(secret && secretKeys(secret), ['third secret', before.secretKey]);
    const play = await apps.rotateKeys(db, DEFAULT_ID, 'play', 'other');
    assert.deepEqual(play && playKeys(play), ['other', before.playKey]);
    assert.deepEqual(play && pushKeys(play), ['third', 'second']);
    assert.equal(await apps.rotateKeys(db, 'nothing', 'push', 'x'), undefined);
  });

  it('give each app a number of its own, also to those that are made at once', async () => {
    const db = await fresh();
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, i) => apps.insertApp(db, newApp(`app_${i}`, DEFAULT_ID, 'a', 1))),
    );
    const first = await apps.findApp(db, DEFAULT_ID);
    assert.equal(first?.sdkAppId, 1_400_000_000);
    assert.deepEqual(
      made.map((app) => app?.sdkAppId ?? 0).sort(),
      made.map((_, i) => 1_400_000_001 + i),
    );
    const third = made[2];
    assert.deepEqual({ ...(await apps.findAppBySdkAppId(db, third?.sdkAppId ?? 0)) }, { ...third });
  });

  it('count the channels of an account', async () => {
    const db = await fresh();
    assert.equal((await accounts.findAccount(db, DEFAULT_ID))?.channels, 1);
    assert.deepEqual(
      (await accounts.listAccounts(db, { limit: 5 })).map(({ id, channels }) => [id, channels]),
      [[DEFAULT_ID, 1]],
    );
  });

  it('say whether there was an account to change', async () => {
    const db = await fresh();
    assert.ok(await accounts.updateAccount(db, DEFAULT_ID, { name: 'new' }));
    assert.ok(await accounts.updateAccount(db, DEFAULT_ID, {}));
    assert.ok(!(await accounts.updateAccount(db, 'nobody', { name: 'new' })));
    assert.ok(!(await accounts.updateAccount(db, 'nobody', {})));
  });
});
