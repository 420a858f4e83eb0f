/** The RTMP port under clients that break the protocol: each is closed with a logged reason, others do not notice. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { ClientHandshake, command, MESSAGE, writeMessage } from '@lianmai/media/rtmp';
import fc from 'fast-check';
import { capture } from './testing/capture.ts';
import { selfSigned } from './testing/certificate.ts';
import { openEdge, type TestEdge } from './testing/edge.ts';
import { RtmpPeer } from './testing/rtmp-peer.ts';

/** Resolves with what the server sent once it has closed. */
function answerTo(socket: Socket, ...bytes: Buffer[]): Promise<Buffer> {
  const heard: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (part) => heard.push(part));
  for (const part of bytes) socket.write(part);
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(heard))));
}

const dial = (edge: TestEdge): Socket => connect(edge.port, '127.0.0.1');
const reasons = (edge: TestEdge): string[] =>
  edge.log.filter(({ msg, level }) => msg.startsWith('rtmp closed: ') && level === 30).map(({ msg }) => msg.slice(13));

describe('garbage instead of a handshake', () => {
  for (const [name, bytes] of [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.of(22, 3, 1, 2, 0, 1)],
    ['zeros', Buffer.alloc(10_000)],
  ] as const) {
    test(`(${name}) is closed without an answer`, async (t) => {
      const edge = await openEdge(t);
      assert.equal((await answerTo(dial(edge), bytes)).length, 0);
      assert.match(reasons(edge)[0]!, /^expected RTMP version 3, got \d+ at byte 0$/);
    });
  }
});

describe('waits have an end', () => {
  const WAIT_MS = 300;
  /** In which a busy machine, too, gets something done. */
  const LONG_MS = 3000;
  const impatient = (t: TestContext, handshakeTimeoutMs = WAIT_MS) => openEdge(t, { handshakeTimeoutMs });

  test('for the first byte', async (t) => {
    const edge = await impatient(t);
    await answerTo(dial(edge));
    assert.deepEqual(reasons(edge), ['no handshake and connect within 300 ms']);
  });

  test('for a handshake that comes a byte at a time', async (t) => {
    const edge = await impatient(t);
    const socket = dial(edge);
    const drip = setInterval(() => socket.write(Buffer.of(3)), 10);
    await answerTo(socket);
    clearInterval(drip);
    assert.deepEqual(reasons(edge), ['no handshake and connect within 300 ms']);
  });

  test('for connect, and for publish or play', async (t) => {
    const edge = await impatient(t, LONG_MS);
    const peers = [await RtmpPeer.open(edge.port), await RtmpPeer.connected(edge.port)];
    await Promise.all(peers.map(({ closed }) => closed));
    assert.deepEqual(reasons(edge), ['no handshake and connect within 3000 ms', 'no publish or play within 3000 ms']);
  });

  test('for the first byte of TLS', async (t) => {
    const edge = await openEdge(t, { handshakeTimeoutMs: WAIT_MS, tls: selfSigned() });
    await answerTo(connect(edge.server.ports.rtmps!, '127.0.0.1'));
    await edge.server.close();
    assert.equal(edge.limits.open, 0);
  });

  test('but publishers and players are not waited for', async (t) => {
    const edge = await impatient(t, LONG_MS);
    const publisher = await RtmpPeer.publishing(edge.port, 'cam');
    const player = await RtmpPeer.playing(edge.port, 'cam');
    await (await RtmpPeer.open(edge.port)).closed;
    assert.ok(!publisher.socket.closed && !player.socket.closed);
  });
});

