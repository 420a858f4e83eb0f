import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Account, ApiKey, App, Channel } from '@lianmai/contract/rest';
import { TestControl } from '../testing/test-control.ts';

describe('accounts and apps over REST', () => {
  let control: TestControl;
  before(async () => {
    control = await TestControl.start();
  });
  after(() => control.close());

  const newAccount = async (body: object = {}) =>
    (await control.post<Account>('/v1/accounts', { name: 'Studio', ...body })).body;
  const newApp = async (accountId: string) => (await control.post<App>('/v1/apps', { accountId, name: 'Player' })).body;
  const newKey = async (appId: string) =>
    (await control.post<ApiKey & { key: string }>(`/v1/apps/${appId}/api-keys`, { name: 'backend' })).body;

  it('make, show, change and delete an account', async () => {
    const made = await control.post<Account>('/v1/accounts', { name: 'Studio', trafficPackageBytes: 1000 });
    assert.equal(made.status, 201);
    const { id, createdAt, ...rest } = made.body;
    assert.deepEqual(rest, {
      name: 'Studio',
      status: 'active',
      channelQuota: 100,
      channels: 0,
      trafficPackageBytes: 1000,
      trafficUsedBytes: 0,
      inArrears: false,
    });
    assert.deepEqual((await control.get<Account>(`/v1/accounts/${id}`)).body, made.body);
    const change = { status: 'suspended', channelQuota: 3, trafficUsedBytes: 1000 };
    const changed = await control.patch<Account>(`/v1/accounts/${id}`, change);
    assert.deepEqual(changed.body, { ...made.body, ...change, inArrears: true });
    const unlimited = await control.patch<Account>(`/v1/accounts/${id}`, { trafficPackageBytes: null });
    assert.deepEqual([unlimited.body.trafficPackageBytes, unlimited.body.inArrears], [null, false]);
    assert.equal((await control.get<{ items: Account[] }>('/v1/accounts?limit=1')).body.items[0]?.id, id);
    assert.equal((await control.delete(`/v1/accounts/${id}`)).status, 204);
    for (const call of [
      control.get(`/v1/accounts/${id}`),
      control.patch(`/v1/accounts/${id}`, { name: 'x' }),
      control.delete(`/v1/accounts/${id}`),
      control.get(`/v1/accounts/${id}/traffic`),
      control.post('/v1/apps', { accountId: id, name: 'x' }),
    ]) {
      const { status, body } = await call;
      assert.deepEqual([status, body.error.code, body.error.name], [404, 1002, 'ACCOUNT_NOT_FOUND']);
    }
  });

  it('refuse what is not an account, and name the field', async () => {
    for (const [body, field] of [
      [{ name: 'x', status: 'gone' }, 'status'],
      [{ name: 'x', channelQuota: -1 }, 'channelQuota'],
      [{ name: 'x', channelQuota: '5' }, 'channelQuota'],
      [{ name: 'x', channelQuota: null }, 'channelQuota'],
      [{ name: 'x', trafficPackageBytes: 1.5 }, 'trafficPackageBytes'],
      [{ name: 'x', trafficPackageBytes: '1' }, 'trafficPackageBytes'],
      [{ name: 'x', trafficPackageBytes: 2 ** 53 }, 'trafficPackageBytes'],
      [{ name: 'x', trafficUsedBytes: 0 }, 'trafficUsedBytes'],
      [{ name: 'x', extra: 1 }, 'extra'],
    ] as const) {
      const { status, body: answer } = await control.post('/v1/accounts', body);
      assert.deepEqual([status, answer.error.field], [400, field], JSON.stringify(body));
    }
    const { body } = await control.post('/v1/accounts', { name: 'x', trafficPackageBytes: 'a lot' });
    assert.equal(body.error.message, 'trafficPackageBytes must be integer or null');
  });

  it('share the quota of the account among its apps', async () => {
    const { id } = await newAccount({ channelQuota: 2 });
    const [one, two] = [await newApp(id), await newApp(id)];
    const create = (app: App) => control.post<Channel>('/v1/channels', { name: 'x', appId: app.id });
    assert.equal((await create(one)).status, 201);
    const both = await Promise.all([create(one), create(two), create(two)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 403, 403]);
    const refused = await control.post('/v1/channels', { name: 'x', appId: two.id });
    assert.deepEqual([refused.status, refused.body.error.code], [403, 20101]);
    assert.equal((await control.get<Account>(`/v1/accounts/${id}`)).body.channels, 2);
  });

  it('make no channels for an account that may not go live', async () => {
    const { id } = await newAccount();
    const app = await newApp(id);
    for (const [change, code] of [
      [{ status: 'suspended' }, 40300003],
      [{ status: 'disabled' }, 20318],
      [{ status: 'active', trafficPackageBytes: 0 }, 20406],
    ] as const) {
      await control.patch(`/v1/accounts/${id}`, change);
      const { status, body } = await control.post('/v1/channels', { name: 'x', appId: app.id });
      assert.deepEqual([status, body.error.code], [403, code]);
    }
  });

  it('keep what is in use', async () => {
    const { id } = await newAccount();
    const app = await newApp(id);
    const channel = (await control.post<Channel>('/v1/channels', { name: 'x', appId: app.id })).body;
    for (const path of [`/v1/accounts/${id}`, `/v1/apps/${app.id}`]) {
      const { status, body } = await control.delete(path);
      assert.deepEqual([status, body.error.name], [409, 'CONFLICT']);
    }
    for (const path of [`/v1/channels/${channel.id}`, `/v1/apps/${app.id}`, `/v1/accounts/${id}`])
      assert.equal((await control.delete(path)).status, 204);
  });

  it('rotate keys and rename apps', async () => {
    const { id } = await newAccount();
    const app = await newApp(id);
    assert.equal(app.pushKeys.backup, null);
    const pushed = (await control.post<App>(`/v1/apps/${app.id}/push-keys/rotate`)).body;
    assert.equal(pushed.pushKeys.backup, app.pushKeys.main);
    assert.notEqual(pushed.pushKeys.main, app.pushKeys.main);
    assert.deepEqual(pushed.playKeys, app.playKeys);
    const played = (await control.post<App>(`/v1/apps/${app.id}/play-keys/rotate`)).body;
    assert.equal(played.playKeys.backup, app.playKeys.main);
    const renamed = await control.patch<App>(`/v1/apps/${app.id}`, { name: 'New' });
    assert.deepEqual(renamed.body, { ...played, name: 'New' });
    assert.deepEqual(
      (await control.get<{ items: App[] }>(`/v1/apps?accountId=${id}`)).body.items.map((item) => item.id),
      [app.id],
    );
    for (const call of [
      control.post('/v1/apps/app_no/push-keys/rotate'),
      control.get('/v1/apps/app_no'),
      control.patch('/v1/apps/app_no', { name: 'x' }),
      control.delete('/v1/apps/app_no'),
      control.get('/v1/apps/app_no/api-keys'),
      control.post('/v1/apps/app_no/api-keys', { name: 'x' }),
      control.delete('/v1/apps/app_no/api-keys/key_no'),
    ]) {
      const { status, body } = await call;
      assert.deepEqual([status, body.error.name], [404, 'NOT_FOUND']);
    }
  });

  it("let an app's key do what concerns that app, and nothing else", async () => {
    const { id } = await newAccount();
    const [own, other] = [await newApp(id), await newApp(id)];
    const { key } = await newKey(own.id);
    const foreign = (await control.post<Channel>('/v1/channels', { name: 'x', appId: other.id })).body;
    const mine = await control.post<Channel>('/v1/channels', { name: 'mine' }, { key });
    assert.deepEqual([mine.status, mine.body.appId], [201, own.id]);
    const seen = await control.get<{ items: Channel[] }>('/v1/channels', { key });
    assert.deepEqual(
      seen.body.items.map((item) => item.id),
      [mine.body.id],
    );
    const ownApp = await control.get<{ items: App[] }>('/v1/apps', { key });
    assert.deepEqual(
      ownApp.body.items.map((item) => item.id),
      [own.id],
    );
    assert.equal((await control.get<App>(`/v1/apps/${own.id}`, { key })).body.pushKeys.main, own.pushKeys.main);
    assert.equal((await control.patch(`/v1/channels/${mine.body.id}`, { name: 'y' }, { key })).status, 200);

    const notFound = [
      control.get(`/v1/channels/${foreign.id}`, { key }),
      control.patch(`/v1/channels/${foreign.id}`, { name: 'y' }, { key }),
      control.delete(`/v1/channels/${foreign.id}`, { key }),
      control.post(`/v1/channels/${foreign.id}/disconnect`, undefined, { key }),
      control.post(`/v1/channels/${foreign.id}/urls`, {}, { key }),
      control.get(`/v1/channels/${foreign.id}/figures`, { key }),
      control.get(`/v1/channels/${foreign.id}/sessions`, { key }),
      control.get(`/v1/channels/${foreign.id}/traffic`, { key }),
      control.get(`/v1/apps/${other.id}`, { key }),
      control.post('/v1/channels', { name: 'x', appId: other.id }, { key }),
    ];
    for (const { status } of await Promise.all(notFound)) assert.equal(status, 404);
    assert.deepEqual(
      (await control.get<{ items: Channel[] }>(`/v1/channels?appId=${other.id}`, { key })).body.items.length,
      1,
    );

    const forbidden = [
      control.get('/v1/accounts', { key }),
      control.post('/v1/accounts', { name: 'x' }, { key }),
      control.get(`/v1/accounts/${id}`, { key }),
      control.patch(`/v1/accounts/${id}`, { channelQuota: 9 }, { key }),
      control.delete(`/v1/accounts/${id}`, { key }),
      control.get(`/v1/accounts/${id}/traffic`, { key }),
      control.post('/v1/apps', { accountId: id, name: 'x' }, { key }),
      control.patch(`/v1/apps/${own.id}`, { name: 'x' }, { key }),
      control.delete(`/v1/apps/${own.id}`, { key }),
      control.post(`/v1/apps/${own.id}/push-keys/rotate`, undefined, { key }),
      control.post(`/v1/apps/${own.id}/play-keys/rotate`, undefined, { key }),
      control.post(`/v1/apps/${own.id}/api-keys`, { name: 'x' }, { key }),
      control.get(`/v1/apps/${own.id}/api-keys`, { key }),
    ];
    for (const { status, body } of await Promise.all(forbidden))
      assert.deepEqual([status, body.error.name], [403, 'FORBIDDEN']);
  });

  it('show an API key once, list it by its hint, and refuse it when withdrawn', async () => {
    const { id } = await newAccount();
    const app = await newApp(id);
    const { key, ...made } = await newKey(app.id);
    assert.equal(made.hint, key.slice(-4));
    const listed = await control.get(`/v1/apps/${app.id}/api-keys`);
    assert.deepEqual(listed.body, { items: [made], nextCursor: null });
    assert.ok(!listed.text.includes(key));
    assert.equal((await control.get('/v1/channels', { key })).status, 200);
    assert.equal((await control.delete(`/v1/apps/${app.id}/api-keys/${made.id}`)).status, 204);
    assert.equal((await control.get('/v1/channels', { key })).status, 401);
  });
});
