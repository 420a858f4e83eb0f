import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Channel, ChannelFigures, LiveChannel, ServerInfo, Session, Traffic } from '@lianmai/contract/rest';
import { openStore, type Store } from '../../store/store.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';
import { insertSamples } from './store.ts';

type LiveList = { items: LiveChannel[]; nextCursor: string | null };
const PUBLIC = { key: null };

describe('what is live, over REST', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lianmai-live-'));
  let store: Store;
  let control: TestControl;
  let worker: FakeWorker;
  before(async () => {
    store = await openStore({ dataDir: folder, databaseUrl: null });
    control = await TestControl.start({ store });
    worker = await control.worker('w1');
  });
  after(async () => {
    await control.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const create = async (body: object) =>
    (await control.post<Channel>('/v1/channels', { name: 'x', pushAuth: 'open', ...body })).body;
  const watch = async (stream: string) => (await control.get<LiveChannel>(`/v1/live/${stream}`, PUBLIC)).body;
  const whenState = (stream: string, state: LiveChannel['state']) =>
    until(async () => {
      const shown = await watch(stream);
      return shown.state === state ? shown : null;
    });

  it('tells anybody what a stream is doing: idle, live, interrupted, live again, ended', async () => {
    await create({ name: 'Show', stream: 'show' });
    assert.equal((await watch('show')).state, 'idle');
    const grant = await worker.publish('show', '');
    const live = await whenState('show', 'live');
    assert.ok(live.since);
    assert.deepEqual(
      [live.name, live.playAuth, live.play.flv],
      ['Show', 'open', 'http://live.test:8080/live/show.flv'],
    );
    await worker.vanish('show');
    assert.equal((await whenState('show', 'interrupted')).since, live.since);
    await worker.take('show', { ...grant, worker: 'w1', protocol: 'rtmp', startedAtMs: Date.parse(live.since) });
    assert.equal((await whenState('show', 'live')).since, live.since);
    await worker.end('show', 'unpublished');
    const ended = await whenState('show', 'ended');
    assert.ok(ended.endedAt);
    assert.deepEqual([ended.since, ended.viewers], [null, 0]);
  });

  it('knows no stream that no channel has', async () => {
    const { status, body, headers } = await control.get('/v1/live/nobodys', PUBLIC);
    assert.deepEqual([status, body.error.code], [404, 40400002]);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal((await control.get('/v1/live/..%2Fetc', PUBLIC)).status, 400);
  });

  it('lists what is live and listed, newest first, in pages', async () => {
    const names = ['one', 'two', 'three', 'four'];
    for (const [n, stream] of names.entries()) {
      await create({ stream, listed: stream !== 'two' });
      await worker.publish(stream, '', 1_000_000 + n);
    }
    const everything = await until(async () => {
      const { body } = await control.get<LiveList>('/v1/live', PUBLIC);
      return body.items.length === 3 ? body : null;
    });
    assert.deepEqual(
      everything.items.map(({ stream }) => stream),
      ['four', 'three', 'one'],
    );
    const first = (await control.get<LiveList>('/v1/live?limit=2', PUBLIC)).body;
    assert.deepEqual(
      first.items.map(({ stream }) => stream),
      ['four', 'three'],
    );
    const rest = (await control.get<LiveList>(`/v1/live?limit=2&cursor=${first.nextCursor}`, PUBLIC)).body;
    assert.deepEqual([rest.items.map(({ stream }) => stream), rest.nextCursor], [['one'], null]);
    assert.equal((await control.get('/v1/live?cursor=zzz', PUBLIC)).status, 400);
    assert.equal((await watch('two')).state, 'live');
    for (const stream of names) await worker.end(stream, 'unpublished');
  });

  it('gives no signature to the public', async () => {
    await create({ stream: 'members', playAuth: 'signed' });
    const { playAuth, play } = await watch('members');
    assert.equal(playAuth, 'signed');
    assert.ok(!JSON.stringify(play).includes('txSecret'));
  });

  it('keeps the figures of the last hour and the sessions before', async () => {
    const { id, stream } = await create({ stream: 'history' });
    const idle = (await control.get<ChannelFigures>(`/v1/channels/${id}/figures`)).body;
    assert.deepEqual(idle, { state: 'idle', now: null, samples: [] });
    const grant = await worker.publish(stream, '', Date.now() - 5000);
    await whenState(stream, 'live');
    const sample = {
      viewersByProtocol: '{"flv":2}',
      viewers: 2,
      videoKbps: 800,
      audioKbps: 96,
      fps: 25,
      gopMs: 2000,
      outKbps: 1800,
      framesDropped: 0,
    };
    const at = Date.now() - 20_000;
    await insertSamples(store.db, [
      { channelId: id, at: at - 3_600_000, ...sample },
      { channelId: id, at, ...sample },
    ]);
    worker.report(stream, grant, true, { viewers: { hls: 4 } });
    const figures = await until(async () => {
      const { body } = await control.get<ChannelFigures>(`/v1/channels/${id}/figures`);
      return body.now?.viewers === 4 ? body : null;
    });
    assert.equal(figures.state, 'live');
    assert.deepEqual(figures.samples, [{ ...sample, at: new Date(at).toISOString(), viewersByProtocol: { flv: 2 } }]);

    type Sessions = { items: Session[]; nextCursor: string | null };
    const on = (await control.get<Sessions>(`/v1/channels/${id}/sessions`)).body.items;
    assert.deepEqual(
      on.map((s) => [s.id, s.endedAt, s.endReason]),
      [[grant.sessionId, null, null]],
    );
    await worker.end(stream, 'unpublished');
    await whenState(stream, 'ended');
    await worker.publish(stream, '');
    const [, older] = await until(async () => {
      const { items } = (await control.get<Sessions>(`/v1/channels/${id}/sessions`)).body;
      return items.length === 2 ? items : null;
    });
    assert.deepEqual([older?.id, older?.endReason, older?.protocol], [grant.sessionId, 'unpublished', 'rtmp']);
    assert.ok((older?.durationSeconds ?? 0) >= 5);
    const page = (await control.get<Sessions>(`/v1/channels/${id}/sessions?limit=1`)).body;
    const next = (await control.get<Sessions>(`/v1/channels/${id}/sessions?limit=1&cursor=${page.nextCursor}`)).body;
    assert.deepEqual([next.items[0]?.id, next.nextCursor], [grant.sessionId, null]);
    await worker.end(stream, 'unpublished');
  });

  it('adds up traffic by channel and account', async () => {
    const { id, stream } = await create({ stream: 'busy' });
    const grant = await worker.publish(stream, '');
    await worker.use(grant, 1000);
    await worker.use(grant, 500);
    const channel = (await control.get<Traffic>(`/v1/channels/${id}/traffic`)).body;
    assert.deepEqual([channel.outBytes, channel.inBytes, channel.items.length], [1500, 0, 1]);
    const account = (await control.get<Traffic>('/v1/accounts/default/traffic')).body;
    assert.equal(account.outBytes, 1500);
    const { status, body } = await control.get('/v1/accounts/default/traffic?from=2026-02-30');
    assert.deepEqual([status, body.error.field], [400, 'from']);
    assert.equal((await control.get(`/v1/channels/${id}/traffic?from=yesterday`)).status, 400);
  });

  it('says what the server is', async () => {
    const { body } = await control.get<ServerInfo>('/v1/server', PUBLIC);
    assert.deepEqual(body, {
      name: 'Lianmai',
      version: '1.2.3',
      http: 'http://live.test:8080',
      rtmp: 'rtmp://live.test',
      rtmps: null,
      features: { webrtc: true, hls: true, flv: true, rtmp: true },
      publishGraceMs: 7000,
    });
  });
});