describe('a client that has shaken hands', () => {
  const header = (length: string, type: string) => Buffer.from(`03000000${length}${type}00000000`, 'hex');
  const nested = Buffer.concat([...Array(20_000).fill(Buffer.from('0a00000001', 'hex')), Buffer.of(5)]);
  const attacks: [string, Buffer[], RegExp][] = [
    [
      'announces the longest message',
      [header('ffffff', '14')],
      /^expected a message of at most 65536 bytes, got one of 16777215/,
    ],
    ['sets a chunk size of nothing', [header('000004', '01'), Buffer.alloc(4)], /^expected a chunk size/],
    [
      'sends a message of an unknown type',
      [header('000001', '63'), Buffer.alloc(1)],
      /^expected an RTMP message type, got 99/,
    ],
    ['sends noise', [Buffer.alloc(5000, 0xee)], /^expected /],
    [
      'opens thousands of chunk streams',
      Array.from({ length: 3000 }, (_, i) => Buffer.from([1, i & 0xff, i >> 8, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0])),
      /^expected at most 64 chunk streams/,
    ],
    [
      'nests without end',
      [
        writeMessage(
          { type: MESSAGE.commandAmf0, streamId: 0, timestamp: 0, body: nested.subarray(0, 60_000) },
          3,
          128,
        ),
      ],
      /^expected at most 32 values within values/,
    ],
    [
      'publishes before it connects',
      [writeMessage(command('publish', 0, [null, 'cam']), 3, 128)],
      /^expected the command 'connect', got 'publish'/,
    ],
  ];
  for (const [name, bytes, expected] of attacks) {
    test(`and ${name} is closed`, async (t) => {
      const edge = await openEdge(t);
      const { hello } = new ClientHandshake();
      await answerTo(dial(edge), hello, Buffer.alloc(1536), ...bytes);
      assert.equal(reasons(edge).length, 1);
      assert.match(reasons(edge)[0]!, expected);
      await edge.server.close();
      assert.equal(edge.limits.open, 0);
    });
  }

  test('and asks without reading the answers is closed', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.connected(edge.port);
    peer.socket.pause();
    const question = writeMessage(command('FCSubscribe', 1, [null, 'x'.repeat(128)]), 3, 65_536);
    const questions = Buffer.concat(Array(1000).fill(question));
    const closed = Promise.withResolvers<void>();
    peer.socket.on('error', () => closed.resolve());
    const ask = () => {
      while (!peer.socket.destroyed && peer.socket.write(questions));
    };
    peer.socket.on('drain', ask);
    ask();
    await closed.promise;
    assert.deepEqual(reasons(edge), ['asks without reading the answers']);
  });
});

test('a publisher may send long messages, up to the limit', async (t) => {
  const edge = await openEdge(t, { maxMessageBytes: 200_000 });
  const peer = await RtmpPeer.publishing(edge.port, 'cam');
  const picture = (length: number) =>
    peer.media('video', 0, Buffer.concat([Buffer.of(0x17, 1, 0, 0, 0), Buffer.alloc(length)]));
  picture(190_000);
  await peer.call('getStreamLength', null, 'cam');
  picture(200_000);
  assert.match(await peer.status('NetStream.Publish.Denied'), /at most 200000 bytes/);
  await peer.closed;
});

test('connections beyond those of one client are closed at once, and room is made when one leaves', async (t) => {
  const edge = await openEdge(t, { maxConnectionsPerIp: 2 });
  const first = await RtmpPeer.open(edge.port);
  await RtmpPeer.open(edge.port);
  assert.equal((await answerTo(dial(edge), new ClientHandshake().hello)).length, 0);
  first.socket.destroy();
  for (let open = false; !open; ) {
    open = await RtmpPeer.open(edge.port).then(
      () => true,
      () => false,
    );
  }
});

test('connections beyond those of one client are closed before they cost a TLS handshake', async (t) => {
  const edge = await openEdge(t, { maxConnectionsPerIp: 1, tls: selfSigned() });
  const port = edge.server.ports.rtmps!;
  await RtmpPeer.open(edge.port);
  for (let i = 0; i < 20; i += 1) assert.equal((await answerTo(connect(port, '127.0.0.1'))).length, 0);
  assert.equal(edge.limits.open, 1);
});

test('damaged captures of real clients are survived, and a stream beside them goes on', async (t) => {
  const edge = await openEdge(t);
  const bystander = await RtmpPeer.publishing(edge.port, 'bystander');
  const viewer = await RtmpPeer.playing(edge.port, 'bystander');
  const captures = ['ffmpeg-h264-aac', 'ffmpeg-play', 'gstreamer-h264-aac', 'nginx-rtmp-push'].map(capture);
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...captures), damage, fc.nat(), async (bytes, changes, cut) => {
      const damaged = Buffer.from(bytes.subarray(0, bytes.length - (cut % 3000)));
      for (const [at, byte] of changes) damaged[3073 + (at % (damaged.length - 3073))] = byte;
      const socket = dial(edge);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.resume();
      socket.end(damaged);
      await new Promise((resolve) => socket.once('close', resolve));
    }),
    { numRuns: 60 },
  );
  bystander.media('audio', 0, Buffer.from('af001208', 'hex'));
  bystander.media('audio', 0, Buffer.from('af0121100000', 'hex'));
  await viewer.frame('audio');
  assert.ok(!edge.log.some(({ level }) => level >= 50));
});
