import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { RtcLink } from './link.ts';
import { FakeServer, settled } from './testing.ts';

let server: FakeServer;
let changes: number;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  server = new FakeServer();
  changes = 0;
});
afterEach(() => mock.timers.reset());

function open(network?: EventTarget, freshAddress?: () => Promise<string | null>): RtcLink {
  return new RtcLink({
    ...(network && { network }),
    ...(freshAddress && { freshAddress }),
    address: '/live/cam.whip',
    iceServers: [],
    prepare: () => undefined,
    changed: () => changes++,
    random: () => 0,
    signalling: server,
    createPeer: server.createPeer,
  });
}

async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await settled();
}

async function connected(): Promise<RtcLink> {
  const link = open();
  await settled();
  server.peer.become('connected');
  return link;
}

describe('a session', () => {
  test('is offered, answered and connected', async () => {
    const link = await connected();
    assert.deepEqual(server.begun, ['/live/cam.whip']);
    assert.equal(server.peer.remote, 'answer');
    assert.equal(link.state, 'connected');
    link.close();
  });

  test('is ended on the server when it is closed, once', async () => {
    const link = await connected();
    link.close();
    link.close();
    assert.deepEqual(server.ended, ['/session/1']);
    assert.equal(server.peer.closed, true);
    assert.equal(link.state, 'closed');
  });

  test('whose answer comes after it was closed is ended all the same', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.gate = promise;
    const link = open();
    await settled();
    link.close();
    assert.deepEqual(server.ended, []);
    resolve();
    await settled();
    assert.deepEqual(server.ended, ['/session/1']);
  });
});

test('a session that lacks something is ended for another', async () => {
  const link = await connected();
  link.renew();
  await settled();
  assert.deepEqual(server.ended, ['/session/1']);
  assert.equal(link.state, 'connecting');
  server.peer.become('connected');
  assert.equal(link.state, 'connected');
  link.close();
  link.renew();
  assert.equal(server.begun.length, 2);
});

describe('when the network is back, perhaps another one,', () => {
  test('a session that was connected gives way to another at once', async () => {
    const network = new EventTarget();
    const link = open(network);
    await settled();
    server.peer.become('connected');
    network.dispatchEvent(new Event('online'));
    assert.deepEqual([link.state, server.ended], ['connecting', ['/session/1?again']]);
    await settled();
    assert.equal(server.begun.length, 2);
    server.peer.become('connected');
    link.close();
    network.dispatchEvent(new Event('online'));
    await settled();
    assert.equal(server.begun.length, 2, 'a closed link stays closed');
  });

  test('one that is waited for is tried at once', async () => {
    const network = new EventTarget();
    server.status = 503;
    const link = open(network);
    await settled();
    network.dispatchEvent(new Event('online'));
    await pass(0);
    assert.equal(server.begun.length, 2);
    link.close();
  });
});

describe('a connection that breaks', () => {
  test('is made anew after a while, and counts as one that was there', async () => {
    const link = await connected();
    server.peer.become('failed');
    assert.equal(link.state, 'connecting');
    assert.equal(link.wasConnected, true);
    assert.equal(link.failure?.kind, 'broken');
    await pass(250);
    assert.equal(server.begun.length, 2);
    server.peer.become('connected');
    assert.equal(link.failure, null);
    link.close();
    assert.deepEqual(server.ended, ['/session/1?again', '/session/2'], 'the one that broke gives way');
  });

  test('may pause a little', async () => {
    const link = await connected();
    server.peer.become('disconnected');
    await pass(2_000);
    server.peer.become('connected');
    await pass(5_000);
    assert.equal(link.state, 'connected');
    assert.equal(server.begun.length, 1);
    link.close();
  });

  test('is given up when the pause is long', async () => {
    const link = await connected();
    server.peer.become('disconnected');
    await pass(2_500);
    assert.equal(link.state, 'connecting');
    link.close();
  });
});

