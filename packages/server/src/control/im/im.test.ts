import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { ChatRules, IssuedToken, Room } from '@lianmai/contract/rest';
import { pino } from 'pino';
import type { Db } from '../../store/store.ts';
import { FlakyStore } from '../../store/testing/flaky-store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';
import { type Connection, WorkerLink } from './connection.ts';
import type { ImRooms, RoomFacts } from './ports.ts';
import { Rooms } from './rooms.ts';
import { SeqClock } from './seq-clock.ts';
import { type ChatPeer, ChatWorker } from './testing/chat-worker.ts';

describeStores('chat', (open) => {
  let control: TestControl;
  let worker: ChatWorker;
  let other: ChatWorker;
  let skewMs = 0;
  let rooms = 0;
  const tokens = new Map<string, string>();

  before(async () => {
    control = await TestControl.start({ store: await open(), now: () => Date.now() + skewMs });
    worker = await ChatWorker.join(control.bus, 'edge-0');
    other = await ChatWorker.join(control.bus, 'edge-1');
  });
  after(() => control.close());

  const tokenOf = async (userId: string): Promise<string> => {
    const known = tokens.get(userId);
    if (known) return known;
    const { body } = await control.post<IssuedToken>('/v1/users/token', { userId });
    tokens.set(userId, body.token);
    return body.token;
  };
  const openRoom = async (): Promise<string> => {
    const key = await tokenOf(`anchor-${++rooms}`);
    return (await control.post<Room>('/v1/rooms', { title: 'Songs' }, { key })).body.id;
  };
  const anchorOf = () => `anchor-${rooms}`;
  const enter = async (userId: string, roomId: string, at = worker): Promise<ChatPeer> => {
    const peer = await at.connect(await tokenOf(userId));
    await peer.call('room.enter', { roomId });
    return peer;
  };
  const say = (peer: ChatPeer, roomId: string, body: string): Promise<{ id: string }> =>
    peer.call('room.send', { roomId, kind: 'text', body });
  const heard = (peer: ChatPeer): unknown[] => peer.of('room.message').map(({ body }) => body);
  const members = async (roomId: string): Promise<number> =>
    (await control.get<{ count: number }>(`/v1/rooms/${roomId}/members`)).body.count;

  it('counts a user in two tabs once, and lets it go when the last has been gone for a while', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const [one, two] = [await enter('ben', roomId), await enter('ben', roomId, other)];
    assert.equal((await anna.event('room.stats', ({ viewers }) => viewers > 0)).viewers, 1);
    assert.equal(await members(roomId), 2);
    one.leave();
    two.leave();
    assert.equal(await members(roomId), 2);
    await until(() => (skewMs += 500) && anna.of('room.left').length > 0);
    assert.equal((await anna.event('room.left')).user.userId, 'ben');
    assert.equal(await members(roomId), 1);
    assert.equal(anna.of('room.joined').filter(({ user }) => user.userId === 'ben').length, 1);
  });

  it('gives who comes back what it missed, on whatever worker; after too long it says so', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const ben = await enter('ben', roomId);
    await say(anna, roomId, 'one');
    await until(() => heard(ben).length === 1);
    ben.leave(false);
    await say(anna, roomId, 'two');
    await until(() => heard(anna).length === 2);
    const back = await other.connect(await tokenOf('ben'), ben.seq, ben.session);
    assert.deepEqual([back.of('im.ready')[0].rooms, back.of('im.ready')[0].reload], [[roomId], false]);
    await say(anna, roomId, 'three');
    await until(() => heard(back).length === 2);
    assert.deepEqual(heard(back), ['two', 'three']);
    assert.deepEqual([anna.of('room.left'), anna.of('room.joined').length], [[], 2]);

    back.leave(false);
    // Heard of after it, so control knows by then.
    await other.connect(await tokenOf('cleo'));
    skewMs += 61_000;
    const late = await worker.connect(await tokenOf('ben'), back.seq, back.session);
    assert.deepEqual([late.of('im.ready')[0].rooms, late.of('im.ready')[0].reload], [[], true]);
  });

  it('gives nobody the place of somebody else', async () => {
    const roomId = await openRoom();
    const ben = await enter('ben', roomId);
    ben.leave(false);
    const thief = await worker.connect(await tokenOf('thief'), ben.seq, ben.session);
    assert.deepEqual([thief.of('im.ready')[0].rooms, thief.of('im.ready')[0].reload], [[], true]);
  });

  it('takes over from a connection that is broken but not known to be', async () => {
    const roomId = await openRoom();
    const ben = await enter('ben', roomId);
    const back = await other.connect(await tokenOf('ben'), ben.seq, ben.session);
    await until(() => ben.closed === 4002);
    assert.deepEqual(back.of('im.ready')[0].rooms, [roomId]);
    assert.equal(await members(roomId), 1);
  });

  it('keeps order for one who asks for several things at once', async () => {
    const roomId = await openRoom();
    const ben = worker.begin(await tokenOf('ben'));
    const [entered, sent, left, late] = await Promise.allSettled([
      ben.call('room.enter', { roomId }),
      say(ben, roomId, 'at once'),
      ben.call('room.leave', { roomId }),
      say(ben, roomId, 'too late'),
    ]);
    assert.deepEqual(
      [entered.status, sent.status, left.status, late.status],
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
    );
  });

  it('survives a worker: its users leave unless they come back', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const doomed = await ChatWorker.join(control.bus, 'edge-9');
    const [ben, cleo] = [await enter('ben', roomId, doomed), await enter('cleo', roomId, doomed)];
    doomed.kill();
    const back = await worker.connect(await tokenOf('ben'), ben.seq, ben.session);
    assert.deepEqual(back.of('im.ready')[0].rooms, [roomId]);
    skewMs += 11_000;
    assert.equal((await anna.event('room.left')).user.userId, 'cleo');
    assert.equal(await members(roomId), 2);
    assert.ok(cleo.closed === null);
  });

  it('knows after its own restart who is there, what was said, and who may not speak', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const ben = await enter('ben', roomId, other);
    await say(anna, roomId, 'before');
    await anna.call('room.mute', { roomId, userId: 'ben' });
    await anna.call('room.setRole', { roomId, userId: 'cleo', role: 'moderator' });
    await anna.call('room.send', { roomId, kind: 'gift', body: { giftId: 'rose', count: 2 } });
    await ben.event('room.message', ({ kind }) => kind === 'gift');
    const { seq } = ben;
    await control.stop();
    await control.startAgain();
    const joinedBefore = anna.of('room.joined').length;
    await say(anna, roomId, 'after');
    assert.ok((await ben.event('room.message', ({ body }) => body === 'after')).seq > seq);
    assert.equal(anna.of('room.joined').length, joinedBefore);
    await assert.rejects(say(ben, roomId, 'x'), { name: 'MUTED' });
    const cleo = await worker.connect(await tokenOf('cleo'));
    const entered = await cleo.call('room.enter', { roomId });
    assert.deepEqual([entered.self.role, entered.members.count], ['moderator', 3]);
    assert.deepEqual(entered.gifts, [{ giftId: 'rose', count: 2 }]);
    assert.deepEqual(
      entered.messages.map(({ body }: { body: unknown }) => (typeof body === 'string' ? body : 'gift')),
      ['before', 'gift', 'after'],
    );
  });

  it('tells of a thousand comings and goings in few words', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId, other);
    const keys = await Promise.all(Array.from({ length: 50 }, (_, i) => tokenOf(`u${i}`)));
    const peers = Array.from({ length: 350 }, (_, i) => worker.begin(keys[i % 50] ?? ''));
    const before = worker.batches;
    await Promise.all(
      peers.map(async (peer) => {
        await peer.call('room.enter', { roomId });
        await peer.call('room.leave', { roomId });
        await peer.call('room.enter', { roomId });
      }),
    );
    assert.equal(await members(roomId), 51);
    assert.ok(worker.batches - before < 300, `${worker.batches - before} batches`);
    // Before the crowd came nobody was watching either: its coming is awaited, or its going would be taken for done.
    await anna.event('room.stats', ({ viewers }) => viewers === 50);
    for (const peer of peers) peer.leave();
    await until(() => (skewMs += 500) && anna.of('room.stats').at(-1)?.viewers === 0);
    assert.equal(await members(roomId), 1);
  });

  it('takes back a crowd that lost its worker all at once', async () => {
    const roomId = await openRoom();
    const doomed = await ChatWorker.join(control.bus, 'edge-8');
    const keys = await Promise.all(Array.from({ length: 100 }, (_, i) => tokenOf(`storm${i}`)));
    const lost = await Promise.all(keys.map((key) => doomed.connect(key)));
    await Promise.all(lost.map((peer) => peer.call('room.enter', { roomId })));
    doomed.kill();
    const back = await Promise.all(lost.map((peer, i) => worker.connect(keys[i] ?? '', peer.seq, peer.session)));
    for (const peer of back) assert.deepEqual(peer.of('im.ready')[0].rooms, [roomId]);
    assert.equal(await members(roomId), 100);
    for (const peer of back) peer.leave();
  });

  it('does what an operator sets: words, gifts, notices, slow mode', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const ben = await enter('ben', roomId);
    const gifts = [{ giftId: 'star', name: 'Star', price: 7, icon: '⭐' }];
    const { body, status } = await control.patch<ChatRules>('/v1/apps/default/chat', { words: ['ugly'], gifts });
    assert.deepEqual([status, body], [200, { words: ['ugly'], gifts }]);
    await say(ben, roomId, 'U-G-L-Y word');
    await anna.event('room.message', (message) => message.body === '******* word');
    assert.deepEqual(await ben.call('room.gifts', { roomId }), { items: gifts });
    await assert.rejects(ben.call('room.send', { roomId, kind: 'gift', body: { giftId: 'rose' } }), {
      name: 'BAD_REQUEST',
    });
    await control.post(`/v1/rooms/${roomId}/notices`, { text: 'hello' });
    await ben.event('room.message', ({ kind }) => kind === 'system');
    await anna.call('room.configure', { roomId, slowModeSeconds: 30 });
    await ben.event('room.changed', ({ room }) => room.settings.slowModeSeconds === 30);
    await assert.rejects(say(ben, roomId, 'x'), { name: 'SLOW_MODE' });
    assert.equal((await control.post('/v1/rooms/nowhere/notices', { text: 'x' })).status, 404);
    assert.equal((await control.post(`/v1/rooms/${roomId}/members/${anchorOf()}/mute`, {})).status, 403);
    assert.equal((await control.get('/v1/apps/default/chat', { key: null })).status, 401);
  });

  it('shows a new name at once, and lets a user have so many tabs and no more', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const mona = await enter('mona', roomId);
    await control.post('/v1/users/token', { userId: 'mona', nickname: 'Mona Lisa' });
    await until(async () => {
      const { id } = await say(mona, roomId, 'who am I');
      const message = await anna.event('room.message', (one) => one.id === id);
      return message.from.nickname === 'Mona Lisa';
    });
    const tabs = Array.from({ length: 60 }, () => worker.begin(tokens.get('mona') ?? ''));
    await until(() => tabs.every(({ session, closed }) => session !== null || closed !== null));
    assert.equal(tabs.filter(({ closed }) => closed === 4429).length, 11);
    for (const tab of tabs) if (tab.closed === null) tab.leave();
  });

  it('lets nobody in by a token that was logged out, by itself or with all others', async () => {
    const logOut = (key: string, everywhere: boolean) => control.post('/v1/users/logout', { everywhere }, { key });
    const token = async () => (await control.post<IssuedToken>('/v1/users/token', { userId: 'zoe' })).body.token;
    const [one, two, three] = [await token(), await token(), await token()];
    await logOut(one, false);
    assert.equal((await worker.connect(one)).closed, 4401);
    assert.equal((await worker.connect(two)).closed, null);
    await logOut(two, true);
    assert.equal((await worker.connect(three)).closed, 4401);
    assert.equal((await worker.connect(await token())).closed, null);
  });

  it('hears from a worker it does not know, and asks it who is there', async () => {
    const roomId = await openRoom();
    const ben = await enter('ben', roomId);
    worker.tell({ type: 'call', connection: 99_999, call: null, method: 'im.ping', params: {} });
    worker.tell({ type: 'close', connection: 88_888, clean: false });
    worker.tell({
      type: 'likes',
      roomId,
      byUser: [
        ['ben', 3],
        ['stranger', 20],
      ],
    });
    assert.equal((await ben.event('room.stats', ({ likes }) => likes > 0)).likes, 3);
    await assert.rejects(worker.call(77_777, 'im.ping', {}), { name: 'UNAVAILABLE' });
  });

  it('lets who is not logged in listen, and counts its browser as a viewer', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const [one, two] = [await worker.visit('browser'), await other.visit('browser')];
    assert.equal(one.of('im.ready')[0].user, null);
    for (const tab of [one, two]) {
      const { members, self } = await tab.call('room.enter', { roomId });
      assert.deepEqual([members.count, self.role], [1, 'member']);
    }
    assert.equal((await anna.event('room.stats', ({ viewers }) => viewers > 0)).viewers, 1);
    assert.equal(await members(roomId), 1);
    await say(anna, roomId, 'hello');
    await until(() => heard(one).length === 1 && heard(two).length === 1);
    assert.ok((await one.call('room.gifts', { roomId })).items.length > 0);
    assert.equal((await one.call('pk.current', { roomId })).session, null);
    assert.deepEqual((await one.call('cohost.list', { roomId })).items, []);
    one.leave();
    two.leave();
    await until(() => (skewMs += 500) && anna.of('room.stats').at(-1).viewers === 0);
    assert.deepEqual([anna.of('room.left'), anna.of('room.joined').length], [[], 1]);
  });

  it('lets who is not logged in do nothing else', async () => {
    const roomId = await openRoom();
    const visitor = await worker.visit('browser');
    await visitor.call('room.enter', { roomId });
    const calls: [string, object][] = [
      ['room.send', { roomId, kind: 'text', body: 'x' }],
      ['room.send', { roomId, kind: 'like' }],
      ['room.members', { roomId }],
      ['room.mute', { roomId, userId: anchorOf() }],
      ['cohost.request', { roomId }],
      ['pk.invite', { roomId, targetRoomId: roomId }],
      ['im.ack', { signalIds: [] }],
    ];
    for (const [method, params] of calls) {
      const refused = (error: { name: string; message: string }) =>
        error.name === 'UNAUTHENTICATED' && error.message.startsWith('log in');
      await assert.rejects(visitor.call(method, params), refused, method);
    }
    await visitor.call('room.leave', { roomId });
    await assert.rejects(visitor.call('room.gifts', { roomId: 'nowhere' }), { name: 'ROOM_NOT_FOUND' });
  });

  it('counts one browser once, before its user logs in and after', async () => {
    const roomId = await openRoom();
    const anna = await enter(anchorOf(), roomId);
    const visitor = await worker.visit('browser');
    await visitor.call('room.enter', { roomId });
    await anna.event('room.stats', ({ viewers }) => viewers === 1);
    const ben = await worker.connect(await tokenOf('ben'), null, null, 'browser');
    await ben.call('room.enter', { roomId });
    await until(() => (skewMs += 500) && anna.of('room.joined').length === 2);
    visitor.leave();
    await say(anna, roomId, 'end');
    await until(() => heard(anna).length === 1);
    assert.deepEqual(
      anna
        .of('room.stats')
        .map(({ viewers }) => viewers)
        .filter((viewers) => viewers > 1),
      [],
    );
  });

  it('has visitors of before again after a restart', async () => {
    const roomId = await openRoom();
    const visitor = await worker.visit('browser');
    await visitor.call('room.enter', { roomId });
    await control.stop();
    await control.startAgain();
    const anna = await enter(anchorOf(), roomId);
    await until(async () => (await control.get<Room>(`/v1/rooms/${roomId}`)).body.viewers === 1);
    await say(anna, roomId, 'still there?');
    await until(() => heard(visitor).includes('still there?'));
  });

  it('keeps who is not logged in out of rooms that not everybody may watch', async () => {
    const roomId = await openRoom();
    const { body } = await control.get<Room>(`/v1/rooms/${roomId}`);
    await control.patch(`/v1/channels/${body.channel.id}`, { playAuth: 'signed' });
    const visitor = await worker.visit('browser');
    await assert.rejects(visitor.call('room.enter', { roomId }), { name: 'UNAUTHENTICATED' });
  });
});

