import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Lianmai } from './lianmai.ts';
import { ChatClient } from './peers/chat-client.ts';
import { ChatPeople } from './peers/chat-people.ts';
import { Rest } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let roomId: string;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
  roomId = await openRoom('anna');
});
after(() => lianmai[Symbol.asyncDispose]());

const { tokenOf, openRoom, connect, enter: enterRoom } = new ChatPeople(() => lianmai);
const enter = (userId: string, room = roomId) => enterRoom(userId, room);

test('what one says everybody in the room hears, on every worker, and who comes later reads it', async () => {
  using anna = await enter('anna');
  const others = await Promise.all(['ben', 'cleo', 'dan', 'eve', 'finn', 'gil'].map((user) => enter(user)));
  const { id } = await anna.call('room.send', { roomId, kind: 'text', body: '<b>你好</b>' });
  for (const client of [anna, ...others]) {
    const message = await client.event('room.message', (params) => params.id === id);
    assert.equal(message.body, '<b>你好</b>');
    assert.deepEqual(message.from, { userId: 'anna', nickname: 'ANNA', avatar: null, role: 'anchor' });
    assert.ok(message.seq > 2 ** 50);
  }
  using late = await connect('late');
  const entered = await late.call('room.enter', { roomId });
  assert.equal(entered.messages.at(-1).id, id);
  assert.equal(entered.members.count, 8);
  assert.equal(entered.room.title, 'Songs');
  await until('the list counts the viewers', async () => {
    const room = await lianmai.rest.ok<{ viewers: number }>('GET', `/v1/rooms/${roomId}`);
    return room.viewers === 7;
  });
  for (const client of others) client[Symbol.dispose]();
});

test('a client that comes back with its seq gets what it missed', async () => {
  using anna = await enter('anna');
  const ben = await enter('ben');
  const first = await anna.call('room.send', { roomId, kind: 'text', body: 'before' });
  await ben.event('room.message', ({ id }) => id === first.id);
  const { seq } = ben;
  ben[Symbol.dispose]();
  const { id } = await anna.call('room.send', { roomId, kind: 'text', body: 'meanwhile' });
  await anna.event('room.message', (params) => params.id === id);
  using again = await connect('ben', `&seq=${seq}`);
  const ready = await again.event('im.ready');
  assert.deepEqual([ready.rooms, ready.reload], [[roomId], false]);
  assert.equal((await again.event('room.message')).body, 'meanwhile');
  const next = await anna.call('room.send', { roomId, kind: 'text', body: 'after' });
  await again.event('room.message', (params) => params.id === next.id);
});

test('likes are summed, gifts counted, the room tells of both', async () => {
  using anna = await enter('anna');
  using ben = await enter('ben');
  const { likes: before = 0 } = await lianmai.rest.ok<{ likes: number }>('GET', `/v1/rooms/${roomId}`);
  await Promise.all([5, 3, 2].map((count) => ben.call('room.send', { roomId, kind: 'like', body: { count } })));
  assert.equal((await anna.event('room.stats', ({ likes }) => likes === before + 10)).likes, before + 10);
  await ben.call('room.send', { roomId, kind: 'gift', body: { giftId: 'rose', count: 3 } });
  const gift = await anna.event('room.message', ({ kind }) => kind === 'gift');
  assert.deepEqual(gift.body, { giftId: 'rose', count: 3, name: 'Rose', price: 1 });
  await anna.event('room.stats', ({ gifts }) => gifts?.[0]?.count === 3);
  assert.equal(await ben.refused('room.send', { roomId, kind: 'gift', body: { giftId: 'yacht' } }), 'BAD_REQUEST');
});

test('forged, missing and logged-out tokens are refused before the handshake, or sent away right after', async () => {
  const token = await tokenOf('ben');
  for (const wrong of ['', 'x', `${token.slice(0, -2)}AA`, lianmai.apiKey]) {
    await assert.rejects(ChatClient.connect(lianmai.http, wrong), /401/);
    const answer = await fetch(`${lianmai.http}/v1/im?token=${wrong}`);
    assert.equal(answer.status, 401);
    assert.equal(((await answer.json()) as { error: { name: string } }).error.name, 'UNAUTHENTICATED');
  }
  const { token: short } = await lianmai.rest.ok<{ token: string }>('POST', '/v1/users/token', { userId: 'zoe' });
  using zoe = await ChatClient.connect(lianmai.http, short);
  await zoe.event('im.ready');
  const closed = once(zoe.socket, 'close');
  await new Rest(lianmai.http, short).ok('POST', '/v1/users/logout', {});
  assert.equal((await closed)[0], 4401);
  const late = await ChatClient.connect(lianmai.http, short);
  assert.equal((await once(late.socket, 'close'))[0], 4401);
});