describe('a session that the server has lost', () => {
  test('is followed by another at once', async () => {
    const link = await connected();
    server.peer.hears = false;
    server.has = false;
    for (let i = 0; i < 5; i++) await pass(300);
    await pass(0);
    assert.deepEqual([link.failure?.kind, server.asked], ['gone', ['/session/1']]);
    assert.equal(server.begun.length, 2);
    assert.deepEqual(server.ended, [], 'there is nothing to end');
    server.peer.become('connected');
    assert.equal(link.state, 'connected');
    link.close();
  });

  test('again and again is not followed at once', async () => {
    const link = await connected();
    for (const pauseMs of [0, 500, 1_000]) {
      server.peer.hears = false;
      server.has = false;
      for (let i = 0; i < 5; i++) await pass(300);
      const before = server.begun.length;
      if (pauseMs > 0) await pass(pauseMs - 1);
      assert.equal(server.begun.length, before);
      await pass(1);
      assert.equal(server.begun.length, before + 1);
      server.peer.become('connected');
    }
    link.close();
  });

  test('whose stream merely stands still stays', async () => {
    const link = await connected();
    server.peer.hears = false;
    for (let i = 0; i < 130; i++) await pass(300);
    assert.equal(link.state, 'connected');
    assert.equal(server.begun.length, 1);
    assert.ok(server.asked.length > 0 && server.asked.length < 6, `asked ${server.asked.length} times`);
    link.close();
  });
});

describe('an address that is refused', () => {
  test('may have expired: a fresh one is asked for before the next attempt', async () => {
    server.status = 403;
    const link = open(undefined, async () => '/live/cam.whip?fresh');
    await settled();
    server.status = null;
    await pass(250);
    assert.deepEqual(server.begun, ['/live/cam.whip', '/live/cam.whip?fresh']);
    link.close();
  });

  test('is tried as it is when no other can be had, and none is asked for where it is not the fault', async () => {
    let asked = 0;
    server.status = 403;
    const link = open(undefined, async () => {
      asked++;
      return null;
    });
    await settled();
    await pass(250);
    assert.equal(server.begun.at(-1), '/live/cam.whip');
    server.status = 409;
    await pass(500);
    const before = asked;
    await pass(1_000);
    assert.equal(asked, before);
    link.close();
  });

  test('is not asked for by a link that is closed meanwhile', async () => {
    server.status = 403;
    const { promise, resolve } = Promise.withResolvers<string>();
    const link = open(undefined, () => promise);
    await settled();
    await pass(250);
    link.close();
    resolve('/live/cam.whip?fresh');
    await settled();
    assert.equal(server.begun.length, 1);
  });
});

describe('attempts', () => {
  test('wait as long as the server asks them to', async () => {
    server.status = 429;
    server.retryAfterMs = 4_000;
    const link = open();
    await settled();
    await pass(3_999);
    assert.equal(server.begun.length, 1);
    await pass(1);
    assert.equal(server.begun.length, 2);
    link.close();
  });

  test('that are refused are made ever less often', async () => {
    server.status = 404;
    const link = open();
    await settled();
    const { kind, detail } = link.failure ?? {};
    assert.deepEqual([kind, detail], ['refused', 'no']);
    for (const waitMs of [250, 500, 1_000, 2_000]) {
      const before = server.begun.length;
      await pass(waitMs - 1);
      assert.equal(server.begun.length, before, `not before ${waitMs} ms`);
      await pass(1);
      assert.equal(server.begun.length, before + 1);
    }
    link.close();
  });

  test('that were answered and do not connect are given up', async () => {
    const link = open();
    await settled();
    await pass(8_000);
    assert.equal(link.failure?.kind, 'timeout');
    assert.deepEqual(server.ended, ['/session/1']);
    link.close();
  });

  test('are made at once when there is news, at the newest address', async () => {
    server.status = 404;
    const link = open();
    await settled();
    link.address = '/live/cam.whip?token=new';
    link.hurry();
    await pass(0);
    assert.deepEqual(server.begun, ['/live/cam.whip', '/live/cam.whip?token=new']);
    link.close();
  });

  test('end with the link', async () => {
    server.status = 503;
    const link = open();
    await settled();
    link.close();
    await pass(60_000);
    assert.equal(server.begun.length, 1);
  });
});