describeStores('what is said while the database is away', (open) => {
  it('is heard at once, and answered when it is written', async (t) => {
    const flaky = new FlakyStore(await open());
    const control = await TestControl.start({ store: flaky.store });
    t.after(() => control.close());
    const worker = await ChatWorker.join(control.bus, 'edge-0');
    const { body: anna } = await control.post<IssuedToken>('/v1/users/token', { userId: 'anna' });
    const { body: room } = await control.post<Room>('/v1/rooms', { title: 'Songs' }, { key: anna.token });
    const peer = await worker.connect(anna.token);
    await peer.call('room.enter', { roomId: room.id });
    await peer.call('room.send', { roomId: room.id, kind: 'text', body: 'before' });
    flaky.fail();
    let answered = 0;
    const sending = ['one', 'two'].map((body) =>
      peer.call('room.send', { roomId: room.id, kind: 'text', body }).then(() => {
        answered += 1;
      }),
    );
    await until(() => peer.of('room.message').length === 3);
    await until(() => flaky.failed > 0);
    assert.equal(answered, 0);
    flaky.mend();
    await Promise.all(sending);
    // A control that knows only what is written.
    await control.stop();
    await control.startAgain();
    const { messages } = await peer.call('room.enter', { roomId: room.id });
    assert.deepEqual(
      messages.map((message: { body: unknown }) => message.body),
      ['before', 'one', 'two'],
    );
  });
});

