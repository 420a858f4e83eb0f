import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { ChatClient } from './peers/chat-client.ts';
import { ChatPeople } from './peers/chat-people.ts';
import { until } from './until.ts';

/** A room that must not notice anything. */
let lianmai: Lianmai;
let roomId: string;
let anna: ChatClient;
let listener: ChatClient;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
  roomId = await openRoom('anna');
  anna = await enter('anna');
  listener = await enter('lis');
});
after(() => lianmai?.stop());
afterEach(async () => {
  const { id } = await anna.call('room.send', { roomId, kind: 'text', body: 'still here' });
  await listener.event('room.message', (params) => params.id === id);
  assert.equal(listener.socket.readyState, listener.socket.OPEN);
  await lianmai.healthy();
});

const { tokenOf, openRoom, connect, enter: enterRoom } = new ChatPeople(() => lianmai);
const enter = (userId: string, room = roomId) => enterRoom(userId, room);
const closeOf = async (client: ChatClient): Promise<number> => (await once(client.socket, 'close'))[0];

test('a stolen session gives a thief nothing, nor does a number from the future', async () => {
  using victim = await enter('victim');
  const { session } = await victim.event('im.ready');
  using thief = await connect('thief', `&seq=${victim.seq}&session=${session}`);
  const ready = await thief.event('im.ready');
  assert.deepEqual([ready.rooms, ready.user.userId], [[], 'thief']);
  assert.equal(victim.socket.readyState, victim.socket.OPEN);

  for (const [i, seq] of ['9007199254740991', '99999999999999999999', '-1', '1e3', 'x', '0'].entries()) {
    using skewed = await connect(`skewed-${i}`, `&seq=${seq}&session=${'z'.repeat(500)}`);
    assert.deepEqual((await skewed.event('im.ready')).rooms, [], seq);
    const future = await skewed.call('room.enter', { roomId, seq: Number.MAX_SAFE_INTEGER });
    assert.ok(future.seq < Number.MAX_SAFE_INTEGER);
    const { id } = await anna.call('room.send', { roomId, kind: 'text', body: `after ${seq}` });
    await skewed.event('room.message', (params) => params.id === id);
    assert.equal(await skewed.refused('room.enter', { roomId, seq: -1 }), 'BAD_REQUEST');
  }
});

test('who is in no room learns and does nothing there', async () => {
  using stranger = await connect('stranger');
  const calls: [method: string, params: object, name: string][] = [
    ['room.leave', {}, 'NOT_IN_ROOM'],
    ['room.members', {}, 'NOT_IN_ROOM'],
    ['room.send', { kind: 'text', body: 'x' }, 'NOT_IN_ROOM'],
    ['room.send', { kind: 'gift', body: { giftId: 'rose' } }, 'NOT_IN_ROOM'],
    ['room.send', { kind: 'like', body: 100 }, 'NOT_IN_ROOM'],
    ['cohost.request', {}, 'NOT_IN_ROOM'],
    ['cohost.list', {}, 'NOT_IN_ROOM'],
    ['pk.current', {}, 'NOT_IN_ROOM'],
    ['cohost.invite', { userId: 'lis' }, 'FORBIDDEN'],
    ['cohost.layout', { layout: 'grid' }, 'FORBIDDEN'],
    ['pk.invite', { targetRoomId: roomId }, 'FORBIDDEN'],
    ['room.kick', { userId: 'anna' }, 'FORBIDDEN'],
    ['room.configure', { muteAll: true }, 'FORBIDDEN'],
  ];
  for (const [method, params, name] of calls)
    assert.equal(await stranger.refused(method, { roomId, ...params }), name, method);
  for (const method of [
    'cohost.cancel',
    'cohost.leave',
    'cohost.kick',
    'cohost.join',
    'pk.cancel',
    'pk.quit',
    'pk.join',
  ])
    for (const sessionId of ['co_forged', 'pk_forged', "co_1' or '1'='1"])
      assert.match(await stranger.refused(method, { sessionId }), /^(SESSION_NOT_FOUND|BAD_REQUEST)$/, method);
});

