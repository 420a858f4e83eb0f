import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { probeViewers, startViewers, type ViewerMeasurement, type ViewerTarget } from './generators.ts';

const FLV_HEADER = Buffer.from('464c56010500000009' + '00000000', 'hex');
const VIDEO = 9;
const keyFrame = Buffer.from('1701000000' + 'aabbccdd', 'hex');

function tag(type: number, timeMs: number, body: Buffer, sizeBehind = body.length + 11): Buffer {
  const bytes = Buffer.alloc(11 + body.length + 4);
  bytes[0] = type;
  bytes.writeUIntBE(body.length, 1, 3);
  bytes.writeUIntBE(timeMs, 4, 3);
  body.copy(bytes, 11);
  bytes.writeUInt32BE(sizeBehind, 11 + body.length);
  return bytes;
}

async function serve(answer: RequestListener): Promise<{ server: Server; target: ViewerTarget } & AsyncDisposable> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    target: { protocol: 'flv', port, path: '/live/s.flv' },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const crowd = { viewers: 3, pids: [process.pid], rampPerS: 1000, warmS: 0, measureS: 0.1 };

test('a probe sees the first key frame, however the bytes are cut into chunks', async () => {
  await using served = await serve((_, response) => {
    const bytes = Buffer.concat([FLV_HEADER, tag(VIDEO, 0, keyFrame)]);
    for (const byte of bytes) response.write(Buffer.of(byte));
  });
  const probe = await probeViewers(served.target, 2);
  assert.equal(probe.failed, 0);
  assert.ok(probe.firstKeyFrameMs!.median > 0);
});

test('viewers are measured while they watch', async () => {
  await using served = await serve((_, response) => {
    response.write(Buffer.concat([FLV_HEADER, tag(VIDEO, 0, keyFrame), tag(VIDEO, 40, keyFrame)]));
  });
  await using viewers = await startViewers(served.target, crowd);
  await viewers.next('watching');
  const { watching, dead, badTags, memoryKb } = await viewers.next<ViewerMeasurement>('measured');
  assert.deepEqual({ watching, dead, badTags }, { watching: 3, dead: 0, badTags: 0 });
  // What three viewers cost is less than what the garbage collector may take meanwhile.
  assert.ok(Number.isFinite(memoryKb));
});

test('broken tags and times that go back are counted', async () => {
  await using served = await serve((_, response) => {
    response.write(Buffer.concat([FLV_HEADER, tag(VIDEO, 40, keyFrame, 7), tag(VIDEO, 0, keyFrame)]));
  });
  await using viewers = await startViewers(served.target, crowd);
  await viewers.next('watching');
  const { badTags } = await viewers.next<ViewerMeasurement>('measured');
  assert.equal(badTags, 2 * crowd.viewers);
});

test('a refused viewer counts as gone', async () => {
  await using served = await serve((_, response) => response.writeHead(404).end());
  await using viewers = await startViewers(served.target, crowd);
  await viewers.next('watching');
  const { watching, dead } = await viewers.next<ViewerMeasurement>('measured');
  assert.deepEqual({ watching, dead }, { watching: 0, dead: 3 });
});
