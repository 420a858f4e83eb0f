import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { App, ConferenceJoin } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import type { ChatPeer } from '../im/testing/chat-worker.ts';
import { until } from '../testing/until.ts';
import { CohostSet, refused, type SetRoom } from './testing/set.ts';

describeStores('co-hosting', (open) => {
  let set: CohostSet;
  before(async () => {
    set = await CohostSet.begin(await open(), { settings: { cohostMax: 2 } });
  });
  after(() => set.close());

  const leave = (peer: ChatPeer, sessionId: string) => peer.call('cohost.leave', { sessionId });

  it('brings who asks and is let in on air, and the room back to its anchor when it leaves', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const { session } = await guest.call('cohost.request', { roomId: room.id, reason: 'I sing too' });
    const asked = await room.anchor.event('cohost.requested');
    assert.deepEqual([asked.session.id, asked.session.reason], [session.id, 'I sing too']);
    assert.equal(await refused(guest.call('cohost.respond', { sessionId: session.id, accept: true })), 'FORBIDDEN');
    const mine = await room.anchor.call('cohost.respond', { sessionId: session.id, accept: true });
    const theirs = (await guest.event('cohost.answered')).conference as ConferenceJoin;
    assert.deepEqual([mine.conference.owner, theirs.owner], [true, false]);
    for (const { members } of [mine.conference, theirs])
      for (const { play } of members) assert.match(`${play.flv} ${play.rtmp}`, /^http.*\.flv\?.* rtmp:\/\//);
    const anchors = theirs.members.find(({ owner }) => owner);
    assert.match(anchors?.play.flv ?? '', new RegExp(`/live/${room.channel.stream}.flv\\?source=direct`));
    assert.equal(set.mixOf(room), undefined);

    const stream = await set.publish(theirs);
    await guest.event('cohost.started');
    await until(() => set.inputs(room).length === 2);
    assert.deepEqual(set.inputs(room), [room.channel.stream, stream]);
    await leave(guest, session.id);
    const ended = await set.ended(room.anchor, session.id);
    assert.equal(ended.session.endReason, 'left');
    await set.direct(room);
    assert.deepEqual(set.media.disconnects.map((one) => one.stream).includes(stream), true);
    assert.deepEqual((await room.anchor.call('cohost.list', { roomId: room.id })).items, []);
  });

  it('has an invitation answered, rejected with words, withdrawn, or end by time', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const invite = async () =>
      (await room.anchor.call('cohost.invite', { roomId: room.id, userId: guest.identity.userId })).session.id;
    const first = await invite();
    await guest.event('cohost.invited');
    await guest.call('cohost.respond', { sessionId: first, accept: false, reason: 'Not now' });
    const no = await room.anchor.event('cohost.answered', ({ session }) => session.id === first);
    assert.deepEqual([no.accepted, no.reason, no.conference], [false, 'Not now', null]);
    const second = await invite();
    await room.anchor.call('cohost.cancel', { sessionId: second });
    assert.equal((await set.ended(guest, second)).session.endReason, 'cancelled');
    const third = await invite();
    await room.anchor.call('cohost.kick', { sessionId: third });
    assert.equal((await set.ended(guest, third)).session.endReason, 'cancelled');
    const late = await invite();
    set.clock.ms += 10_000;
    assert.equal(await refused(guest.call('cohost.respond', { sessionId: late, accept: true })), 'SESSION_OVER');
    assert.equal((await set.ended(guest, late)).session.endReason, 'timed-out');
    const last = await invite();
    const { conference } = await guest.call('cohost.respond', { sessionId: last, accept: true });
    assert.ok(conference.publish.whip);
    set.clock.ms += 30_000;
    assert.equal((await set.ended(room.anchor, last)).session.endReason, 'timed-out');
    assert.equal(await refused(guest.call('cohost.invite', { roomId: room.id, userId: 'x' })), 'FORBIDDEN');
    assert.equal(await refused(room.anchor.call('cohost.invite', { roomId: room.id, userId: 'x' })), 'NOT_IN_ROOM');
  });

  it('refuses what cannot be: no live room, switched off, no seat left, a user who is busy elsewhere, the anchor itself', async () => {
    const [room, other] = [await set.liveRoom(), await set.liveRoom()];
    const quiet = await set.room();
    const ask = (peer: ChatPeer, { id }: Pick<SetRoom, 'id'>) => refused(peer.call('cohost.request', { roomId: id }));
    const [ann, ben, cem] = [await set.guest(room), await set.guest(room), await set.guest(room)];
    assert.equal(await ask(await set.guest(quiet), quiet), 'STREAM_NOT_LIVE');
    assert.equal(await ask(room.anchor, room), 'BAD_REQUEST');
    assert.equal(await ask(ann, other), 'NOT_IN_ROOM');
    await other.anchor.call('room.enter', { roomId: room.id });
    assert.equal(await ask(other.anchor, room), 'BUSY');
    await ann.call('room.enter', { roomId: other.id });
    const both = await Promise.all([ask(ann, room), ask(ann, other)]);
    assert.deepEqual(both.sort(), ['BUSY', 'done']);
    await set.clock.pass(() => ann.of('cohost.ended').length > 0);

    await set.control.patch(`/v1/rooms/${room.id}`, { settings: { coHosting: false } }, { key: room.token });
    assert.equal(await ask(ann, room), 'COHOST_OFF');
    await set.control.patch(`/v1/rooms/${room.id}`, { settings: { coHosting: true } }, { key: room.token });
    const sessions = [await set.onAir(room, ann), await set.letIn(room, ben)];
    assert.equal(await ask(cem, room), 'COHOST_FULL');
    assert.equal(await ask(ann, room), 'BUSY');
    for (const { id } of sessions) await room.anchor.call('cohost.kick', { sessionId: id });
    await set.direct(room);
    assert.equal(await ask(cem, room), 'done');
  });

  it('tells strangers nothing of sessions, not even those of another app who are called the same', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const app = (await set.control.post<App>('/v1/apps', { accountId: 'default', name: 'other' })).body;
    const { body: key } = await set.control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    const strangers = [
      await set.guest(room),
      await set.online(room.anchor.identity.userId, key.key),
      await set.online(guest.identity.userId, key.key),
    ];
    const { session } = await guest.call('cohost.request', { roomId: room.id });
    for (const stranger of strangers)
      for (const method of ['respond', 'cancel', 'leave', 'kick', 'join'] as const)
        for (const sessionId of [session.id, 'co_forged'])
          assert.equal(
            await refused(
              stranger.call(`cohost.${method}`, { sessionId, ...(method === 'respond' ? { accept: true } : {}) }),
            ),
            'SESSION_NOT_FOUND',
            method,
          );
    assert.deepEqual((await strangers[0]!.call('cohost.list', { roomId: room.id })).items, []);
    assert.equal(
      await refused(strangers[1]!.call('cohost.layout', { roomId: room.id, layout: 'grid' })),
      'ROOM_NOT_FOUND',
    );
    assert.equal(await refused(guest.call('cohost.kick', { sessionId: session.id })), 'FORBIDDEN');
    assert.equal(await refused(guest.call('cohost.layout', { roomId: room.id, layout: 'grid' })), 'FORBIDDEN');
    await guest.call('cohost.cancel', { sessionId: session.id });
  });

  it('gives who reconnects in time the invitation that waits, in order, and no invitation that is over', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const userId = guest.identity.userId;
    guest.leave(false);
    const { session } = await room.anchor.call('cohost.invite', { roomId: room.id, userId });
    const back = await set.online(userId);
    const invited = await back.event('cohost.invited');
    assert.deepEqual([invited.session.id, invited.signalId.length <= 64], [session.id, true]);
    const again = await set.online(userId);
    assert.equal((await again.event('cohost.invited')).signalId, invited.signalId);
    await again.call('im.ack', { signalIds: [invited.signalId] });
    // Asking twice is asking once.
    await room.anchor.call('cohost.invite', { roomId: room.id, userId });
    assert.equal((await room.anchor.call('cohost.list', { roomId: room.id })).items.length, 1);
    await room.anchor.call('cohost.cancel', { sessionId: session.id });
    await set.ended(again, session.id);
    const seqs = again.events.map(({ params }) => params.seq);
    assert.deepEqual(
      seqs.slice(1),
      seqs.slice(1).sort((a, b) => a - b),
    );
    for (const peer of [back, again]) peer.leave();
    const late = await room.anchor.call('cohost.invite', { roomId: room.id, userId });
    set.clock.ms += 10_000;
    await set.ended(room.anchor, late.session.id);
    const third = await set.online(userId);
    await third.call('im.ping', {});
    assert.deepEqual(
      third.of('cohost.invited').filter((params) => params.session.id === late.session.id),
      [],
    );
  });

  it('follows the conference: who leaves it, is sent out of it, or whose conference is ended is off air', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const member = (id: string, how: string) =>
      set.control.post(`/v1/conferences/${id}/members/${guest.identity.userId}/${how}`);
    const first = await set.onAir(room, guest);
    await set.control.post(`/v1/conferences/${first.join.conferenceId}/leave`, { userId: guest.identity.userId });
    assert.equal((await set.ended(guest, first.id)).session.endReason, 'left');
    // A word of before that comes late does no harm to who asks at once again.
    const second = await set.onAir(room, guest);
    await member(second.join.conferenceId, 'kick');
    assert.equal((await set.ended(guest, second.id)).session.endReason, 'kicked');
    const third = await set.onAir(room, guest);
    await set.control.delete(`/v1/conferences/${third.join.conferenceId}`);
    assert.equal((await set.ended(guest, third.id)).session.endReason, 'lost');
    await set.direct(room);
    const fourth = await set.onAir(room, guest);
    assert.notEqual(fourth.join.conferenceId, third.join.conferenceId);
    await leave(guest, fourth.id);
    assert.equal((await set.ended(guest, fourth.id)).session.endReason, 'left');
    await set.direct(room);
  });

  it('takes who is sent out of the room off the air, and its question back', async () => {
    const room = await set.liveRoom();
    const [guest, other] = [await set.guest(room), await set.guest(room)];
    const { id } = await set.onAir(room, guest);
    await room.anchor.call('room.kick', { roomId: room.id, userId: guest.identity.userId });
    assert.equal((await set.ended(guest, id)).session.endReason, 'kicked');
    await set.direct(room);
    const { session } = await other.call('cohost.request', { roomId: room.id });
    await set.control.post(`/v1/rooms/${room.id}/members/${other.identity.userId}/ban`, {});
    assert.equal((await set.ended(other, session.id)).session.endReason, 'cancelled');
    // Also when it is on air without being in the room's chat.
    const device = await set.guest(room);
    const seat = await set.onAir(room, device);
    await device.call('room.leave', { roomId: room.id });
    await room.anchor.call('room.ban', { roomId: room.id, userId: device.identity.userId });
    assert.equal((await set.ended(room.anchor, seat.id)).session.endReason, 'kicked');
    await set.direct(room);
  });

  it('keeps the seat of a guest whose page is loaded anew, and tells it how to sit down again', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const userId = guest.identity.userId;
    const { id, join, stream } = await set.onAir(room, guest);
    await set.media.end(stream, 'unpublished');
    guest.leave();
    const again = await set.online(userId);
    const found = await again.call('cohost.session', {});
    assert.deepEqual([found.session.id, found.session.state, found.session.roomId], [id, 'on-air', room.id]);
    assert.equal(found.conference.conferenceId, join.conferenceId);
    assert.equal(await set.publish(found.conference), stream);
    await set.memberIs(guest, join.conferenceId, 'on-air');
    // Longer than an absence is waited for: it is not counted any more.
    set.clock.ms += 40_000;
    await room.anchor.call('cohost.layout', { roomId: room.id, layout: 'grid' });
    await until(() => set.inputs(room).includes(stream));
    assert.deepEqual(room.anchor.of('cohost.ended'), []);
    await leave(again, id);
    assert.equal((await set.ended(room.anchor, id)).session.endReason, 'left');
    assert.deepEqual(await again.call('cohost.session', {}), { session: null, conference: null });
    await set.direct(room);
  });

  it('gives up the seat of a guest that publishes nothing any more: 15 s without its page, 30 s with it', async () => {
    for (const withPage of [false, true]) {
      const room = await set.liveRoom();
      const guest = await set.guest(room);
      const { id, join, stream } = await set.onAir(room, guest);
      const leftAt = set.clock.ms;
      await set.media.end(stream, 'unpublished');
      await set.memberIs(guest, join.conferenceId, 'joining');
      if (!withPage) guest.leave();
      const isOver = () => room.anchor.of('cohost.ended').some(({ session }) => session.id === id);
      await set.clock.pass(isOver, withPage ? 40_000 : 25_000);
      assert.ok(set.clock.ms - leftAt >= (withPage ? 30_000 : 15_000));
      assert.equal((await set.ended(room.anchor, id)).session.endReason, 'lost');
      await set.direct(room);
    }
  });

  it('keeps the guests of an anchor whose page is loaded anew', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const { id, stream } = await set.onAir(room, guest);
    const { conference } = await room.anchor.call('cohost.join', { sessionId: id });
    const own = await set.publish(conference);
    await until(() => set.inputs(room)[0] === own);
    for (const gone of [own, room.channel.stream]) await set.media.end(gone, 'unpublished');
    room.anchor.leave();
    const anchor = await set.online(room.anchor.identity.userId);
    await anchor.call('room.enter', { roomId: room.id });
    const { items, conference: found } = await anchor.call('cohost.list', { roomId: room.id });
    assert.deepEqual([items[0].id, found.owner], [id, true]);
    await set.push(room);
    await until(() => set.inputs(room).join() === [room.channel.stream, stream].join());
    assert.deepEqual(guest.of('cohost.ended'), []);
    await leave(guest, id);
    await set.direct(room);
  });

  it('gives up a guest without chat and stream, and keeps one that publishes without chat', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const { id, stream } = await set.onAir(room, guest);
    guest.leave(false);
    set.clock.ms += 15_000;
    const witness = await set.guest(room);
    await witness.call('im.ping', {});
    assert.equal(set.inputs(room).length, 2);
    await set.media.vanish(stream);
    await set.clock.pass(() => room.anchor.of('cohost.ended').some(({ session }) => session.id === id));
    assert.equal((await set.ended(room.anchor, id)).session.endReason, 'lost');
    await set.direct(room);

    const asking = await set.guest(room);
    const { session } = await asking.call('cohost.request', { roomId: room.id });
    asking.leave(false);
    await set.clock.pass(() => room.anchor.of('cohost.ended').some((one) => one.session.id === session.id));
    assert.match((await set.ended(room.anchor, session.id)).session.endReason, /cancelled|timed-out/);
  });

  it('ends with the anchor: 15 s without picture and page, 90 s with the page open, at once with the room', async () => {
    const gone = await set.liveRoom();
    const [first, second, third] = [await set.liveRoom(), gone, await set.liveRoom()];
    const rooms = [first, second, third];
    const guests: ChatPeer[] = [];
    const ids: string[] = [];
    for (const room of rooms) {
      const guest = await set.guest(room);
      guests.push(guest);
      ids.push((await set.onAir(room, guest)).id);
    }
    await set.control.delete(`/v1/rooms/${third.id}`, { key: third.token });
    assert.equal((await set.ended(guests[2]!, ids[2]!)).session.endReason, 'room-closed');
    await set.direct(third);

    const lostAt = set.clock.ms;
    second.anchor.leave();
    for (const { channel } of [first, second]) await set.media.vanish(channel.stream);
    await set.clock.pass(() => guests[1]!.of('cohost.ended').length > 0, 80_000);
    assert.ok(set.clock.ms - lostAt >= 15_000);
    assert.equal((await set.ended(guests[1]!, ids[1]!)).session.endReason, 'anchor-gone');
    assert.deepEqual(guests[0]!.of('cohost.ended'), []);
    await set.direct(second);
    await set.clock.pass(() => guests[0]!.of('cohost.ended').length > 0);
    assert.ok(set.clock.ms - lostAt >= 90_000);
    assert.equal((await set.ended(guests[0]!, ids[0]!)).session.endReason, 'anchor-gone');
    await set.direct(first);
  });

  it('keeps a picture while the anchor moves to the conference and back', async () => {
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const { id, stream } = await set.onAir(room, guest);
    const { conference } = await room.anchor.call('cohost.join', { sessionId: id });
    const anchors = await set.publish(conference);
    await until(() => set.inputs(room)[0] === anchors);
    await set.media.end(room.channel.stream, 'unpublished');
    await leave(guest, id);
    await until(() => set.inputs(room).length === 1);
    assert.deepEqual(set.inputs(room), [anchors]);
    const other = await set.liveRoom();
    assert.equal(await refused(room.anchor.call('pk.invite', { roomId: room.id, targetRoomId: other.id })), 'BUSY');
    assert.equal(await set.stateOf(room), 'live');
    await set.push(room);
    await set.direct(room);
    assert.notEqual(stream, anchors);
    await until(() => set.media.disconnects.some((one) => one.stream === anchors));
  });

  it('changes the layout while on air, and mixes nothing for rooms whose anchor does it', async () => {
    const [room, own] = [await set.liveRoom(), await set.liveRoom({ mode: 'client-mix' })];
    const guest = await set.guest(room);
    const { id } = await set.onAir(room, guest);
    const before = set.mixOf(room)?.version ?? 0;
    await room.anchor.call('cohost.layout', { roomId: room.id, layout: 'side-by-side' });
    await guest.event('cohost.layout');
    await until(() => (set.mixOf(room)?.version ?? 0) > before);
    await leave(guest, id);
    await set.direct(room);

    const other = await set.guest(own);
    const { join, id: second } = await set.letIn(own, other);
    await set.publish(join);
    await own.anchor.event('cohost.started');
    await own.anchor.call('cohost.layout', { roomId: own.id, layout: 'grid' });
    assert.equal(set.mixOf(own), undefined);
    await leave(other, second);
    await set.ended(own.anchor, second);
  });
});