test('frames that are none, binary or too large end their own connection only', async () => {
  const wrong: [send: (client: ChatClient) => void, status: number][] = [
    [({ socket }) => socket.send(Buffer.alloc(10)), 1003],
    [({ socket }) => socket.send('x'.repeat(9 << 10)), 1009],
    [({ socket }) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
  ];
  for (const [send, status] of wrong) {
    using client = await enter('clumsy');
    const closed = closeOf(client);
    send(client);
    assert.equal(await closed, status);
  }
  using client = await enter('clumsy');
  for (const body of ['x'.repeat(501), '', 7, null, { text: '' }, { text: 'x', more: 'y'.repeat(5000) }])
    assert.equal(await client.refused('room.send', { roomId, kind: 'text', body }), 'BAD_REQUEST', String(body));
  for (const body of [0, 101, -1, 1.5, 'many', { count: 1, more: 2 ** 40 }]) {
    const { error, result } = await client.ask('room.send', { roomId, kind: 'like', body });
    assert.ok(error ?? result, String(body));
  }
  assert.equal(
    await client.refused('room.send', { roomId, kind: 'gift', body: { giftId: 'rose', count: 1e9 } }),
    'BAD_REQUEST',
  );
});

test('markup is text wherever one may write', async () => {
  const markup = '<img src=x onerror=alert(1)>';
  const room = await openRoom('markus', markup);
  using markus = await enter('markus', room);
  const token = await tokenOf('mallory', markup);
  using mallory = await ChatClient.connect(lianmai.http, token);
  const entered = await mallory.call('room.enter', { roomId: room });
  assert.equal(entered.room.title, markup);
  const { id } = await mallory.call('room.send', {
    roomId: room,
    kind: 'danmaku',
    body: { text: markup, colour: markup },
  });
  const heard = await markus.event('room.message', (params) => params.id === id);
  assert.deepEqual([heard.body, heard.from.nickname], [{ text: markup, colour: markup }, markup]);
  // No address of the API gives it to a browser as a page.
  const answer = await fetch(`${lianmai.http}/v1/rooms/${room}`);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
});

test('one that floods is told so, then cut off; one that shouts is refused by its own limit', async () => {
  const room = await openRoom('flora');
  using loud = await enter('loud', room);
  const sent = await Promise.all(
    Array.from({ length: 30 }, (_, i) => loud.ask('room.send', { roomId: room, kind: 'text', body: `${i}` })),
  );
  const names = sent.map(({ error }) => error?.data.name ?? 'sent');
  assert.deepEqual([...new Set(names)].sort(), ['RATE_LIMITED', 'sent']);
  assert.ok(names.filter((name) => name === 'sent').length <= 15, names.join());

  using flood = await enter('flood');
  const closed = closeOf(flood);
  for (let i = 0; i < 500; i++) flood.socket.send(JSON.stringify({ jsonrpc: '2.0', id: i, method: 'im.ping' }));
  assert.equal(await closed, 4429);
});

test('a room that is shouted down says so, and what matters comes through', async () => {
  const room = await openRoom('rita');
  using rita = await enter('rita', room);
  const crowd = await Promise.all(Array.from({ length: 30 }, (_, i) => enter(`shouter-${i}`, room)));
  const answers = await Promise.all(
    crowd.flatMap((client) =>
      Array.from({ length: 5 }, () => client.ask('room.send', { roomId: room, kind: 'danmaku', body: 'AAA' })),
    ),
  );
  const busy = answers.filter(({ error }) => error?.data.name === 'ROOM_BUSY').length;
  assert.ok(busy > 50, `${busy} of ${answers.length} were refused`);
  await lianmai.rest.ok('POST', `/v1/rooms/${room}/notices`, { text: 'Be calm' });
  await rita.event('room.message', ({ kind }) => kind === 'system');
  for (const client of crowd) client[Symbol.dispose]();
});

test('a thousand comings and goings, and two tabs of one user, count as what they are', async () => {
  const room = await openRoom('dora');
  using dora = await enter('dora', room);
  const crowd = await Promise.all(Array.from({ length: 25 }, (_, i) => connect(`flicker-${i}`)));
  await Promise.all(
    crowd.map(async (client) => {
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++)
        calls.push(client.ask('room.enter', { roomId: room }), client.ask('room.leave', { roomId: room }));
      await Promise.all(calls);
    }),
  );
  using tab = await enter('flicker-0', room);
  using other = await enter('flicker-0', room);
  await until('the two tabs are one viewer', async () => {
    const { viewers } = await lianmai.rest.ok<{ viewers: number }>('GET', `/v1/rooms/${room}`);
    return viewers === 1;
  });
  const { items } = await lianmai.rest.ok<{ items: { userId: string }[] }>('GET', `/v1/rooms/${room}/members`);
  assert.deepEqual(items.map(({ userId }) => userId).sort(), ['dora', 'flicker-0']);
  assert.deepEqual([tab.socket.readyState, other.socket.readyState, dora.socket.readyState], [1, 1, 1]);
  for (const client of crowd) client[Symbol.dispose]();
});

test('a storm of reconnects ends with everybody where they were', async () => {
  const room = await openRoom('sam');
  using sam = await enter('sam', room);
  const names = Array.from({ length: 60 }, (_, i) => `storm-${i}`);
  let clients = await Promise.all(names.map((name) => enter(name, room)));
  for (let round = 0; round < 4; round++) {
    const places = clients.map(({ seq, events }) => ({
      seq,
      session: events.find(({ method }) => method === 'im.ready')?.params.session as string,
    }));
    for (const client of clients) client[Symbol.dispose]();
    clients = await Promise.all(
      names.map((name, i) => connect(name, `&seq=${places[i]!.seq}&session=${places[i]!.session}`)),
    );
    for (const client of clients) assert.deepEqual((await client.event('im.ready')).rooms, [room]);
  }
  const { id } = await sam.call('room.send', { roomId: room, kind: 'text', body: 'all here?' });
  for (const client of clients) await client.event('room.message', (params) => params.id === id);
  const { count } = await lianmai.rest.ok<{ count: number }>('GET', `/v1/rooms/${room}/members`);
  assert.equal(count, 61);
  for (const client of clients) client[Symbol.dispose]();
});