test('who is not logged in hears the room, is counted once, and may do nothing else', async () => {
  const room = await openRoom('vera');
  using vera = await enter('vera', room);
  const viewers = async () => (await lianmai.rest.ok<{ viewers: number }>('GET', `/v1/rooms/${room}`)).viewers;
  using visitor = await ChatClient.visit(lianmai.http, 'browser-of-a-visitor');
  using tab = await ChatClient.visit(lianmai.http, 'browser-of-a-visitor');
  for (const client of [visitor, tab]) {
    assert.equal((await client.event('im.ready')).user, null);
    await client.call('room.enter', { roomId: room });
  }
  await until('one viewer is counted', async () => (await viewers()) === 1);
  const { id } = await vera.call('room.send', { roomId: room, kind: 'text', body: 'welcome' });
  await visitor.event('room.message', (params) => params.id === id);
  for (const [method, params] of [
    ['room.send', { roomId: room, kind: 'text', body: 'x' }],
    ['room.send', { roomId: room, kind: 'like' }],
    ['cohost.request', { roomId: room }],
  ] as const)
    assert.equal(await visitor.refused(method, params), 'UNAUTHENTICATED');

  using user = await connect('walt', '&visitor=browser-of-a-visitor');
  await user.call('room.enter', { roomId: room });
  await vera.event('room.joined', ({ user: one }) => one.userId === 'walt');
  assert.equal(await viewers(), 1);
  const { items } = await lianmai.rest.ok<{ items: { userId: string }[] }>('GET', `/v1/rooms/${room}/members`);
  assert.deepEqual(items.map(({ userId }) => userId).sort(), ['vera', 'walt']);
});

test('nobody speaks where it is not, nor leads what is not its own', async () => {
  using ben = await connect('ben');
  assert.equal(await ben.refused('room.send', { roomId, kind: 'text', body: 'x' }), 'NOT_IN_ROOM');
  assert.equal(await ben.refused('room.send', { roomId, kind: 'like' }), 'NOT_IN_ROOM');
  assert.equal(await ben.refused('room.enter', { roomId: 'nowhere' }), 'ROOM_NOT_FOUND');
  await ben.call('room.enter', { roomId });
  assert.equal(await ben.refused('room.mute', { roomId, userId: 'cleo' }), 'FORBIDDEN');
  assert.equal(await ben.refused('room.setRole', { roomId, userId: 'ben', role: 'moderator' }), 'FORBIDDEN');
  assert.equal(await ben.refused('room.send', { roomId, kind: 'system', body: 'x' }), 'BAD_REQUEST');
  assert.equal(await ben.refused('room.teleport', {}), 'METHOD_NOT_ALLOWED');
  assert.equal(await ben.refused('room.enter', { roomId, extra: 1 }), 'BAD_REQUEST');
});

test('who is muted, kicked or banned is; the operator may do so too', async () => {
  using anna = await enter('anna');
  using ben = await enter('ben');
  await anna.call('room.mute', { roomId, userId: 'ben', seconds: 60 });
  await ben.event('room.muted');
  assert.equal(await ben.refused('room.send', { roomId, kind: 'text', body: 'x' }), 'MUTED');
  await lianmai.rest.ok('POST', `/v1/rooms/${roomId}/members/ben/unmute`);
  await ben.call('room.send', { roomId, kind: 'text', body: 'thanks' });
  await anna.call('room.kick', { roomId, userId: 'ben' });
  await ben.event('room.kicked');
  assert.equal(await ben.refused('room.send', { roomId, kind: 'text', body: 'x' }), 'NOT_IN_ROOM');
  assert.equal(await ben.refused('room.enter', { roomId }), 'BANNED');
  await anna.call('room.unban', { roomId, userId: 'ben' });
  await ben.call('room.enter', { roomId });
  await lianmai.rest.ok('POST', `/v1/rooms/${roomId}/notices`, { text: 'Be kind' });
  assert.deepEqual((await ben.event('room.message', ({ kind }) => kind === 'system')).body, { text: 'Be kind' });
});

test('what was answered is in the history, whatever becomes of control', async () => {
  const room = await openRoom('hanna');
  using hanna = await enter('hanna', room);
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const sent = await Promise.all(
      ['a', 'b', 'c'].map((body) => hanna.call('room.send', { roomId: room, kind: 'text', body: `${body}${round}` })),
    );
    ids.push(...sent.map(({ id }) => id));
    const control = lianmai.processes().get('control');
    assert.ok(control);
    process.kill(control, 'SIGKILL');
    const entered = await until('the room is there again', async () => {
      const { result } = await hanna.ask('room.enter', { roomId: room });
      return lianmai.processes().get('control') === control ? null : result;
    });
    assert.deepEqual(
      entered.messages.map(({ id }: { id: string }) => id),
      ids,
    );
  }
  await lianmai.healthy();
});

test('sockets outlive control: what they were in they are in again, and numbers go on', async () => {
  using anna = await enter('anna');
  using ben = await enter('ben');
  const said = await anna.call('room.send', { roomId, kind: 'text', body: 'before the restart' });
  const before = await ben.event('room.message', ({ id }) => id === said.id);
  const control = lianmai.processes().get('control');
  assert.ok(control);
  process.kill(control, 'SIGKILL');
  // Waits for the next control, or is told to try again.
  let id: string | null = null;
  await until('anna can speak again', async () => {
    const { result } = await anna.ask('room.send', { roomId, kind: 'text', body: 'after the restart' });
    id = result?.id ?? null;
    return id !== null;
  });
  const heard = await ben.event('room.message', (params) => params.id === id);
  assert.ok(heard.seq > before.seq);
  assert.equal(ben.socket.readyState, WebSocket.OPEN);
  await lianmai.healthy();
});

test('the room closes, and its chat with it', async () => {
  const room = await openRoom('mia');
  using ben = await enter('ben', room);
  await lianmai.rest.ok('DELETE', `/v1/rooms/${room}`);
  const closed = await ben.event('room.closed');
  assert.equal(closed.reason, 'operator');
  assert.equal(closed.summary.totalViewers, 1);
  assert.equal(await ben.refused('room.send', { roomId: room, kind: 'text', body: 'x' }), 'ROOM_NOT_FOUND');
});
