/** The port under clients that misbehave: each gets a clear answer or a close within the limits. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { ConnectionLimits } from '../limits.ts';
import { HttpServer } from './http-server.ts';

async function open(t: TestContext, { maxConnections = 100, maxConnectionsPerIp = 100 } = {}) {
  const port = await freePort();
  const server = new HttpServer({
    settings: { host: '127.0.0.1', httpPort: port, httpsPort: 0, handshakeTimeoutMs: 500 },
    tls: null,
    limits: new ConnectionLimits({ maxConnections, maxConnectionsPerIp }),
    handlers: { handle: (_, response) => response.end('ok'), upgrade: (_, socket) => socket.destroy() },
    log: pino({ level: 'silent' }),
  });
  await server.listen();
  t.after(() => server.close(0));
  return () => connect(port, '127.0.0.1');
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const answerTo = (socket: Socket, request: string) => {
  socket.write(request);
  return text(socket);
};

test('garbage, a huge head and a head that never ends get an error body and a close', async (t) => {
  const dial = await open(t);
  assert.match(await answerTo(dial(), '\x03\x00\x00garbage\r\n\r\n'), /^HTTP\/1.1 400 .*"BAD_REQUEST"/s);
  assert.match(
    await answerTo(dial(), `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`),
    /^HTTP\/1.1 413 .*"TOO_LARGE"/s,
  );
  assert.match(await answerTo(dial(), 'GET / HTTP/1.1\r\nX-Slow: 1\r\n'), /^HTTP\/1.1 400 .*did not arrive in time/s);
});

test('connections beyond the limit are closed at once, and room is made when one leaves', async (t) => {
  const dial = await open(t, { maxConnectionsPerIp: 2 });
  const kept = [dial(), dial()];
  await Promise.all(kept.map((socket) => once(socket, 'connect')));
  assert.equal(await text(dial()), '');
  const left = once(kept[0]!, 'close');
  kept[0]!.destroy();
  await left;
  let answer = '';
  while (answer === '')
    answer = await answerTo(dial(), 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').catch(() => '');
  assert.match(answer, /^HTTP\/1.1 200/);
  kept[1]!.destroy();
});
