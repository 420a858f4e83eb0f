import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Account, Channel, LiveChannel, Session } from '@lianmai/contract/rest';
import { openStore } from '../store/store.ts';
import { PostgresCluster, postgresMissing } from '../store/testing/postgres.ts';
import { TestControl } from './testing/test-control.ts';
import { until } from './testing/until.ts';

/** Long enough for a busy machine to be asked what it shows meanwhile. */
const GRACE_MS = 3000;

describe('control', () => {
  const stateOf = async (control: TestControl, id: string) =>
    (await control.get<Channel>(`/v1/channels/${id}`)).body.state;
  const sessionsOf = async (control: TestControl, id: string) =>
    (await control.get<{ items: Session[] }>(`/v1/channels/${id}/sessions`)).body.items;
  const newChannel = async (control: TestControl, stream: string) =>
    (await control.post<Channel>('/v1/channels', { name: stream, stream, pushAuth: 'open' })).body;

  it('tells a newcomer what to paste, and the key only once', async (t) => {
    const control = await TestControl.start({ settings: { apiKey: null } });
    t.after(() => control.close());
    const steps = control.control.firstSteps();
    assert.ok(steps.apiKey);
    assert.equal(readFileSync(steps.apiKey.file, 'utf8').trim(), steps.apiKey.key);
    assert.ok(steps.channel);
    assert.equal(`${steps.channel.obs.server}/${steps.channel.obs.streamKey}`, steps.channel.pushUrl);
    assert.match(steps.channel.pushUrl, /^rtmp:\/\/live\.test\/live\/hello\?txSecret=/);
    assert.equal(steps.channel.watchUrl, 'http://live.test:8080/watch/hello');
    assert.deepEqual([steps.web, steps.docs], ['http://live.test:8080/', 'http://live.test:8080/docs']);
    const { key } = steps.apiKey;
    assert.equal((await control.get('/v1/channels', { key })).status, 200);
    const worker = await control.worker('w1');
    await worker.ask('hello', steps.channel.pushUrl.split('?')[1] ?? '');

    await control.stop();
    await control.startAgain();
    assert.equal(control.control.firstSteps().apiKey, null);
    assert.equal((await control.get('/v1/channels', { key })).status, 200);
    const [hello] = (await control.get<{ items: Channel[] }>('/v1/channels', { key })).body.items;
    await control.delete(`/v1/channels/${hello?.id}`, { key });
    await control.stop();
    await control.startAgain();
    assert.equal(control.control.firstSteps().channel, null);
  });

  it('ends an interrupted stream after the grace when its worker cannot say so any more', async (t) => {
    const control = await TestControl.start({ settings: { publishGraceMs: GRACE_MS } });
    t.after(() => control.close());
    const channel = await newChannel(control, 'show');
    const worker = await control.worker('w1');
    await worker.publish('show', '');
    await until(async () => (await stateOf(control, channel.id)) === 'live');
    worker.kill();
    await until(async () => (await stateOf(control, channel.id)) === 'interrupted');
    await until(async () => (await stateOf(control, channel.id)) === 'idle');
    const [session] = await sessionsOf(control, channel.id);
    assert.equal(session?.endReason, 'vanished');
  });

  it('goes on as if it had not been away: what is live is live, with its viewers', async (t) => {
    const control = await TestControl.start({ settings: { publishGraceMs: GRACE_MS } });
    t.after(() => control.close());
    const channel = await newChannel(control, 'show');
    const worker = await control.worker('w1');
    const grant = await worker.publish('show', '');
    worker.report('show', grant, true, { viewers: { flv: 3 } });
    await until(async () => (await stateOf(control, channel.id)) === 'live');
    await control.stop();
    await control.startAgain();
    assert.equal(await stateOf(control, channel.id), 'live');
    await until(async () => (await control.get<Channel>(`/v1/channels/${channel.id}`)).body.viewers === 3);
    assert.deepEqual(
      (await sessionsOf(control, channel.id)).map(({ id, endedAt }) => [id, endedAt]),
      [[grant.sessionId, null]],
    );
  });

  it('gives streams that vanished while it was away their grace, then ends them when they were last seen', async (t) => {
    const control = await TestControl.start({ settings: { publishGraceMs: GRACE_MS } });
    t.after(() => control.close());
    const [gone, back] = [await newChannel(control, 'gone'), await newChannel(control, 'back')];
    const worker = await control.worker('w1');
    await worker.publish('gone', '');
    await worker.publish('back', '');
    await until(
      async () => (await stateOf(control, gone.id)) === 'live' && (await stateOf(control, back.id)) === 'live',
    );
    await control.stop();
    const stoppedAt = Date.now();
    await worker.vanish('gone');
    await worker.vanish('back');
    await control.startAgain();
    assert.equal(await stateOf(control, gone.id), 'interrupted');
    await worker.publish('back', '');
    await until(async () => (await stateOf(control, gone.id)) === 'idle');
    assert.equal(await stateOf(control, back.id), 'live');
    const [session] = await sessionsOf(control, gone.id);
    assert.equal(session?.endReason, 'vanished');
    assert.ok(Date.parse(session?.endedAt ?? '') <= stoppedAt);
    assert.equal((await sessionsOf(control, back.id)).length, 2);
    assert.equal((await control.get<LiveChannel>('/v1/live/gone', { key: null })).body.state, 'ended');
  });

  it('lets nothing go on that was forbidden while it was away', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lianmai-store-'));
    const store = await openStore({ dataDir: folder, databaseUrl: null });
    const control = await TestControl.start({ store });
    t.after(async () => {
      await control.close();
      await store.close();
      rmSync(folder, { recursive: true });
    });
    await newChannel(control, 'show');
    const worker = await control.worker('w1');
    await worker.publish('show', '');
    await control.stop();
    await store.db.updateTable('account').set({ status: 'suspended' }).execute();
    await control.startAgain();
    await until(() => worker.disconnects.length === 1);
    assert.equal(worker.disconnects[0]?.error?.name, 'ACCOUNT_SUSPENDED');
  });

  it('counts traffic that was reported again after a restart once', async (t) => {
    const control = await TestControl.start();
    t.after(() => control.close());
    await newChannel(control, 'show');
    const worker = await control.worker('w1');
    const grant = await worker.publish('show', '');
    await worker.use(grant, 100, { seq: 1 });
    await control.stop();
    const waiting = worker.use(grant, 100, { seq: 1 });
    const next = worker.use(grant, 50, { seq: 2 });
    await control.startAgain();
    await Promise.all([waiting, next]);
    assert.equal((await control.get<Account>('/v1/accounts/default')).body.trafficUsedBytes, 150);
  });

  it('replaces the socket of a control that was killed, and takes its own away', async (t) => {
    const control = await TestControl.start();
    t.after(() => control.close());
    await control.stop();
    assert.ok(!existsSync(control.socketPath));
    writeFileSync(control.socketPath, '');
    await control.startAgain();
    await control.control.check();
    await control.stop();
    await control.startAgain();
    assert.equal((await control.get('/v1/server')).status, 200);
  });
});

