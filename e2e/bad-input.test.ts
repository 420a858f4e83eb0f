import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { writeAmf } from './peers/amf0.ts';
import { push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import type { Program } from './peers/program.ts';
import { RtmpClient } from './peers/rtmp-client.ts';
import type { Channel, ErrorAnswer } from './rest.ts';
import { until } from './until.ts';

const TIMEOUT_MS = 1500;
const STALL_MS = 3000;
/** More than any one attack may make the workers keep. */
const MEMORY_MB = 120;
/** A stream that others must not notice: the longest its viewer may wait for the next tag. */
const HICCUP_MS = 1500;

let lianmai: Lianmai;
let channel: Channel;
let publisher: Program;
/** A viewer of another stream, who must not notice anything. */
let bystander: FlvClient;
let memoryBefore: number;
let tagsBefore: number;

before(async () => {
  lianmai = await Lianmai.start({
    workers: 2,
    settings: {
      'handshake-timeout-ms': String(TIMEOUT_MS),
      'viewer-stall-ms': String(STALL_MS),
      'viewer-queue-bytes': String(1 << 20),
    },
  });
  channel = await lianmai.rest.createChannel('bystander');
  publisher = push(channel.push.rtmp, { bitrateKbps: 3000, size: '1280x720' });
  await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
  bystander = await FlvClient.open(channel.play.flv);
  await bystander.more(50, 9);
});
after(async () => {
  bystander?.[Symbol.dispose]();
  await publisher?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

beforeEach(() => {
  memoryBefore = lianmai.workersMemoryMb();
  tagsBefore = bystander.tags.length;
});
afterEach(async () => {
  await bystander.more(10, 9);
  assert.equal(bystander.end, null, 'the other stream goes on');
  const tags = bystander.tags.slice(tagsBefore);
  const longest = Math.max(...tags.map(({ atMs }, i) => (i === 0 ? 0 : atMs - tags[i - 1]!.atMs)));
  assert.ok(longest < HICCUP_MS, `its viewer waited ${Math.round(longest)} ms`);
  assert.deepEqual(stepsBack(bystander.timestamps(9)), []);
  const grown = lianmai.workersMemoryMb() - memoryBefore;
  assert.ok(grown < MEMORY_MB, `the workers grew by ${Math.round(grown)} MB`);
  assert.equal((await fetch(`${lianmai.http}/healthz`)).status, 200);
});

/** A bare connection; `closed` resolves with all it heard when the server closed it. */
async function raw(port: number): Promise<{ socket: Socket; closed: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  await once(socket, 'connect');
  return { socket, closed };
}

async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  const from = performance.now();
  const answer = await promise;
  const tookMs = performance.now() - from;
  assert.ok(tookMs < limitMs, `closed after ${Math.round(tookMs)} ms`);
  return answer;
}

const closedOf = (client: RtmpClient) => until('the server closes the connection', () => client.closed, 8000);

describe('on the RTMP port', () => {
  it('garbage and other protocols are closed, with a reason in the log', async () => {
    for (const bytes of [
      randomBytes(4000).fill(0x47, 0, 1),
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.padEnd(2000, ' ')),
      Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
      Buffer.alloc(3000, 0xff),
    ]) {
      const { socket, closed } = await raw(lianmai.rtmpPort);
      socket.write(bytes);
      await inTime(closed, TIMEOUT_MS + 2000);
    }
    const line = await lianmai.logged('the reason', ({ msg }) => /^rtmp closed: expected RTMP version 3/.test(msg));
    assert.equal(line.level, 30);
  });

  it('silent, half-shaken and idle connections are closed in time', async () => {
    const silent = await raw(lianmai.rtmpPort);
    const half = await raw(lianmai.rtmpPort);
    half.socket.write(Buffer.concat([Buffer.from([3]), randomBytes(700)]));
    const shaken = await RtmpClient.shakeHands(lianmai.rtmpPort);
    const connected = await RtmpClient.connect(lianmai.rtmpPort);
    await inTime(Promise.all([silent.closed, half.closed, closedOf(shaken)]), TIMEOUT_MS + 2500);
    connected[Symbol.dispose]();
  });

  it('a byte at a time is no way around the time-out', async () => {
    const { socket, closed } = await raw(lianmai.rtmpPort);
    const drip = setInterval(() => socket.write(Buffer.from([3])), 50);
    await inTime(closed, TIMEOUT_MS + 2500);
    clearInterval(drip);
  });

  it('garbage in the place of chunks is closed', async () => {
    for (let i = 0; i < 10; i++) {
      const client = await RtmpClient.connect(lianmai.rtmpPort);
      client.socket.write(randomBytes(64 << 10));
      client.socket.write(randomBytes(64 << 10));
      client.socket.end();
      await closedOf(client);
    }
  });

  it('a message longer than allowed is refused at its header', async () => {
    const client = await RtmpClient.connect(lianmai.rtmpPort);
    // Type 0 header with a length of 0xffffff, and the first chunk of it.
    client.socket.write(Buffer.from([4, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0]));
    client.socket.write(Buffer.alloc(4096));
    await closedOf(client);
    await lianmai.logged('the reason', ({ msg }) => /^rtmp closed: .*(length|long|bytes)/i.test(msg));
  });

  it('many half-sent messages at once are not kept', async () => {
    const attack = async () => {
      const client = await RtmpClient.connect(lianmai.rtmpPort);
      const body = Buffer.alloc(4096, 1);
      for (let id = 64; id < 4000 && !client.closed; id++) {
        // A three-byte basic header (ids 64-65599), type 0, 4 MiB announced, one chunk of it sent.
        const header = Buffer.from([1, (id - 64) & 255, (id - 64) >> 8, 0, 0, 0, 0x40, 0, 0, 9, 1, 0, 0, 0]);
        if (!client.socket.write(Buffer.concat([header, body])))
          await new Promise((resolve) => client.socket.once('drain', resolve).once('close', resolve));
      }
      await closedOf(client);
    };
    await Promise.all(Array.from({ length: 8 }, attack));
  });

  it('absurd chunk sizes are refused', async () => {
    for (const size of [0, 0x7fffffff, 0xffffffff]) {
      const client = await RtmpClient.connect(lianmai.rtmpPort);
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(size);
      client.send(1, 2, 0, 0, bytes);
      client.socket.write(Buffer.from([4, 0, 0, 0, 0x7f, 0xff, 0xff, 9, 1, 0, 0, 0]));
      for (let i = 0; i < 64 && !client.closed; i++) client.socket.write(Buffer.alloc(256 << 10));
      await closedOf(client);
    }
  });

  it('AMF of absurd depth or announced size is refused', async () => {
    const nested = Buffer.concat([
      writeAmf('connect', 1),
      ...Array.from({ length: 60_000 }, () => Buffer.from([3, 0, 1, 0x61])),
    ]);
    const longString = Buffer.concat([writeAmf('connect', 1), Buffer.from([12, 0xff, 0xff, 0xff, 0xff, 0x61])]);
    const hugeArray = Buffer.concat([writeAmf('connect', 1), Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 5, 5])]);
    const polluting = writeAmf('connect', 1, { app: 'live', __proto__x: 1, constructor: { prototype: 1 } });
    for (const payload of [nested, longString, hugeArray]) {
      const client = await RtmpClient.shakeHands(lianmai.rtmpPort);
      client.send(20, 3, 0, 0, payload.subarray(0, 128));
      for (let at = 128; at < payload.length; at += 1 << 16) client.socket.write(payload.subarray(at, at + (1 << 16)));
      client.socket.end();
      await closedOf(client);
      const whole = await RtmpClient.shakeHands(lianmai.rtmpPort);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(4096);
      whole.send(1, 2, 0, 0, size);
      whole.send(20, 3, 0, 0, payload);
      await closedOf(whole);
    }
    const client = await RtmpClient.shakeHands(lianmai.rtmpPort);
    client.send(20, 3, 0, 0, polluting);
    client[Symbol.dispose]();
  });

  it('media that is none: broken headers and pictures close the publisher, or reach nobody', async () => {
    const other = await lianmai.rest.createChannel(`broken-${Date.now()}`);
    const client = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await client.publish(other.push.streamKey)).code, 'NetStream.Publish.Start');
    client.send(9, 6, 1, 0, Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0xff, 0xff]));
    client.send(8, 4, 1, 0, Buffer.from([0xaf, 0]));
    for (let i = 0; i < 200; i++) {
      client.send(9, 6, 1, i * 10, randomBytes(1 + (i % 50)));
      client.send(8, 4, 1, i * 10, randomBytes(1 + (i % 7)));
      client.send(18, 5, 1, i * 10, randomBytes(1 + (i % 90)));
    }
    client.send(9, 6, 1, 0, Buffer.alloc(0));
    client.socket.end();
    await closedOf(client);
  });
});