describeStores('co-hosting, when something fails', (open) => {
  const begin = async (t: { after(end: () => unknown): void }, options = {}) => {
    const set = await CohostSet.begin(await open(), options);
    t.after(set.close);
    return set;
  };
  const restart = async ({ control }: CohostSet, meanwhile = async () => {}) => {
    await control.stop();
    await meanwhile();
    await control.startAgain();
  };

  it('nobody is stuck by a restart of control, whatever they were doing', async (t) => {
    const set = await begin(t);
    const rooms: SetRoom[] = [await set.liveRoom(), await set.liveRoom(), await set.liveRoom()];
    const guests: ChatPeer[] = [];
    for (const room of rooms) guests.push(await set.guest(room));
    const [asking, joining, onAir] = guests as [ChatPeer, ChatPeer, ChatPeer];
    const { session } = await asking.call('cohost.request', { roomId: rooms[0]!.id });
    const second = await set.letIn(rooms[1]!, joining);
    const third = await set.onAir(rooms[2]!, onAir);
    const orders = set.mixer.orders.length;
    await restart(set);
    assert.equal(set.inputs(rooms[2]!).length, 2);
    assert.equal(set.mixer.orders.length, orders);
    const { conference } = await rooms[0]!.anchor.call('cohost.respond', { sessionId: session.id, accept: true });
    assert.ok(conference);
    await set.publish(second.join);
    await joining.event('cohost.started');
    await until(() => set.inputs(rooms[1]!).length === 2);

    await restart(set, () => set.media.end(third.stream, 'unpublished'));
    await restart(set, () => set.media.end(second.join.stream ?? '', 'unpublished'));
    await asking.call('cohost.leave', { sessionId: session.id });
    await rooms[1]!.anchor.call('cohost.kick', { sessionId: second.id });
    await rooms[2]!.anchor.call('cohost.kick', { sessionId: third.id });
    for (const room of rooms) await set.direct(room);
    assert.deepEqual([...set.mixer.jobs.keys()], []);
  });

  it('a mix that no mixer has room for is told to the anchor; the talk goes on and the mix comes when there is room', async (t) => {
    const set = await begin(t, { cores: 0.01 });
    const room = await set.liveRoom();
    const guest = await set.guest(room);
    const { id, join } = await set.letIn(room, guest);
    await set.publish(join);
    await guest.event('cohost.started');
    const { roomId, problem } = await room.anchor.event('cohost.mix');
    assert.deepEqual([roomId, problem.name], [room.id, 'MIXER_FULL']);
    const bigger = await set.control.mixer('mixer-1', { cores: 8, machine: 'm2' });
    await room.anchor.call('cohost.layout', { roomId: room.id, layout: 'grid' });
    await room.anchor.event('cohost.mix', (params) => params.problem === null);
    assert.equal(bigger.jobs.size, 1);
    await guest.call('cohost.leave', { sessionId: id });
    await until(() => bigger.jobs.size === 0);
  });
});
