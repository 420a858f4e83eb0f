import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeControl, ImWorld, nextJson } from './testing/im-world.ts';

const rpc = (call: object) => JSON.stringify({ jsonrpc: '2.0', ...call });

test('a call goes to control and its answer back by id, batches together', async () => {
  await using world = await ImWorld.start();
  const { client, connection } = await world.connect('anna');
  client.send(rpc({ id: 'a', method: 'room.enter', params: { roomId: 'r' } }));
  const call = await world.control.item('call');
  assert.deepEqual([call.connection, call.method, call.params], [connection, 'room.enter', { roomId: 'r' }]);
  const answer = nextJson(client);
  world.control.say({ type: 'answer', connection, call: call.call!, result: '{"ok":1}' });
  assert.deepEqual(await answer, { jsonrpc: '2.0', id: 'a', result: { ok: 1 } });

  client.send(`[${rpc({ id: 1, method: 'x' })},${rpc({ method: 'note' })},${rpc({ id: 2, method: 'y' })},5]`);
  const [x, note, y] = [
    await world.control.item('call', 1),
    await world.control.item('call', 2),
    await world.control.item('call', 3),
  ];
  assert.equal(note.call, null);
  const together = nextJson(client);
  const error = { code: 40400020, name: 'ROOM_NOT_FOUND', message: 'gone' } as const;
  world.control.say(
    { type: 'refusal', connection, call: y.call!, error },
    { type: 'answer', connection, call: x.call!, result: '{}' },
  );
  const answers = await together;
  assert.deepEqual(
    answers.map((one: { id: unknown }) => one.id),
    [null, 2, 1],
  );
  assert.deepEqual(answers[1].error, { code: -32000, message: 'gone', data: error });
});

test('what is no JSON-RPC is answered as the standard says, and control hears nothing of it', async () => {
  await using world = await ImWorld.start();
  const { client } = await world.connect('anna');
  const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
  const wrong: [text: string, code: number, id: unknown][] = [
    ['{"jsonrpc": "2.0", "method": "x", "params": "bar", "baz]', -32700, null],
    ['[]', -32600, null],
    [JSON.stringify(Array(21).fill({ jsonrpc: '2.0', id: 1, method: 'x' })), -32600, null],
    ['1', -32600, null],
    ['{"jsonrpc":"1.0","id":3,"method":"x"}', -32600, 3],
    ['{"jsonrpc":"2.0","id":4}', -32600, 4],
    ['{"jsonrpc":"2.0","id":{},"method":"x"}', -32600, null],
    ['{"jsonrpc":"2.0","id":5,"method":"x","params":[1]}', -32602, 5],
    [`{"jsonrpc":"2.0","id":6,"method":"x","params":${deep}}`, -32602, 6],
  ];
  for (const [text, code, id] of wrong) {
    const answer = nextJson(client);
    client.send(text);
    const { error, id: answered } = await answer;
    assert.deepEqual([error.code, answered, error.data.name], [code, id, 'BAD_REQUEST'], text.slice(0, 60));
  }
  assert.ok(!world.control.heard.some(({ type }) => type === 'call'));
});

test("a room's batch reaches each of its sockets once, and no other", async () => {
  await using world = await ImWorld.start();
  const inside = await Promise.all(['a', 'b', 'c'].map((user) => world.connect(user)));
  const outside = await world.connect('d');
  const heard: string[] = [];
  for (const [i, { client }] of [...inside, outside].entries())
    client.on('message', (data) => heard.push(`${i} ${data}`));
  const connections = inside.map(({ connection }) => connection);
  const last = Promise.all(
    [...inside, outside].map(
      ({ client }) =>
        new Promise((resolve) => client.on('message', (data) => String(data) === '"end"' && resolve(null))),
    ),
  );
  world.control.say(
    { type: 'enter', roomId: 'r', connections },
    { type: 'enter', roomId: 'r', connections: connections.slice(0, 1) },
    { type: 'room', roomId: 'r', text: '"one"', droppable: true },
    { type: 'leave', roomId: 'r', connections: connections.slice(2) },
    { type: 'room', roomId: 'r', text: '"two"', droppable: false },
    { type: 'send', connections: [...connections, outside.connection, 12345], text: '"end"' },
  );
  await last;
  assert.deepEqual(heard.filter((line) => !line.endsWith('"end"')).sort(), [
    '0 "one"',
    '0 "two"',
    '1 "one"',
    '1 "two"',
    '2 "one"',
  ]);
});

test('likes are summed by room and user before control hears of them; of rooms one is not in it decides', async () => {
  await using world = await ImWorld.start();
  const { client, connection } = await world.connect('anna');
  const inRoom = nextJson(client);
  world.control.say(
    { type: 'enter', roomId: 'r', connections: [connection] },
    { type: 'send', connections: [connection], text: '1' },
  );
  await inRoom;
  for (const body of [5, { count: 3 }, undefined, 100])
    client.send(rpc({ method: 'room.send', params: { roomId: 'r', kind: 'like', body } }));
  const likes = await world.control.item('likes');
  assert.deepEqual([likes.roomId, likes.byUser], ['r', [['anna', 20]]]);
  for (const params of [
    { roomId: 'other', kind: 'like', body: 1 },
    { roomId: 'r', kind: 'like', body: -5 },
  ])
    client.send(rpc({ id: 1, method: 'room.send', params }));
  await world.control.item('call', 1);
});

