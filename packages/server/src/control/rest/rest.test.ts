import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { OPERATOR_KEY, TestControl } from '../testing/test-control.ts';
import { RATE_LIMITS } from './access.ts';

describe('REST', () => {
  let control: TestControl;
  before(async () => {
    control = await TestControl.start();
  });
  after(() => control.close());

  it('lets pages of other sites make the calls of users, and no others', async () => {
    const origin = { headers: { origin: 'https://shop.example' }, key: null };
    for (const [path, allow] of [
      ['/v1/rooms', 'POST, GET, HEAD'],
      ['/v1/rooms/room_1', 'DELETE, GET, HEAD, PATCH'],
      ['/v1/users/login', 'POST'],
    ] as const) {
      const { status, headers } = await control.call('OPTIONS', path, undefined, origin);
      assert.deepEqual([status, headers['access-control-allow-methods']], [204, allow], path);
      assert.match(String(headers['access-control-allow-headers']), /authorization/);
      assert.equal(headers['access-control-allow-origin'], '*');
    }
    // Errors too: the page must be able to read them.
    for (const path of ['/v1/rooms', '/v1/rooms/nothing', '/v1/users/me'])
      assert.equal((await control.get(path, origin)).headers['access-control-allow-origin'], '*', path);
    for (const path of ['/v1/channels', '/v1/accounts', '/v1/apps/default'])
      assert.equal((await control.get(path, origin)).headers['access-control-allow-origin'], undefined, path);
  });

  it('asks for a key', async () => {
    for (const key of [null, 'wrong', '', 'lm_app_0000000000000000000000000000000000000000', `${OPERATOR_KEY}x`]) {
      const { status, headers, body } = await control.get('/v1/channels', { key });
      assert.deepEqual([status, body.error.code, body.error.name], [401, 40100001, 'UNAUTHENTICATED']);
      assert.equal(headers['www-authenticate'], 'Bearer');
    }
  });

  it('asks for the key before it looks at the body', async () => {
    const { status } = await control.post('/v1/channels', '{broken', { key: null });
    assert.equal(status, 401);
  });

  it('answers every error in one shape, with the id that the header has', async () => {
    const cases: [Promise<{ status: number; headers: object; body: unknown }>, number, string][] = [
      [control.get('/v1/nothing'), 404, 'NOT_FOUND'],
      [control.get('/v1/channels/ch_no'), 404, 'CHANNEL_NOT_FOUND'],
      [control.call('PUT', '/v1/channels'), 405, 'METHOD_NOT_ALLOWED'],
      [control.call('OPTIONS', '/v1/channels'), 405, 'METHOD_NOT_ALLOWED'],
      [
        control.post('/v1/channels', 'name=x', { headers: { 'content-type': 'text/plain' } }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        control.post('/v1/channels', 'name=x', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [control.post('/v1/channels', '{"name":'), 400, 'BAD_REQUEST'],
      [control.post('/v1/channels', '{"name":"x","__proto__":{"admin":true}}'), 400, 'BAD_REQUEST'],
      [control.post('/v1/channels', '{"name":"x","constructor":{"prototype":{"admin":true}}}'), 400, 'BAD_REQUEST'],
      [control.post('/v1/channels', { name: 'x'.repeat(70_000) }), 413, 'TOO_LARGE'],
      [control.get('/v1/channels/%E0%A4%A'), 400, 'BAD_REQUEST'],
      [control.get(`/v1/channels/${'x'.repeat(400)}`), 414, 'URI_TOO_LONG'],
    ];
    for (const [call, status, name] of cases) {
      const answer = await call;
      const { error, ...rest } = answer.body as { error: { name: string; message: string; requestId: string } };
      assert.deepEqual([answer.status, error.name], [status, name]);
      assert.deepEqual(rest, {});
      assert.ok(error.message.length > 10);
      assert.equal((answer.headers as Record<string, string>)['x-request-id'], error.requestId);
      assert.match((answer.headers as Record<string, string>)['content-type'] ?? '', /^application\/json/);
    }
    assert.equal(({} as { admin?: boolean }).admin, undefined);
  });

  it('says which methods an address has', async () => {
    assert.equal((await control.call('PUT', '/v1/channels')).headers.allow, 'GET, HEAD, POST');
    assert.equal((await control.call('POST', '/v1/channels/ch_x')).headers.allow, 'GET, HEAD, PATCH, DELETE');
    assert.equal((await control.call('DELETE', '/v1/live', undefined, { key: null })).status, 405);
  });

  it('takes a JSON header without a body', async () => {
    const headers = { 'content-type': 'application/json' };
    assert.equal((await control.call('DELETE', '/v1/channels/ch_no', undefined, { headers })).status, 404);
    assert.equal((await control.call('POST', '/v1/apps/default/push-keys/rotate', '', { headers })).status, 200);
  });

  it('answers bytes that are no HTTP, and headers without end, with an error and a close', async () => {
    for (const [bytes, status] of [
      ['\x03\x00\x00\x00 this is RTMP, not HTTP\r\n\r\n', 400],
      [`GET /v1/live HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(20_000)}\r\n\r\n`, 413],
    ] as const) {
      const socket = connect(control.socketPath);
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk));
      socket.on('error', () => {});
      socket.write(bytes);
      await once(socket, 'close');
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answer, /"error":\{"code":4/);
    }
  });

  it('reads on behind a body that it refused as too large, so that the answer is not lost in a broken connection', async () => {
    const socket = connect(control.socketPath);
    let answers = '';
    const answered = (status: number) =>
      new Promise<void>((resolve, reject) => {
        socket.on('close', () => reject(new Error(`closed after: ${answers}`)));
        socket.on('data', (chunk: Buffer) => {
          answers += chunk;
          if (answers.includes(`HTTP/1.1 ${status} `)) resolve();
        });
      });
    const head = `host: x\r\nauthorization: Bearer ${OPERATOR_KEY}\r\n`;
    const body = Buffer.alloc(3 << 20, 'x');
    const refused = answered(413);
    socket.write(`POST /v1/channels HTTP/1.1\r\n${head}content-type: application/json\r\n`);
    socket.write(`content-length: ${body.length}\r\n\r\n`);
    await refused;
    const next = answered(200);
    socket.write(body);
    socket.write(`GET /v1/channels HTTP/1.1\r\n${head}\r\n`);
    await next;
    socket.destroy();
  });

  it('keeps the connection over a body that it cannot read: its client may still be writing the end of it', async () => {
    const { status, headers } = await control.post('/v1/channels', '{"name":');
    assert.equal(status, 400);
    assert.notEqual(headers.connection, 'close');
  });

  it('is kept out of caches, frames and sniffing', async () => {
    const { headers } = await control.get('/v1/channels');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers['strict-transport-security'], undefined);
  });

  it('is not opened to other users of the machine', () => {
    assert.equal(statSync(control.socketPath).mode & 0o777, 0o600);
  });
});

