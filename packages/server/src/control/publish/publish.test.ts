import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Account, App, Channel } from '@lianmai/contract/rest';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const queryOf = (url: string) => url.split('?')[1] ?? '';

describe('publishing', () => {
  let control: TestControl;
  let worker: FakeWorker;
  before(async () => {
    control = await TestControl.start();
    worker = await control.worker('w1');
  });
  after(() => control.close());

  /** A channel in an account of its own. */
  async function newChannel(body: object = {}, account: object = {}) {
    const { id: accountId } = (await control.post<Account>('/v1/accounts', { name: 'a', ...account })).body;
    const { id: appId } = (await control.post<App>('/v1/apps', { accountId, name: 'a' })).body;
    const channel = (await control.post<Channel>('/v1/channels', { name: 'c', appId, ...body })).body;
    return { ...channel, query: queryOf(channel.push.rtmp) };
  }
  const stateOf = async (id: string) => (await control.get<Channel>(`/v1/channels/${id}`)).body.state;
  const whenLive = (id: string) => until(async () => (await stateOf(id)) === 'live');
  const whenIdle = (id: string) => until(async () => (await stateOf(id)) === 'idle');
  const sentAway = (stream: string) => worker.disconnects.filter((command) => command.stream === stream);

  it('is granted with the channel, its account, and how it may be played', async () => {
    const open = await newChannel();
    const { sessionId, ...grant } = await worker.ask(open.stream, open.query);
    assert.match(sessionId, /^ses_/);
    assert.deepEqual(grant, { channelId: open.id, accountId: open.accountId, play: { signedWith: null } });
    assert.notEqual((await worker.ask(open.stream, open.query)).sessionId, sessionId);
    const signed = await newChannel({ playAuth: 'signed' });
    const { playKeys } = (await control.get<App>(`/v1/apps/${signed.appId}`)).body;
    assert.deepEqual((await worker.ask(signed.stream, signed.query)).play, { signedWith: [playKeys.main] });
  });

  it('is refused with a code and a reason', async () => {
    const { stream, query, accountId } = await newChannel();
    const expired = (await newChannel({ stream: 'soon-over', expiresInSeconds: 1 })).query;
    await until(() => Date.now() > Number.parseInt(expired.split('txTime=')[1] ?? '', 16) * 1000);
    const cases: [string, string, string, number][] = [
      ['nobodys-stream', query, 'CHANNEL_NOT_FOUND', 40400002],
      ['../../etc/passwd', '', 'CHANNEL_NOT_FOUND', 40400002],
      ['a\u0000b', '', 'CHANNEL_NOT_FOUND', 40400002],
      [stream, '', 'BAD_SIGNATURE', 40300002],
      [stream, query.replace('txSecret=', 'txSecret=0'), 'BAD_SIGNATURE', 40300002],
      ['soon-over', expired, 'BAD_SIGNATURE', 40300002],
    ];
    for (const [name, given, error, code] of cases)
      await assert.rejects(worker.ask(name, given), { name: error, code });
    for (const [change, name, code] of [
      [{ status: 'suspended' }, 'ACCOUNT_SUSPENDED', 40300003],
      [{ status: 'disabled' }, 'LIVE_NOT_ENABLED', 20318],
      [{ status: 'active', trafficPackageBytes: 0 }, 'ACCOUNT_IN_ARREARS', 20406],
    ] as const) {
      await control.patch(`/v1/accounts/${accountId}`, change);
      await assert.rejects(worker.ask(stream, query), { name, code });
    }
    await control.patch(`/v1/accounts/${accountId}`, { trafficPackageBytes: null });
    await worker.ask(stream, query);
  });

  it('goes on with keys of before a rotation, and no longer after two', async () => {
    const { stream, query, appId } = await newChannel();
    await control.post(`/v1/apps/${appId}/push-keys/rotate`);
    await worker.ask(stream, query);
    await control.post(`/v1/apps/${appId}/push-keys/rotate`);
    await assert.rejects(worker.ask(stream, query), { name: 'BAD_SIGNATURE' });
  });

  it('ends when the account is suspended or disabled, and may begin again after', async () => {
    const { id, stream, query, accountId } = await newChannel();
    for (const [status, code] of [
      ['suspended', 40300003],
      ['disabled', 20318],
    ] as const) {
      await worker.publish(stream, query);
      await whenLive(id);
      await control.patch(`/v1/accounts/${accountId}`, { status });
      await whenIdle(id);
      const last = sentAway(stream).at(-1);
      assert.deepEqual([last?.reason, last?.error?.code], ['forbidden', code]);
      await control.patch(`/v1/accounts/${accountId}`, { status: 'active' });
    }
  });

  it('ends when the traffic package is used up by any channel of the account', async () => {
    const { id, stream, query, accountId, appId } = await newChannel({}, { trafficPackageBytes: 1000 });
    const other = (await control.post<Channel>('/v1/channels', { name: 'other', appId })).body;
    const grant = await worker.publish(stream, query);
    const otherGrant = await worker.publish(other.stream, queryOf(other.push.rtmp));
    await whenLive(id);
    await whenLive(other.id);
    await worker.use(grant, 600);
    assert.equal(await stateOf(id), 'live');
    await worker.use(otherGrant, 400);
    await whenIdle(id);
    await whenIdle(other.id);
    assert.deepEqual(
      sentAway(stream).map((command) => command.error?.code),
      [20406],
    );
    await assert.rejects(worker.ask(stream, query), { code: 20406 });
    const owing = (await control.get<Account>(`/v1/accounts/${accountId}`)).body;
    assert.deepEqual([owing.trafficUsedBytes, owing.inArrears], [1000, true]);
    await control.patch(`/v1/accounts/${accountId}`, { trafficUsedBytes: 0 });
    await worker.ask(stream, query);
  });

  it('ends when the channel is deleted, live or interrupted, and its stream name is free', async () => {
    const live = await newChannel({ stream: 'reused' });
    await worker.publish('reused', live.query);
    await whenLive(live.id);
    assert.equal((await control.delete(`/v1/channels/${live.id}`)).status, 204);
    await until(() => sentAway('reused').length === 1);
    assert.deepEqual(
      [sentAway('reused')[0]?.reason, sentAway('reused')[0]?.error?.name],
      ['forbidden', 'CHANNEL_NOT_FOUND'],
    );
    const next = await newChannel({ stream: 'reused' });
    assert.equal(await stateOf(next.id), 'idle');
    await worker.publish('reused', next.query);
    await worker.vanish('reused');
    await until(async () => (await stateOf(next.id)) === 'interrupted');
    await control.delete(`/v1/channels/${next.id}`);
    await until(() => sentAway('reused').length === 2);
  });

  it('ends at once when what allowed it changed between the grant and the beginning', async () => {
    const { stream, query, id } = await newChannel();
    const grant = await worker.ask(stream, query);
    await control.delete(`/v1/channels/${id}`);
    await worker.take(stream, { ...grant, worker: 'w1', protocol: 'rtmp', startedAtMs: Date.now() });
    await until(() => sentAway(stream).length === 1);
  });

  it('tells workers when the play rules of a live stream change, and those that come later', async () => {
    const { id, stream, query, appId } = await newChannel();
    await worker.publish(stream, query);
    await whenLive(id);
    const told = (by: FakeWorker) =>
      by.policies.filter((change) => change.stream === stream).map(({ play }) => play.signedWith);
    const { playKeys: first } = (await control.get<App>(`/v1/apps/${appId}`)).body;
    await control.patch(`/v1/channels/${id}`, { playAuth: 'signed' });
    await until(() => told(worker).length === 1);
    const { playKeys: second } = (await control.post<App>(`/v1/apps/${appId}/play-keys/rotate`)).body;
    await until(() => told(worker).length === 2);
    assert.deepEqual(told(worker), [[first.main], [second.main, first.main]]);
    const late = await control.worker('w-late');
    await until(() => told(late).length === 1);
    assert.deepEqual(told(late), [[second.main, first.main]]);
    await control.patch(`/v1/channels/${id}`, { playAuth: 'open' });
    await until(() => told(late).length === 2);
    assert.equal(told(late)[1], null);
    await control.post(`/v1/apps/${appId}/push-keys/rotate`);
    await control.patch(`/v1/channels/${id}`, { name: 'renamed' });
    assert.equal(told(late).length, 2);
  });

  it('gives the server its own channel, whatever the quota', async () => {
    await control.patch('/v1/accounts/default', { channelQuota: 0 });
    const { query } = await worker.bus.request('control.own-channel', { stream: 'demo', name: 'Demo' });
    await worker.publish('demo', query);
    const again = await worker.bus.request('control.own-channel', { stream: 'demo', name: 'Demo' });
    assert.ok(again.query.startsWith('txSecret='));
    assert.equal((await control.get<{ items: Channel[] }>('/v1/channels?stream=demo')).body.items[0]?.name, 'Demo');
  });
});