test('a flood is refused, then cut off; control is spared', async () => {
  const nowMs = Date.now();
  await using world = await ImWorld.start({ now: () => nowMs });
  const { client } = await world.connect('anna');
  const closed = once(client, 'close');
  for (let i = 0; i < 1000; i++) client.send(rpc({ id: i, method: 'x', params: {} }));
  const refused = new Promise<{ error: { data: { name: string } } }>((resolve) =>
    client.on('message', (data) => resolve(JSON.parse(String(data)))),
  );
  assert.equal((await refused).error.data.name, 'RATE_LIMITED');
  assert.equal((await closed)[0], 4429);
  const { length } = world.control.heard.filter(({ type }) => type === 'call');
  assert.ok(length >= 60 && length < 200, String(length));
});

test('binary, oversized and broken frames end the connection with their status', async () => {
  await using world = await ImWorld.start();
  const send: [number, (client: WebSocket) => void][] = [
    [1003, (client) => client.send(Buffer.from('x'))],
    [1009, (client) => client.send('x'.repeat(9000))],
    [1007, (client) => client.send(Buffer.of(0xc3, 0x28), { binary: false })],
  ];
  for (const [status, act] of send) {
    const { client } = await world.connect('anna');
    const closed = once(client, 'close');
    act(client);
    assert.equal((await closed)[0], status);
  }
  assert.equal(world.im.connections, 0);
});

test('without control sockets stay, calls wait or are told so; the next control learns who is there', async () => {
  await using world = await ImWorld.start();
  const { client, connection } = await world.connect('anna');
  const ready = nextJson(client);
  world.control.say(
    { type: 'ready', connection, session: 's1', text: '{}' },
    { type: 'enter', roomId: 'r', connections: [connection] },
  );
  await ready;
  world.control.kill();
  client.send(rpc({ id: 1, method: 'im.ping' }));
  world.control = new FakeControl(world.memory);
  const call = await world.control.item('call');
  assert.equal(call.method, 'im.ping');
  const [announcement] = await world.control.gather();
  assert.deepEqual(
    announcement?.connections.map(({ session, rooms, identity }) => ({ session, rooms, identity })),
    [{ session: 's1', rooms: ['r'], identity: { appId: 'app', userId: 'anna' } }],
  );
});

test('a token that ends, by time or by a log-out, takes its socket with it', async () => {
  let skewMs = 0;
  await using world = await ImWorld.start({ now: () => Date.now() + skewMs, lookEveryMs: 2 });
  const anna = await world.connect('anna');
  const loggedOut = once(anna.client, 'close');
  world.control.endTokens('ben', 2);
  world.control.endTokens('anna', 2);
  assert.equal((await loggedOut)[0], 4401);
  const ben = await world.connect('ben');
  const expired = once(ben.client, 'close');
  skewMs = 3_601_000;
  assert.equal((await expired)[0], 4401);
});

test('a client that never answers is given up; one that answers pings stays', async () => {
  let skewMs = 0;
  const times = { pingAfterMs: 10_000, goneAfterMs: 30_000, lookEveryMs: 2 };
  await using world = await ImWorld.start({ now: () => Date.now() + skewMs, ...times });
  const [dead, alive] = [await world.connect('dead'), await world.connect('alive')];
  dead.client.pause();
  const pinged = once(alive.client, 'ping');
  skewMs = 20_000;
  await pinged;
  alive.client.send(rpc({ method: 'after the pong' }));
  await world.control.item('call');
  skewMs = 40_000;
  const { connection, clean } = await world.control.item('close');
  assert.deepEqual([connection, clean, world.im.connections], [dead.connection, false, 1]);
});

test('whoever reads nothing loses what may be lost, and is closed before it costs much', async () => {
  await using world = await ImWorld.start();
  const socket = connect(world.port, '127.0.0.1');
  const head = `GET /v1/im?token=${world.token('slow')} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  socket.write(head);
  const { connection } = await world.control.item('open');
  socket.pause();
  world.control.say({ type: 'enter', roomId: 'r', connections: [connection] });
  const text = JSON.stringify('x'.repeat(200_000));
  const say = (droppable: boolean) => world.control.say({ type: 'room', roomId: 'r', text, droppable });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (; world.im.dropped === 0; await turn()) say(true);
  assert.equal(world.im.connections, 1);
  for (; world.im.connections === 1; await turn()) say(false);
  assert.equal((await world.control.item('close')).clean, false);
  socket.destroy();
});

test('who comes without a token is a visitor, known by what its browser says, or by its address', async () => {
  await using world = await ImWorld.start();
  const visit = async (query: string) => {
    const before = world.control.heard.filter(({ type }) => type === 'open').length;
    const client = new WebSocket(`ws://127.0.0.1:${world.port}/v1/im${query}`);
    await once(client, 'open');
    const opening = await world.control.item('open', before);
    return { client, opening };
  };
  const one = await visit('?visitor=my-browser');
  const { identity, token, visitor } = one.opening;
  assert.deepEqual([identity, token], [{ appId: '', userId: `~${visitor}` }, null]);
  assert.ok(visitor && !visitor.includes('browser'));
  assert.equal((await visit('?visitor=my-browser')).opening.visitor, visitor);
  const [nameless, another] = [await visit(''), await visit('')];
  assert.notEqual(nameless.opening.visitor, visitor);
  assert.equal(another.opening.visitor, nameless.opening.visitor);

  // Its likes are not counted here: control says that it has to log in.
  const { connection } = one.opening;
  world.control.say({ type: 'enter', roomId: 'r', connections: [connection] });
  one.client.send(rpc({ id: 1, method: 'room.send', params: { roomId: 'r', kind: 'like' } }));
  assert.equal((await world.control.item('call')).method, 'room.send');
});

test('where visitors are not let in, no token is no entry', async () => {
  await using world = await ImWorld.start({ visitors: false });
  const client = new WebSocket(`ws://127.0.0.1:${world.port}/v1/im`);
  const [error] = (await once(client, 'error')) as [Error];
  assert.match(error.message, /401/);
});
