import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { ChatClient } from './peers/chat-client.ts';
import { type ColourName, type Look, look, pushColour } from './peers/coloured.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import type { Program } from './peers/program.ts';
import { Rest } from './rest.ts';
import { until } from './until.ts';

/** What these tests use of a room. */
interface Room {
  id: string;
  state: string;
  channel: { id: string; stream: string; push?: { rtmp: string }; play: { flv: string } };
}

/** How to take part. */
interface Join {
  members: { userId: string; play: { flv: string } }[];
  publish: { rtmp: string; whip: string };
}

interface Person {
  userId: string;
  token: string;
  rest: Rest;
  chat: ChatClient;
}

const TONES = { red: 500, green: 900, blue: 1500, yellow: 2100 } as const;
const HEARD = 0.02;

let lianmai: Lianmai;
const open: (Disposable | AsyncDisposable)[] = [];

before(async () => {
  lianmai = await Lianmai.start({
    workers: 2,
    settings: { mixers: '2', 'cohost-answer-ms': '6000', 'pk-battle-ms': '30000', 'pk-punishment-ms': '2000' },
  });
});
after(async () => {
  for (const one of open.reverse())
    await (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]());
  await lianmai?.stop();
});

async function person(userId: string): Promise<Person> {
  const { token } = await lianmai.rest.ok<{ token: string }>('POST', '/v1/users/token', { userId, nickname: userId });
  const chat = await ChatClient.connect(lianmai.http, token);
  open.push(chat);
  return { userId, token, rest: new Rest(lianmai.http, token), chat };
}

function pushes(url: string, colour: ColourName): Program {
  const program = pushColour(url, colour, TONES[colour]);
  open.push(program);
  return program;
}

/** A room that is live in this colour, with its anchor in it. */
async function liveRoom(anchor: Person, colour: ColourName): Promise<Room & { encoder: Program }> {
  const room = await anchor.rest.ok<Room>('POST', '/v1/rooms', { title: `${anchor.userId} sings` });
  const encoder = pushes(room.channel.push?.rtmp ?? '', colour);
  await until(
    'the room is live',
    async () => (await anchor.rest.ok<Room>('GET', `/v1/rooms/${room.id}`)).state === 'live',
  );
  await anchor.chat.call('room.enter', { roomId: room.id });
  return { ...room, encoder };
}

const looks = (url: string, what: string, test: (it: Look) => boolean) =>
  until(what, async () => test(await look(url)), 40_000);
const sourceOf = async ({ channel }: Room) =>
  (await lianmai.rest.ok<{ source?: string }>('GET', `/v1/channels/${channel.id}`)).source;

