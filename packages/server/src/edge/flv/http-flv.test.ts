import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { audio, audioConfig, video, videoConfig } from '../hub/testing/frames.ts';
import { FlvServer } from './testing/flv-server.ts';

const GET = 'GET /live/show.flv HTTP/1.1\r\nHost: x\r\n\r\n';

function begin({ stream }: FlvServer): void {
  for (const frame of [videoConfig(), audioConfig(), video('key', 0), audio(10), video('inter', 40)])
    stream.write(frame, frame.dts);
}

test('a viewer gets head and GOP, then the frames as they come, and a clean end', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const client = server.get(GET);
  await client.frames(5);
  server.stream.write(video('inter', 80), 80);
  assert.deepEqual(await client.frames(6), [
    'avcC',
    'ASC',
    'key 0 @1000',
    'audio 10 @1010',
    'inter 40 @1040',
    'inter 80 @1080',
  ]);
  assert.match(client.head ?? '', /^HTTP\/1\.1 200 OK\r\n/);
  for (const header of [
    'content-type: video/x-flv',
    'cache-control: no-store',
    'access-control-allow-origin: *',
    'connection: close',
  ])
    assert.ok(client.head?.toLowerCase().includes(header), header);
  server.stream.write(video('inter', 120), 120);
  server.stream.end('unpublished');
  await client.ended();
  assert.equal(client.flv.told.at(-1), 'inter 120 @1120');
});

test('the first bytes leave in the turn of the request', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const client = server.get(GET);
  while (server.requests === 0) await setImmediate();
  assert.ok((server.sockets[0]?.bytesWritten ?? 0) > 300);
  await client.frames(5);
});

test('clients of HTTP/1.0 and of another HTTP library are served alike', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const old = server.get('GET /live/show.flv HTTP/1.0\r\n\r\n');
  await old.frames(5);
  const [response] = await once(get({ port: server.port, path: '/live/show.flv' }), 'response');
  assert.equal(response.statusCode, 200);
  server.stream.end('unpublished');
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  assert.ok(bytes > 100);
});

test('HEAD gets the head alone', async () => {
  await using server = await new FlvServer().listen();
  const client = server.get('HEAD /live/show.flv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await client.ended();
  assert.match(client.head ?? '', /^HTTP\/1\.1 200 .*video\/x-flv/s);
  assert.equal(server.fanouts.viewers, 0);
});

test('the HTTP server keeps nothing of a request that is answered at once', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const client = server.get(GET);
  await client.frames(5);
  const socket = server.sockets[0] as { parser?: unknown; _httpMessage?: unknown } | undefined;
  assert.deepEqual([socket?.parser === null, socket?._httpMessage === null], [true, true]);
});

for (const late of [false, true]) {
  test(`requests sent after one that is answered ${late ? 'later' : 'at once'} are not answered into the stream`, async () => {
    await using server = await new FlvServer().listen();
    server.late = late;
    begin(server);
    const client = server.get(GET + GET);
    await client.frames(5);
    client.socket.write(GET);
    server.stream.write(video('inter', 80), 80);
    await client.frames(6);
    assert.equal(server.requests, 2);
    assert.equal(server.refused.length, 1);
    client.socket.end();
    server.stream.end('unpublished');
    await client.closed();
  });
}

test('a viewer that talks too much is cut off, one that goes is forgotten', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const [talker, leaver] = [server.get(GET), server.get(GET)];
  await Promise.all([talker.frames(5), leaver.frames(5)]);
  assert.equal(server.fanouts.viewers, 2);
  talker.socket.write(Buffer.alloc(100_000));
  leaver.socket.destroy();
  await talker.closed();
  while (server.fanouts.viewers > 0) await setImmediate();
});

test('a viewer may leave out a track', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const sound = server.get(GET.replace('.flv', '.flv?onlyAudio=1'));
  const picture = server.get(GET.replace('.flv', '.flv?a=b&onlyVideo=1'));
  assert.deepEqual(await picture.frames(3), ['avcC', 'key 0 @1000', 'inter 40 @1040']);
  assert.equal(picture.flv.flags, 1);
  server.stream.write(audio(50), 50);
  assert.deepEqual((await sound.frames(3)).slice(-2), ['audio 10 @1010', 'audio 50 @1050']);
  assert.equal(sound.flv.flags, 4);
});

test('a viewer that read slowly gets everything up to the end, then the connection is closed', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const client = server.get(GET);
  await client.frames(5);
  client.socket.pause();
  for (let i = 2; i < 12; i++) server.stream.write(video('inter', i * 40, 'x'.repeat(80_000)), i * 40);
  server.stream.end('unpublished');
  while (server.fanouts.viewers > 0) await setImmediate();
  client.socket.resume();
  await client.ended();
  assert.equal(client.flv.frames.length, 15);
  await client.closed();
  while (!server.sockets[0]?.destroyed) await setImmediate();
});
