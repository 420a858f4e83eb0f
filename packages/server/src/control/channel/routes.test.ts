import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Channel, SignedUrls } from '@lianmai/contract/rest';
import type { Static } from 'typebox';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

type List = { items: Channel[]; nextCursor: string | null };

describe('channels over REST', () => {
  let control: TestControl;
  before(async () => {
    control = await TestControl.start();
  });
  after(() => control.close());
  const create = async (body: object): Promise<Channel> => {
    const answer = await control.post<Channel>('/v1/channels', body);
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  };

  it('are made with signed push and open play URLs', async () => {
    const channel = await create({ name: 'Morning 早', stream: 'morning' });
    const { id, createdAt, push, ...rest } = channel;
    assert.match(id, /^ch_/);
    assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      appId: 'default',
      accountId: 'default',
      name: 'Morning 早',
      stream: 'morning',
      state: 'idle',
      program: { source: 'direct', mixId: null, picture: null },
      fallbackPicture: null,
      pushAuth: 'signed',
      playAuth: 'open',
      listed: true,
      play: {
        rtmp: 'rtmp://live.test/live/morning',
        flv: 'http://live.test:8080/live/morning.flv',
        wsFlv: 'ws://live.test:8080/live/morning.flv',
        hls: 'http://live.test:8080/live/morning.m3u8',
        whep: 'http://live.test:8080/live/morning.whep',
        watch: 'http://live.test:8080/watch/morning',
        expiresAt: null,
      },
    });
    assert.match(push.rtmp, /^rtmp:\/\/live\.test\/live\/morning\?txSecret=[0-9a-f]{32}&txTime=[0-9A-F]+$/);
    assert.match(push.whip, /^http:\/\/live\.test:8080\/live\/morning\.whip\?txSecret=/);
  });

  it('get an unguessable stream name when none is given', async () => {
    const [a, b] = [await create({ name: 'a' }), await create({ name: 'a' })];
    assert.match(a.stream, /^[0-9a-z]{16}$/);
    assert.notEqual(a.stream, b.stream);
  });

  it('are read, found by stream, listed newest first, changed and deleted', async () => {
    const { id } = await create({ name: 'short-lived', stream: 'short-lived' });
    assert.equal((await control.get<Channel>(`/v1/channels/${id}`)).body.name, 'short-lived');
    assert.equal((await control.get<List>('/v1/channels?stream=short-lived')).body.items[0]?.id, id);
    assert.equal((await control.get<List>('/v1/channels?limit=1')).body.items[0]?.id, id);

    const changed = await control.patch<Channel>(`/v1/channels/${id}`, {
      name: 'other',
      pushAuth: 'open',
      playAuth: 'signed',
      listed: false,
    });
    assert.equal(changed.status, 200);
    const { name, pushAuth, playAuth, listed, push, play } = changed.body;
    assert.deepEqual(
      { name, pushAuth, playAuth, listed },
      { name: 'other', pushAuth: 'open', playAuth: 'signed', listed: false },
    );
    assert.equal(push.rtmp, 'rtmp://live.test/live/short-lived');
    assert.match(play.hls, /short-lived\.m3u8\?txSecret=/);
    assert.equal((await control.patch<Channel>(`/v1/channels/${id}`, {})).body.name, 'other');

    const deleted = await control.delete(`/v1/channels/${id}`);
    assert.deepEqual([deleted.status, deleted.text], [204, '']);
    for (const call of [
      control.get(`/v1/channels/${id}`),
      control.patch(`/v1/channels/${id}`, { name: 'x' }),
      control.delete(`/v1/channels/${id}`),
      control.post(`/v1/channels/${id}/disconnect`),
      control.post(`/v1/channels/${id}/urls`, {}),
      control.get(`/v1/channels/${id}/figures`),
      control.get(`/v1/channels/${id}/sessions`),
      control.get(`/v1/channels/${id}/traffic`),
    ]) {
      const { status, body } = await call;
      assert.deepEqual([status, body.error.code, body.error.name], [404, 40400002, 'CHANNEL_NOT_FOUND']);
    }
  });

  it('give play URLs other keys than push URLs, so that no viewer can push', async () => {
    const channel = await create({ name: 'x', playAuth: 'signed' });
    const query = (url: string) => url.split('?')[1] ?? '';
    const app = await control.get<{ pushKeys: { main: string }; playKeys: { main: string } }>('/v1/apps/default');
    const fits = (url: string, key: string) =>
      verifyTxSignature({ keys: [key], stream: channel.stream, query: query(url), nowMs: Date.now() });
    assert.equal(fits(channel.push.rtmp, app.body.pushKeys.main), 'ok');
    assert.equal(fits(channel.play.flv, app.body.playKeys.main), 'ok');
    assert.equal(fits(channel.play.flv, app.body.pushKeys.main), 'wrong');
  });

  it('give fresh URLs that last as long as asked', async () => {
    const { id } = await create({ name: 'x' });
    const answer = await control.post<Static<typeof SignedUrls>>(`/v1/channels/${id}/urls`, { expiresInSeconds: 60 });
    const left = Date.parse(answer.body.push.expiresAt ?? '') - Date.now();
    assert.ok(left > 50_000 && left <= 60_000, String(left));
    const byDefault = await control.post<Static<typeof SignedUrls>>(`/v1/channels/${id}/urls`);
    assert.ok(Date.parse(byDefault.body.push.expiresAt ?? '') - Date.now() > 29 * 86_400_000);
    const short = await create({ name: 'x', expiresInSeconds: 5 });
    assert.ok(Date.parse(short.push.expiresAt ?? '') - Date.now() <= 5000);
  });

  it('are listed in pages', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await create({ name: `page ${n}` })).id);
    const seen: string[] = [];
    let path = '/v1/channels?limit=2';
    while (seen.length < 5) {
      const { body } = await control.get<List>(path);
      seen.push(...body.items.map(({ id }) => id));
      assert.ok(body.nextCursor);
      path = `/v1/channels?limit=2&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    assert.deepEqual(seen.slice(0, 5), made);
    const all = await control.get<List>('/v1/channels?limit=200');
    assert.equal(all.body.nextCursor, null);
  });

  it('refuse what is not a channel, and name the field', async () => {
    const taken = await create({ name: 'x', stream: 'taken' });
    assert.ok(taken);
    const cases: [unknown, number, string, string | undefined][] = [
      [{}, 400, 'BAD_REQUEST', 'name'],
      [undefined, 400, 'BAD_REQUEST', 'name'],
      [{ name: 1 }, 400, 'BAD_REQUEST', 'name'],
      [{ name: '' }, 400, 'BAD_REQUEST', 'name'],
      [{ name: '   ' }, 400, 'BAD_REQUEST', 'name'],
      [{ name: 'a\u0000b' }, 400, 'BAD_REQUEST', 'name'],
      [{ name: 'a\nb' }, 400, 'BAD_REQUEST', 'name'],
      [{ name: 'x'.repeat(101) }, 400, 'BAD_REQUEST', 'name'],
      [{ name: 'x', stream: 'with space' }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: '.hidden' }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: '../up' }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: 'x'.repeat(129) }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: '' }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: 'line\n' }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: null }, 400, 'BAD_REQUEST', 'stream'],
      [{ name: 'x', stream: 'taken' }, 409, 'CONFLICT', 'stream'],
      [{ name: 'x', listed: 'true' }, 400, 'BAD_REQUEST', 'listed'],
      [{ name: 'x', pushAuth: 'none' }, 400, 'BAD_REQUEST', 'pushAuth'],
      [{ name: 'x', expiresInSeconds: 0 }, 400, 'BAD_REQUEST', 'expiresInSeconds'],
      [{ name: 'x', expiresInSeconds: 1e12 }, 400, 'BAD_REQUEST', 'expiresInSeconds'],
      [{ name: 'x', state: 'live' }, 400, 'BAD_REQUEST', 'state'],
      [{ name: 'x', id: 'ch_mine' }, 400, 'BAD_REQUEST', 'id'],
      [{ name: 'x', constructor: {} }, 400, 'BAD_REQUEST', 'constructor'],
      [{ name: 'x', 'a/b~c': 1 }, 400, 'BAD_REQUEST', 'a~1b~0c'],
      [{ name: 'x', appId: 'app_unknown' }, 404, 'NOT_FOUND', 'appId'],
      [[], 400, 'BAD_REQUEST', undefined],
      ['null', 400, 'BAD_REQUEST', undefined],
      ['"text"', 400, 'BAD_REQUEST', undefined],
    ];
    for (const [body, status, name, field] of cases) {
      const answer = await control.post('/v1/channels', body);
      const { error } = answer.body;
      assert.deepEqual([answer.status, error.name, error.field], [status, name, field], JSON.stringify(body));
      assert.ok(error.requestId);
    }
  });

  it('refuse unknown and ill-typed parts of a query', async () => {
    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=ten', 'limit'],
      ['limit=1.5', 'limit'],
      ['limit=', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['offset=3', 'offset'],
      ['cursor=nonsense', 'cursor'],
      [`cursor=${'x'.repeat(257)}`, 'cursor'],
      [`cursor=${Buffer.from("1.a' or 1=1").toString('base64url')}`, 'cursor'],
      ['appId=a%00b', 'appId'],
    ] as const) {
      const { status, body } = await control.get(`/v1/channels?${query}`);
      assert.deepEqual([status, body.error.field], [400, field], query);
    }
    for (const id of ['a%00b', '%27', 'x'.repeat(65)]) {
      const { status, body } = await control.get(`/v1/channels/${id}`);
      assert.deepEqual([status, body.error.field], [400, 'id'], id);
    }
  });

  it('show what they carry while live', async () => {
    const { id, stream, push } = await create({ name: 'on air', stream: 'on-air' });
    const worker = await control.worker('w-figures');
    const grant = await worker.publish(stream, push.rtmp.split('?')[1] ?? '');
    worker.report(stream, grant, true, {
      video: { codec: 'h264', width: 1280, height: 720, fps: 25, bitrateKbps: 800, profile: 'high', gopMs: 2000 },
      audio: { codec: 'aac', sampleRate: 44_100, channels: 2, bitrateKbps: 128 },
      viewers: { flv: 2 },
    });
    const other = await control.worker('w-viewers');
    other.report(stream, grant, false, { viewers: { flv: 1, hls: 4 } });
    const live = await until(async () => {
      const { body } = await control.get<Channel>(`/v1/channels/${id}`);
      return body.viewers === 7 ? body : null;
    });
    assert.equal(live.state, 'live');
    assert.equal(live.source, 'direct');
    assert.equal(live.protocol, 'rtmp');
    assert.deepEqual(
      [live.video?.codec, live.video?.width, live.video?.fps, live.audio?.codec],
      ['h264', 1280, 25, 'aac'],
    );
    assert.equal(live.bitrateKbps, 928);
    assert.deepEqual(live.viewersByProtocol, { flv: 3, hls: 4 });
    await worker.vanish(stream);
    const gone = await until(async () => {
      const { body } = await control.get<Channel>(`/v1/channels/${id}`);
      return body.state === 'interrupted' ? body : null;
    });
    assert.deepEqual([gone.video, gone.viewers], [null, 7]);
  });

  it('lose their publisher when told, and answer when it is gone', async () => {
    const { id, stream, push } = await create({ name: 'noisy' });
    const worker = await control.worker('w-noisy');
    const query = push.rtmp.split('?')[1] ?? '';
    await worker.publish(stream, query);
    await until(async () => (await control.get<Channel>(`/v1/channels/${id}`)).body.state === 'live');
    const answer = await control.post<Channel>(`/v1/channels/${id}/disconnect`);
    assert.deepEqual([answer.status, answer.body.state], [200, 'idle']);
    assert.deepEqual(worker.disconnects, [{ stream, reason: 'disconnected' }]);
    const again = await control.post(`/v1/channels/${id}/disconnect`);
    assert.deepEqual([again.status, again.body.error.code], [404, 40400003]);
    await worker.publish(stream, query);
    await worker.vanish(stream);
    await until(async () => (await control.get<Channel>(`/v1/channels/${id}`)).body.state === 'interrupted');
    assert.equal((await control.post<Channel>(`/v1/channels/${id}/disconnect`)).body.state, 'idle');
  });
});