describe('co-hosting', () => {
  let anna: Person;
  let bo: Person;
  let room: Room & { encoder: Program };

  before(async () => {
    anna = await person('anna');
    bo = await person('bo');
    room = await liveRoom(anna, 'red');
    await bo.chat.call('room.enter', { roomId: room.id });
  });

  it('a viewer asks, is let in, is seen and heard by viewers who keep their connection, and leaves', async (t) => {
    using viewer = await FlvClient.open(room.channel.play.flv);
    await viewer.more(25, 9);
    const { session } = await bo.chat.call('cohost.request', { roomId: room.id, reason: 'I sing too' });
    const asked = await anna.chat.event('cohost.requested');
    assert.deepEqual(
      [asked.session.id, asked.session.reason, asked.session.user.userId],
      [session.id, 'I sing too', 'bo'],
    );
    assert.equal(await bo.chat.refused('cohost.respond', { sessionId: session.id, accept: true }), 'FORBIDDEN');

    const let_in = await anna.chat.call('cohost.respond', { sessionId: session.id, accept: true });
    assert.equal(let_in.session.state, 'joining');
    const answered = await bo.chat.event('cohost.answered');
    const acceptedAt = performance.now();
    const join: Join = answered.conference;
    assert.deepEqual(join.members.map(({ userId }) => userId).sort(), ['anna', 'bo']);
    // The anchor publishes nothing to the conference: its room's own stream stands in.
    const annas = join.members.find(({ userId }) => userId === 'anna')!.play.flv;
    const guest = pushes(join.publish.rtmp, 'green');
    await anna.chat.event('cohost.started');
    await until('the channel shows the mix', async () => (await sourceOf(room)) === 'mix');
    t.diagnostic(
      `mix ${Math.round(performance.now() - acceptedAt)} ms after the answer came, encoder's start included`,
    );
    await looks(
      room.channel.play.flv,
      'both',
      (it) => it.at(0.1, 0.5) === 'red' && it.tone(500) > HEARD && it.tone(900) > HEARD,
    );
    const picture = await look(room.channel.play.flv);
    t.diagnostic(`canvas ${picture.width}x${picture.height}`);
    await looks(
      annas,
      "the anchor's own stream for the guest",
      (it) => it.at(0.9, 0.8) === 'red' && it.tone(900) < HEARD / 4,
    );

    await bo.chat.call('cohost.leave', { sessionId: session.id });
    await guest[Symbol.asyncDispose]();
    const ended = await anna.chat.event('cohost.ended');
    assert.equal(ended.session.endReason, 'left');
    await looks(
      room.channel.play.flv,
      'the anchor alone',
      (it) => it.at(0.9, 0.8) === 'red' && it.tone(900) < HEARD / 4,
    );
    await until("the channel shows the anchor's own stream", async () => (await sourceOf(room)) === 'direct');
    assert.deepEqual([viewer.end, stepsBack(viewer.timestamps(9)), stepsBack(viewer.timestamps(8))], [null, [], []]);
  });

  it('a guest that goes with a goodbye of its stream and comes back is on air again, on the same seat', async () => {
    const cleo = await person('cleo');
    await cleo.chat.call('room.enter', { roomId: room.id });
    const { session } = await cleo.chat.call('cohost.request', { roomId: room.id });
    await anna.chat.call('cohost.respond', { sessionId: session.id, accept: true });
    const answered = await cleo.chat.event('cohost.answered');
    const first = pushes(answered.conference.publish.rtmp, 'green');
    await anna.chat.event('cohost.started', (params) => params.session.id === session.id);
    await looks(room.channel.play.flv, 'the guest', (it) => it.tone(900) > HEARD);
    // As a page does that is loaded anew: its stream ends, its chat closes.
    first.kill('SIGTERM');
    await first.exit;
    cleo.chat[Symbol.dispose]();
    const again = await ChatClient.connect(lianmai.http, cleo.token);
    open.push(again);
    const found = await again.call('cohost.session');
    assert.deepEqual([found.session.id, found.session.state], [session.id, 'on-air']);
    await looks(room.channel.play.flv, 'silence on the seat', (it) => it.tone(900) < HEARD / 4);
    pushes(found.conference.publish.rtmp, 'green');
    await looks(room.channel.play.flv, 'the guest again', (it) => it.tone(900) > HEARD);
    const ends = anna.chat.events.filter(({ method }) => method === 'cohost.ended');
    assert.equal(
      ends.some(({ params }) => params.session.id === session.id),
      false,
    );
    await again.call('cohost.leave', { sessionId: session.id });
    await until("the channel shows the anchor's own stream", async () => (await sourceOf(room)) === 'direct');
  });

  it('an invitation is rejected with words, times out, and is withdrawn', async () => {
    const { session } = await anna.chat.call('cohost.invite', { roomId: room.id, userId: 'bo' });
    await bo.chat.event('cohost.invited', ({ session: one }) => one.id === session.id);
    await bo.chat.call('cohost.respond', { sessionId: session.id, accept: false, reason: 'Not now' });
    const no = await anna.chat.event('cohost.answered', (params) => params.session.id === session.id);
    assert.deepEqual([no.accepted, no.reason, no.conference], [false, 'Not now', null]);

    const late = (await bo.chat.call('cohost.request', { roomId: room.id })).session;
    const ended = await bo.chat.event('cohost.ended', (params) => params.session.id === late.id);
    assert.equal(ended.session.endReason, 'timed-out');
    assert.match(await anna.chat.refused('cohost.respond', { sessionId: late.id, accept: true }), /^SESSION_/);

    const withdrawn = (await bo.chat.call('cohost.request', { roomId: room.id })).session;
    await bo.chat.call('cohost.cancel', { sessionId: withdrawn.id });
    const gone = await anna.chat.event('cohost.ended', (params) => params.session.id === withdrawn.id);
    assert.equal(gone.session.endReason, 'cancelled');
  });

  it('strangers learn nothing of sessions, and a kick cuts the guest', async () => {
    const eve = await person('eve');
    const { session } = await bo.chat.call('cohost.request', { roomId: room.id });
    for (const method of ['cohost.cancel', 'cohost.leave', 'cohost.kick', 'cohost.join'])
      assert.equal(await eve.chat.refused(method, { sessionId: session.id }), 'SESSION_NOT_FOUND');
    assert.equal(await eve.chat.refused('cohost.request', { roomId: room.id }), 'NOT_IN_ROOM');
    const { conference } = await anna.chat.call('cohost.respond', { sessionId: session.id, accept: true });
    assert.ok(conference);
    const answered = await bo.chat.event('cohost.answered', (params) => params.session.id === session.id);
    const guest = pushes(answered.conference.publish.rtmp, 'green');
    await anna.chat.event('cohost.started', (params) => params.session.id === session.id);
    await anna.chat.call('cohost.kick', { sessionId: session.id, reason: 'Too loud' });
    const kicked = await bo.chat.event('cohost.ended', (params) => params.session.id === session.id);
    assert.deepEqual([kicked.session.endReason, kicked.reason], ['kicked', 'Too loud']);
    assert.notEqual((await guest.exit).code, 0, "the guest's encoder is sent away");
    await until("the channel shows the anchor's own stream", async () => (await sourceOf(room)) === 'direct');
  });
});