const FACTS = {
  ...{ id: 'r', appId: 'app', anchorId: 'anna', isPublic: true, likes: 0 },
  settings: { slowModeSeconds: 0, muteAll: false },
};

/** Rooms by themselves; whatever else is asked of the others in control is a mistake. */
const roomsOn = (db: Db, others: Partial<ImRooms>) =>
  new Rooms({
    db,
    visitorsPerAddress: 5,
    now: () => 1,
    seq: () => new SeqClock(() => 1, 0),
    log: pino({ level: 'silent' }),
    presence: () => assert.fail(),
    likes: () => assert.fail(),
    writeGifts: () => assert.fail(),
    rooms: {
      ...{ find: assert.fail, view: assert.fail, configure: assert.fail },
      ...{ addLikes: assert.fail, setAudience: assert.fail },
      ...others,
    },
  });

describeStores('a room that closes while it is being read', (open) => {
  it('is not there', async () => {
    const { db } = await open();
    const reading = Promise.withResolvers<RoomFacts>();
    const rooms = roomsOn(db, { find: () => reading.promise, view: async () => ({ summary: null }) as Room });
    const found = rooms.find('r');
    const heard = rooms.heard({ roomId: 'r', type: 'closed', reason: 'anchor', atMs: 1 });
    reading.resolve(FACTS);
    assert.ok(await found);
    await heard;
    assert.equal(rooms.here('r'), undefined);
    await rooms.close();
  });
});

