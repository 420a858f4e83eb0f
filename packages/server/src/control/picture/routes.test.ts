import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ErrorBody } from '@lianmai/contract';
import type { Picture } from '@lianmai/contract/rest';
import { OPERATOR_KEY, TestControl } from '../testing/test-control.ts';

/** As much of a PNG as says how large it is. */
function png(width: number, height: number, more = 0): Buffer {
  const bytes = Buffer.alloc(60 + more);
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 0, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes.writeUInt32BE(1000, 33);
  bytes.write('IDAT', 37);
  return bytes;
}

describe('pictures over REST', () => {
  let control: TestControl;
  before(async () => {
    control = await TestControl.start();
  });
  after(() => control.close());

  /** Sends and fetches bytes as they are. */
  function send(
    method: string,
    path: string,
    {
      body,
      key = OPERATOR_KEY,
      headers = {},
    }: { body?: Buffer; key?: string | null; headers?: Record<string, string> } = {},
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      headers: Record<string, unknown>;
      bytes: Buffer;
      json: Picture & ErrorBody;
    }>();
    const outgoing = request(
      {
        socketPath: control.socketPath,
        method,
        path,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body ? { 'content-type': 'image/png', 'content-length': String(body.length) } : {}),
          ...headers,
        },
      },
      async (incoming) => {
        const parts: Buffer[] = [];
        for await (const part of incoming) parts.push(part);
        const bytes = Buffer.concat(parts);
        const isJson = incoming.headers['content-type']?.includes('json');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          bytes,
          json: isJson ? JSON.parse(String(bytes)) : null,
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  }
  const upload = (body: Buffer, key: string | null = OPERATOR_KEY, headers: Record<string, string> = {}) =>
    send('POST', '/v1/pictures', { body, key, headers });
  const appKey = async () => {
    const app = (await control.post<{ id: string }>('/v1/apps', { accountId: 'default', name: 'x' })).body;
    const made = await control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    return { appId: app.id, key: made.body.key };
  };

  it('are kept by their content and served to all, for ever', async () => {
    const bytes = png(640, 360);
    const { status, json } = await upload(bytes);
    assert.equal(status, 201);
    assert.match(json.id, /^pic_[0-9a-f]{40}$/);
    assert.deepEqual([json.type, json.width, json.height, json.bytes], ['image/png', 640, 360, bytes.length]);
    assert.equal(json.url, `http://live.test:8080/v1/pictures/${json.id}`);
    const again = (await upload(bytes)).json;
    assert.deepEqual([again.id, again.createdAt], [json.id, json.createdAt]);
    const served = await send('GET', `/v1/pictures/${json.id}`, { key: null });
    assert.ok(served.bytes.equals(bytes));
    assert.equal(served.headers['content-type'], 'image/png');
    assert.equal(served.headers['x-content-type-options'], 'nosniff');
    assert.match(String(served.headers['cache-control']), /public.*immutable/);
    assert.equal(served.headers['cross-origin-resource-policy'], 'cross-origin');
    const known = await send('GET', `/v1/pictures/${json.id}`, {
      key: null,
      headers: { 'if-none-match': String(served.headers['etag']) },
    });
    assert.deepEqual([known.status, known.bytes.length], [304, 0]);
    assert.equal((await send('HEAD', `/v1/pictures/${json.id}`, { key: null })).status, 200);
  });

  it('are what their bytes say, not what the caller says', async () => {
    const octets = await upload(png(2, 2), OPERATOR_KEY, { 'content-type': 'application/octet-stream' });
    assert.deepEqual([octets.status, octets.json.type], [201, 'image/png']);
    const table: [string, Buffer, number, string][] = [
      [
        'a script',
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      ['nothing', Buffer.alloc(0), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['no size', png(0, 10), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['too wide', png(4097, 10), 413, 'TOO_LARGE'],
      ['too high', png(10, 100_000), 413, 'TOO_LARGE'],
      ['too many bytes', png(10, 10, 5 << 20), 413, 'TOO_LARGE'],
    ];
    for (const [what, body, status, name] of table) {
      const answer = await upload(body);
      assert.deepEqual([answer.status, answer.json.error.name], [status, name], what);
    }
    const large = await upload(png(10, 10, 5 << 20));
    assert.match(large.json.error.message, /5 MB/);
    assert.equal((await upload(png(4096, 4096, (5 << 20) - 60))).status, 201);
  });

  it('are no way to send JSON calls a picture, nor this call JSON', async () => {
    assert.equal((await control.post('/v1/pictures', { a: 1 })).body.error.name, 'UNSUPPORTED_MEDIA_TYPE');
    const elsewhere = await send('POST', '/v1/channels', { body: png(2, 2) });
    assert.equal(elsewhere.status, 415);
    assert.equal((await upload(png(3, 3), null)).status, 401);
    assert.equal((await send('GET', '/v1/pictures/pic_1', { key: null })).status, 400);
    assert.equal((await send('GET', `/v1/pictures/pic_${'0'.repeat(40)}`, { key: null })).status, 404);
  });

  it('belong to the app that uploaded them; the last to let go takes the bytes along', async () => {
    const [one, other] = [await appKey(), await appKey()];
    const bytes = png(77, 33);
    const { json } = await upload(bytes, one.key);
    assert.equal(json.appId, one.appId);
    const path = `/v1/pictures/${json.id}`;
    assert.equal((await control.delete(path, { key: other.key })).status, 404);
    assert.equal((await upload(bytes, other.key)).json.appId, other.appId);
    const list = await control.get<{ items: Picture[] }>('/v1/pictures', { key: other.key });
    assert.deepEqual(
      list.body.items.map(({ id }) => id),
      [json.id],
    );
    assert.equal((await control.delete(path, { key: one.key })).status, 204);
    assert.equal((await send('GET', path, { key: null })).status, 200);
    assert.equal((await control.delete(path, { key: other.key })).status, 204);
    assert.equal((await send('GET', path, { key: null })).status, 404);
    assert.ok(!existsSync(join(control.folder, 'storage', 'pictures', json.id)));
  });

  it('may be uploaded by users, on the account of their app, twenty an hour', async () => {
    const { body } = await control.post<{ token: string }>('/v1/users/token', { userId: 'anna' });
    for (let n = 0; n < 20; n++) {
      const { status, json } = await send('POST', '/v1/pictures', { body: png(64, 64, n + 500), key: body.token });
      assert.deepEqual([status, json.appId], [201, 'default']);
    }
    const more = await send('POST', '/v1/pictures', { body: png(64, 64, 999), key: body.token });
    assert.deepEqual([more.status, more.json.error.name], [429, 'RATE_LIMITED']);
    for (const [method, path] of [
      ['GET', '/v1/pictures'],
      ['DELETE', '/v1/pictures/x'],
    ] as const)
      assert.equal((await send(method, path, { key: body.token })).status, 403);
  });
});