describe('REST floods', () => {
  let control: TestControl;
  before(async () => {
    control = await TestControl.start({ limits: { ...RATE_LIMITS, perKey: 6, perAddress: 3 } });
  });
  after(() => control.close());
  const from = (address: string, key: string | null = null, path = '/v1/live') =>
    control.get(path, { key, headers: { 'x-forwarded-for': address } });

  it('are stopped per address, also when keys are guessed and addresses made up', async () => {
    const statuses: number[] = [];
    for (const [address, key, path] of [
      ['203.0.113.1', null, '/v1/live'],
      ['9.9.9.9, 203.0.113.1', 'guess-one-of-many-keys', '/v1/channels'],
      ['8.8.8.8,203.0.113.1', 'guess-two-of-many-keys', '/v1/nothing'],
      ['7.7.7.7, 203.0.113.1', 'guess-three', '/v1/channels'],
      ['203.0.113.1', null, '/v1/nothing'],
    ] as const)
      statuses.push((await from(address, key, path)).status);
    assert.deepEqual(statuses, [200, 401, 404, 429, 429]);
    assert.equal((await from('203.0.113.2')).status, 200);
  });

  it('tell when to come back', async () => {
    for (let n = 0; n < 3; n++) await from('203.0.113.3');
    const { status, headers, body } = await from('203.0.113.3');
    assert.deepEqual([status, body.error.code, body.error.name], [429, 42900001, 'RATE_LIMITED']);
    assert.ok(Number(headers['retry-after']) > 0);
  });

  it('of one IPv6 network count together', async () => {
    for (let n = 0; n < 3; n++) await from(`2001:db8:1:1::${n + 1}`);
    assert.equal((await from('2001:db8:1:1::99')).status, 429);
    assert.equal((await from('2001:db8:1:2::1')).status, 200);
  });

  it('by a key count for the key, not for the address', async () => {
    for (let n = 0; n < 6; n++) assert.equal((await from(`203.0.113.${n + 10}`, OPERATOR_KEY)).status, 200);
    assert.equal((await from('203.0.113.50', OPERATOR_KEY)).status, 429);
    assert.equal((await from('203.0.113.10')).status, 200);
  });
});
