import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { video, videoConfig } from '../hub/testing/frames.ts';
import { FlvServer, FlvText } from './testing/flv-server.ts';

async function open(
  server: FlvServer,
): Promise<{ client: WebSocket; flv: FlvText; frames(count: number): Promise<void> }> {
  const client = new WebSocket(`ws://127.0.0.1:${server.port}/live/show.flv`, { perMessageDeflate: false });
  const flv = new FlvText();
  client.on('message', (data: Buffer, isBinary) => {
    assert.ok(isBinary);
    flv.push(data);
  });
  await once(client, 'open');
  const frames = async (count: number) => {
    while (flv.frames.length < count) await once(client, 'message');
  };
  return { client, flv, frames };
}

function begin({ stream }: FlvServer): void {
  for (const frame of [videoConfig(), video('key', 0), video('inter', 40, 'x'.repeat(70_000))]) stream.write(frame, 0);
}

test('a player gets FLV in binary messages, from the key frame on, and a close frame at the end', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const { client, flv, frames } = await open(server);
  await frames(3);
  for (let i = 2; i < 20; i++) {
    server.stream.write(video('inter', i * 40, `inter ${i}`), i * 40);
    await setImmediate();
  }
  await frames(21);
  assert.deepEqual(
    flv.frames.slice(3).map(({ data }) => data.toString()),
    Array.from({ length: 18 }, (_, i) => `inter ${i + 2}`),
  );
  server.stream.end('unpublished');
  const [code] = await once(client, 'close');
  assert.equal(code, 1000);
  assert.equal(server.fanouts.viewers, 0);
});

test('pings are answered, messages are passed over, a close is answered', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const { client, frames } = await open(server);
  await frames(3);
  client.send('hello');
  client.send(Buffer.alloc(30_000));
  client.ping('are you there');
  const [payload] = await once(client, 'pong');
  assert.equal(payload.toString(), 'are you there');
  client.close(1000);
  const [code] = await once(client, 'close');
  assert.equal(code, 1000);
  while (server.fanouts.viewers > 0) await setImmediate();
});

test('a client that breaks the protocol is sent away with 1002', async () => {
  await using server = await new FlvServer().listen();
  begin(server);
  const key = Buffer.alloc(16).toString('base64');
  const client = server.get(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  client.socket.removeAllListeners('data');
  const received: Buffer[] = [];
  client.socket.on('data', (chunk) => received.push(chunk));
  await once(client.socket, 'data');
  client.socket.write(Buffer.from('8900', 'hex'));
  await once(client.socket, 'end');
  assert.equal(Buffer.concat(received).subarray(-4).toString('hex'), '880203ea');
});

test('a handshake that is not one is refused with the reason', async () => {
  await using server = await new FlvServer().listen();
  const upgrade = (headers: string) => {
    const client = server.get(`GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`);
    return client.closed();
  };
  await upgrade('Upgrade: h2c');
  await upgrade('Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==');
  await upgrade('Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short');
  assert.deepEqual(
    server.refused.map(({ name, message }) => [name, /Upgrade|Version|Key/.exec(message)?.[0]]),
    [
      ['BAD_REQUEST', 'Upgrade'],
      ['BAD_REQUEST', 'Version'],
      ['BAD_REQUEST', 'Key'],
    ],
  );
});