describeStores('a room that is not open to everybody any more', (open) => {
  it('sends out who is not logged in', async () => {
    const { db } = await open();
    const facts = { ...FACTS };
    const audiences: number[] = [];
    const rooms = roomsOn(db, {
      find: async () => facts,
      setAudience: (_, viewers) => audiences.push(viewers),
    });
    const worker = new WorkerLink('edge-0', 'i', () => {});
    const visitor: Connection = {
      id: 'c',
      worker,
      number: 1,
      identity: { appId: '', userId: '~v' },
      session: 's',
      profile: { userId: '~v', nickname: '', avatar: null },
      isVisitor: true,
      visitorId: '~v',
      address: 'a',
      rooms: new Set(),
    };
    const room = await rooms.open('r', '');
    rooms.enter(room, visitor, null, false);
    await rooms.checkVisitors();
    assert.deepEqual([visitor.rooms.size, room.viewers], [1, 1]);
    facts.isPublic = false;
    await rooms.checkVisitors();
    assert.deepEqual([visitor.rooms.size, room.viewers], [0, 0]);
    await assert.rejects(rooms.open('r', ''), { name: 'UNAUTHENTICATED' });
    rooms.tick(1);
    assert.deepEqual(audiences, [1, 0]);
    await rooms.close();
  });
});
