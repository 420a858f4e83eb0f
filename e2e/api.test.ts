import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { push } from './peers/ffmpeg.ts';
import { FlvClient } from './peers/flv-client.ts';
import { type Channel, type ErrorAnswer, Rest } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
});
after(() => lianmai?.stop());

describe('REST as the world sees it', () => {
  it('describes itself: OpenAPI with the calls of the contract, and pages to browse it', async () => {
    const { status, body } = await lianmai.rest.call<{ openapi: string; paths: Record<string, unknown> }>(
      'GET',
      '/v1/openapi.json',
    );
    assert.equal(status, 200);
    assert.match(body.openapi, /^3\./);
    for (const path of [
      '/v1/channels',
      '/v1/channels/{id}',
      '/v1/channels/{id}/disconnect',
      '/v1/accounts',
      '/v1/apps',
    ])
      assert.ok(body.paths[path], path);
    const docs = await fetch(`${lianmai.http}/docs`);
    assert.equal(docs.status, 200);
    assert.match(docs.headers.get('content-type') ?? '', /text\/html/);
  });

  it('makes, shows, lists, changes and deletes channels', async () => {
    const made = await lianmai.rest.call<Channel>('POST', '/v1/channels', { name: 'First', stream: 'first' });
    assert.equal(made.status, 201);
    assert.equal(made.body.state, 'idle');
    assert.match(
      made.body.push.rtmp,
      new RegExp(`^rtmp://127\\.0\\.0\\.1:${lianmai.rtmpPort}/live/first\\?txSecret=[0-9a-f]{32}&txTime=[0-9A-F]+$`),
    );
    assert.equal(made.body.play.flv, `${lianmai.http}/live/first.flv`);
    assert.equal(made.body.play.hls, `${lianmai.http}/live/first.m3u8`);
    assert.equal(`${made.body.push.server}/${made.body.push.streamKey}`, made.body.push.rtmp);

    const changed = await lianmai.rest.ok<Channel>('PATCH', `/v1/channels/${made.body.id}`, { name: 'Renamed' });
    assert.equal(changed.name, 'Renamed');
    const twice = await lianmai.rest.call<ErrorAnswer>('POST', '/v1/channels', { name: 'Twin', stream: 'first' });
    assert.equal(twice.status, 409);

    await Promise.all(['p1', 'p2', 'p3', 'p4', 'p5'].map((stream) => lianmai.rest.createChannel(stream)));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `?limit=2&cursor=${encodeURIComponent(cursor)}` : '?limit=2';
      const page: { items: Channel[]; nextCursor: string | null } = await lianmai.rest.ok(
        'GET',
        `/v1/channels${query}`,
      );
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map(({ stream }) => stream));
      cursor = page.nextCursor;
    } while (cursor);
    assert.equal(new Set(seen).size, seen.length);
    for (const stream of ['first', 'p1', 'p5']) assert.ok(seen.includes(stream), stream);

    const gone = await lianmai.rest.call('DELETE', `/v1/channels/${made.body.id}`);
    assert.equal(gone.status, 204);
    const missing = await lianmai.rest.call<ErrorAnswer>('GET', `/v1/channels/${made.body.id}`);
    assert.deepEqual([missing.status, missing.body.error.name], [404, 'CHANNEL_NOT_FOUND']);
  });

  it('deleting a live channel ends its stream', async () => {
    const channel = await lianmai.rest.createChannel('deleted');
    await using publisher = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    await lianmai.rest.call('DELETE', `/v1/channels/${channel.id}`);
    assert.equal(await player.ended(5000), 'clean');
    await publisher.ended();
  });

  it('nobody without the key gets in, and errors name themselves', async () => {
    const stranger = new Rest(lianmai.http, 'not-the-key-0123456789');
    const refused = await stranger.call<ErrorAnswer>('GET', '/v1/channels');
    assert.deepEqual([refused.status, refused.body.error.code], [401, 40100001]);
    const nothing = await fetch(`${lianmai.http}/v1/channels`);
    assert.equal(nothing.status, 401);
    const nowhere = await lianmai.rest.call<ErrorAnswer>('GET', '/v1/nothing-here');
    assert.deepEqual([nowhere.status, nowhere.body.error.name], [404, 'NOT_FOUND']);
    const account = await lianmai.rest.call<ErrorAnswer>('GET', '/v1/accounts/nobody');
    assert.deepEqual([account.status, account.body.error.code], [404, 1002]);
    for (const { body } of [refused, nowhere, account]) {
      assert.equal(typeof body.error.message, 'string');
      assert.ok(body.error.requestId);
    }
  });

  it('a live channel shows its figures, and traffic is metered', async () => {
    const account = await lianmai.rest.ok<{ id: string }>('POST', '/v1/accounts', { name: 'metered' });
    const app = await lianmai.rest.ok<{ id: string }>('POST', '/v1/apps', { accountId: account.id, name: 'metered' });
    const channel = await lianmai.rest.createChannel('metered', { appId: app.id });
    await using _publisher = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    await player.more(75, 9);
    const live = await until('figures', async () => {
      const now = await lianmai.rest.channel(channel.id);
      return now.video && now.video.fps > 20 && now.viewersByProtocol?.['flv'] === 1 ? now : null;
    });
    assert.ok(live.video && Math.abs(live.video.fps - 25) < 4, `${live.video?.fps} fps`);
    assert.ok(Math.abs(live.video.gopMs - 1000) < 150, `${live.video.gopMs} ms from key frame to key frame`);
    assert.ok(live.video.bitrateKbps > 100);
    assert.equal(live.viewers, 1);
    await until('its traffic is metered', async () => {
      const now = await lianmai.rest.ok<{ trafficUsedBytes: number }>('GET', `/v1/accounts/${account.id}`);
      return now.trafficUsedBytes > 50_000;
    });
  });
});