const missing = postgresMissing();
describe('control on PostgreSQL', { skip: missing !== null && process.env['CI'] !== 'true' ? missing : false }, () => {
  it('says that it cannot serve while the database is away, keeps usage unacknowledged, and goes on after', async (t) => {
    const cluster = await PostgresCluster.start();
    const store = await openStore({ dataDir: '', databaseUrl: await cluster.createDatabase() });
    const control = await TestControl.start({ store });
    t.after(async () => {
      await control.close();
      await store.close();
      await cluster.close();
    });
    await control.post('/v1/channels', { name: 'x', stream: 'show', pushAuth: 'open' });
    const worker = await control.worker('w1');
    const grant = await worker.publish('show', '');
    await control.control.check();
    await cluster.halt();
    const { status, headers, body } = await control.get('/v1/channels');
    assert.deepEqual([status, body.error.name, headers['retry-after']], [503, 'UNAVAILABLE', '1']);
    await assert.rejects(worker.ask('show', ''), { name: 'UNAVAILABLE' });
    await assert.rejects(worker.use(grant, 100, { seq: 1 }), { name: 'UNAVAILABLE' });
    await assert.rejects(control.control.check());
    assert.equal((await control.get('/v1/server', { key: null })).status, 200);
    await cluster.run();
    await control.control.check();
    await worker.use(grant, 100, { seq: 1 });
    assert.equal((await control.get<Account>('/v1/accounts/default')).body.trafficUsedBytes, 100);
  });
});