describe('a battle', () => {
  it('both rooms see both anchors, scores count, it is decided, and both go home', async () => {
    const carl = await person('carl');
    const dora = await person('dora');
    const [left, right] = [await liveRoom(carl, 'blue'), await liveRoom(dora, 'yellow')];
    const fan = await person('fan');
    await fan.chat.call('room.enter', { roomId: right.id });
    using viewers = await FlvClient.open(left.channel.play.flv);
    using others = await FlvClient.open(right.channel.play.flv);

    const { session } = await carl.chat.call('pk.invite', { roomId: left.id, targetRoomId: right.id });
    await dora.chat.event('pk.invited');
    assert.equal(await carl.chat.refused('pk.invite', { roomId: left.id, targetRoomId: right.id }), 'BUSY');
    const { conference } = await dora.chat.call('pk.respond', { sessionId: session.id, accept: true });
    assert.deepEqual(conference.members.map(({ userId }: { userId: string }) => userId).sort(), ['carl', 'dora']);
    await carl.chat.event('pk.answered', ({ accepted }) => accepted === true);
    await fan.chat.event('pk.started');
    assert.equal(await fan.chat.refused('cohost.request', { roomId: right.id }), 'BUSY');
    for (const { channel } of [left, right])
      await looks(
        channel.play.flv,
        'side by side',
        (it) => it.at(0.25, 0.5) === 'blue' && it.at(0.75, 0.5) === 'yellow',
      );

    await fan.chat.call('room.send', { roomId: right.id, kind: 'like', body: { count: 5 } });
    const score = await carl.chat.event('pk.score', ({ scores }) => scores[1] >= 5);
    assert.deepEqual(score.scores, [0, 5]);
    await fan.chat.call('room.send', { roomId: right.id, kind: 'gift', body: { giftId: 'rose', count: 3 } });
    // What was answered counts, whatever becomes of control.
    lianmai.kill('control');
    const { session: decided } = await carl.chat.event('pk.punishment');
    assert.deepEqual([decided.winner, decided.sides[1].score], [right.id, 8]);
    await fan.chat.event('pk.ended');
    await looks(left.channel.play.flv, 'home', (it) => it.at(0.25, 0.5) === 'blue' && it.at(0.75, 0.5) === 'blue');
    await looks(right.channel.play.flv, 'home', (it) => it.at(0.25, 0.5) === 'yellow' && it.at(0.75, 0.5) === 'yellow');
    for (const flv of [viewers, others])
      assert.deepEqual([flv.end, stepsBack(flv.timestamps(9)), stepsBack(flv.timestamps(8))], [null, [], []]);
  });
});