describe('on the HTTP port', () => {
  const post = async (head: string) => {
    const { socket, closed } = await raw(lianmai.httpPort);
    socket.write(head);
    return closed;
  };

  it('slowloris: a head that does not come in time is answered and closed', async () => {
    const { socket, closed } = await raw(lianmai.httpPort);
    socket.write('GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 100);
    const heard = await inTime(closed, TIMEOUT_MS + 3500);
    clearInterval(drip);
    assert.match(heard, /^HTTP\/1\.1 4\d\d /);
  });

  it('garbage is answered with 400 and closed', async () => {
    for (const bytes of [`${'\u0003'.repeat(1600)}`, 'GET / HTTP/9.9\r\n\r\n', '\r\n\r\nhello there\r\n\r\n'])
      assert.match(await post(bytes), /^HTTP\/1\.1 400 /);
  });

  it('too long a head or too many headers are refused', async () => {
    const large = await post(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'a'.repeat(200_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 (413|431) /);
    const flood = Array.from({ length: 5000 }, (_, i) => `X-${i}: y\r\n`).join('');
    assert.match(await post(`GET / HTTP/1.1\r\nHost: x\r\n${flood}\r\n`), /^HTTP\/1\.1 (413|431) /);
  });

  it('an oversized URL is 414 with the error body', async () => {
    const response = await fetch(`${lianmai.http}/live/${'a'.repeat(6000)}.flv`);
    assert.deepEqual([response.status, ((await response.json()) as ErrorAnswer).error.name], [414, 'URI_TOO_LONG']);
  });

  it('strange paths lead nowhere', async () => {
    for (const path of [
      '/live/../../etc/passwd',
      '/live/%2e%2e%2fx.flv',
      '/live/a%00b.flv',
      '/live/.hidden.flv',
      '/..%2f..%2fetc/passwd',
      '/live/a/seg-../../x.m4s',
    ]) {
      const heard = await post(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(heard, /^HTTP\/1\.1 (400|404|200) /, path);
      assert.doesNotMatch(heard, /root:/, path);
    }
  });

  it('a body that is too large, not JSON, or not of its type is refused by name', async () => {
    const large = await lianmai.rest.call<ErrorAnswer>('POST', '/v1/channels', { name: 'x'.repeat(3 << 20) });
    assert.equal(large.status, 413);
    const broken = await fetch(`${lianmai.http}/v1/channels`, {
      method: 'POST',
      headers: { authorization: `Bearer ${lianmai.apiKey}`, 'content-type': 'application/json' },
      body: '{"name":',
    });
    assert.equal(broken.status, 400);
    const unknown = await lianmai.rest.call<ErrorAnswer>('POST', '/v1/channels', { name: 'x', colour: 'red' });
    assert.deepEqual([unknown.status, unknown.body.error.field], [400, 'colour']);
    const wrong = await lianmai.rest.call<ErrorAnswer>('POST', '/v1/channels', { name: 7 });
    assert.deepEqual([wrong.status, wrong.body.error.field], [400, 'name']);
    assert.ok(wrong.body.error.requestId);
  });

  it('a WebSocket that is none is refused, one that sends garbage is closed', async () => {
    const refused = await post(
      'GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: no\r\n\r\n',
    );
    assert.match(refused, /^HTTP\/1\.1 400 /);
    const { socket, closed } = await raw(lianmai.httpPort);
    socket.write(
      'GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write(Buffer.alloc(4096, 0xff));
    await inTime(closed, 6000);
  });
});

describe('viewers that never read', () => {
  it('are skipped, then closed; the memory for them is bounded', async () => {
    const idle: Socket[] = [];
    const viewers = async () => (await lianmai.rest.channel(channel.id)).viewers ?? 0;
    await until('the bystander alone is counted', async () => (await viewers()) === 1);
    for (let i = 0; i < 30; i++) {
      const socket = connect(lianmai.httpPort, '127.0.0.1').on('error', () => {});
      socket.pause();
      await once(socket, 'connect');
      socket.write('GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\n\r\n');
      idle.push(socket);
    }
    await until('they are counted', async () => (await viewers()) >= 30);
    await until('they are gone', async () => (await viewers()) === 1);
    for (const socket of idle) socket.destroy();
    await lianmai.logged('the reason', (line) => /stall/i.test(JSON.stringify(line)));
  });
});

describe('too many', () => {
  it('connections of one address: the next ones are closed, the old ones go on', async () => {
    await using small = await Lianmai.start({ workers: 1, settings: { 'max-connections-per-ip': '20' } });
    const open: Socket[] = [];
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const socket = connect(small.rtmpPort, '127.0.0.1').on('error', () => {});
      socket.on('close', () => refused++);
      open.push(socket);
    }
    await until('the surplus is closed', () => refused >= 20);
    assert.equal(open.filter((socket) => !socket.destroyed).length, 40 - refused);
    for (const socket of open) socket.destroy();
    await until('there is room again', async () => (await fetch(`${small.http}/healthz`)).status === 200);
  });

  it('publishers of one worker: the next one is refused with a code', async () => {
    await using small = await Lianmai.start({ workers: 1, settings: { 'max-publishers': '1' } });
    const [one, two] = await Promise.all(['one', 'two'].map((name) => small.rest.createChannel(name)));
    using first = await RtmpClient.connect(small.rtmpPort);
    assert.equal((await first.publish(one!.push.streamKey)).code, 'NetStream.Publish.Start');
    using second = await RtmpClient.connect(small.rtmpPort);
    const refusal = await second.publish(two!.push.streamKey);
    assert.equal(refusal.code, 'NetStream.Publish.Denied');
    assert.match(refusal.description, /50300002|50300001/);
  });
});
