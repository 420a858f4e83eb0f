import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { App, ConferenceJoin } from '@lianmai/contract/rest';
import type { Store } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { CohostSet, refused, type SetRoom } from '../cohost/testing/set.ts';
import type { ChatPeer } from '../im/testing/chat-worker.ts';
import { until } from '../testing/until.ts';
import { findBattle } from './store.ts';

describeStores('battles', (open) => {
  let set: CohostSet;
  let store: Store;
  before(async () => {
    store = await open();
    set = await CohostSet.begin(store, { settings: { pkBattleMs: 60_000, pkPunishmentMs: 20_000 } });
  });
  after(() => set.close());

  const invite = (from: SetRoom, to: SetRoom) =>
    from.anchor.call('pk.invite', { roomId: from.id, targetRoomId: to.id });
  const respond = (room: SetRoom, sessionId: string, accept = true) =>
    room.anchor.call('pk.respond', { sessionId, accept, ...(accept ? {} : { reason: 'Later' }) });
  const over = (peer: ChatPeer, id: string) =>
    peer.event('pk.ended', ({ session, signalId }) => session.id === id && signalId !== undefined);
  /** Two live rooms in a battle, and a fan in the second. */
  async function battle() {
    const [left, right] = [await set.liveRoom(), await set.liveRoom()];
    const fan = await set.guest(right);
    const { id } = (await invite(left, right)).session;
    const { conference } = await respond(right, id);
    await fan.event('pk.started');
    await until(() => set.mixOf(left) && set.mixOf(right));
    return { left, right, fan, id, conference: conference as ConferenceJoin };
  }
  const home = (...rooms: SetRoom[]) => Promise.all(rooms.map((room) => set.direct(room)));

  it('show both anchors in both rooms, count likes, are decided, and let both go home', async () => {
    const { left, right, fan, id } = await battle();
    assert.equal(set.mixOf(left)?.id, set.mixOf(right)?.id);
    assert.deepEqual(set.inputs(left), [left.channel.stream, right.channel.stream]);
    const answered = await left.anchor.event('pk.answered');
    assert.deepEqual([answered.accepted, answered.signalId.length <= 64], [true, true]);
    const members = (answered.conference as ConferenceJoin).members;
    for (const { play } of members) assert.match(play.flv, /source=direct$/);
    set.chat.tell({ type: 'likes', roomId: right.id, byUser: [[fan.identity.userId, 5]] });
    assert.deepEqual((await left.anchor.event('pk.score')).scores, [0, 5]);
    set.clock.ms += 60_000;
    assert.equal((await fan.event('pk.punishment')).session.winner, right.id);
    set.clock.ms += 20_000;
    const ended = await over(left.anchor, id);
    assert.deepEqual([ended.session.endReason, ended.session.sides[1].score], ['over', 5]);
    await home(left, right);
  });

  it('count a gift before it is answered: a control that is killed then has not lost it', async () => {
    const { left, right, fan, id } = await battle();
    const give = () => fan.call('room.send', { roomId: right.id, kind: 'gift', body: { giftId: 'rose', count: 3 } });
    await Promise.all([give(), give()]);
    // What is in the database now is all that the next control would know.
    assert.equal((await findBattle(store.db, id))?.targetScore, 6);
    assert.deepEqual((await left.anchor.event('pk.score')).scores, [0, 6]);
    await set.control.stop();
    await set.control.startAgain();
    // Whether it was told is not known.
    await until(() => left.anchor.of('pk.score').length > 1);
    assert.deepEqual(left.anchor.of('pk.score').at(-1).scores, [0, 6]);
    await left.anchor.call('pk.quit', { sessionId: id });
    await home(left, right);
  });

  it('go on while an anchor loads its page anew, whether it publishes to its room or to the conference', async () => {
    const { left, right, id, conference } = await battle();
    // Who answered publishes to the conference, and has no stream of its own any more.
    const own = await set.publish(conference);
    await set.media.end(right.channel.stream, 'unpublished');
    await until(() => set.inputs(left).includes(own));
    for (const gone of [own, left.channel.stream]) await set.media.end(gone, 'unpublished');
    for (const { anchor } of [left, right]) anchor.leave();
    set.clock.ms += 8000;
    const anchors = [];
    for (const { anchor } of [left, right]) anchors.push(await set.online(anchor.identity.userId));
    const found = await anchors[1]!.call('pk.join', { sessionId: id });
    assert.deepEqual([found.session.state, found.conference.conferenceId], ['battle', conference.conferenceId]);
    await set.push(left);
    assert.equal(await set.publish(found.conference), own);
    await until(() => set.inputs(left).join() === [left.channel.stream, own].join());
    assert.deepEqual([...left.anchor.of('pk.ended'), ...anchors[0]!.of('pk.ended')], []);
    await anchors[0]!.call('pk.quit', { sessionId: id });
    assert.equal((await over(anchors[1]!, id)).session.winner, right.id);
    for (const { id: roomId, token } of [left, right]) await set.control.delete(`/v1/rooms/${roomId}`, { key: token });
    await home(left, right);
  });

  it('are rejected with words, withdrawn, end by time, and are lost by who quits or closes', async () => {
    const [left, right] = [await set.liveRoom(), await set.liveRoom()];
    const first = (await invite(left, right)).session.id;
    await respond(right, first, false);
    const no = await left.anchor.event('pk.answered');
    assert.deepEqual([no.accepted, no.reason, no.conference], [false, 'Later', null]);
    const second = (await invite(left, right)).session.id;
    await left.anchor.call('pk.cancel', { sessionId: second });
    assert.equal((await over(right.anchor, second)).session.endReason, 'cancelled');
    const third = (await invite(left, right)).session.id;
    set.clock.ms += 10_000;
    assert.equal(await refused(respond(right, third)), 'SESSION_OVER');
    assert.equal((await over(right.anchor, third)).session.endReason, 'timed-out');
    const one = await battle();
    await one.left.anchor.call('pk.quit', { sessionId: one.id });
    assert.deepEqual((await over(one.right.anchor, one.id)).session.winner, one.right.id);
    await home(one.left, one.right);
    const two = await battle();
    await set.control.delete(`/v1/rooms/${two.right.id}`, { key: two.right.token });
    const closed = (await over(two.left.anchor, two.id)).session;
    assert.deepEqual([closed.endReason, closed.winner], ['room-closed', two.left.id]);
    await home(two.left, two.right);
  });

  it('are between two live rooms of one app that are free, and nobody else decides in them', async () => {
    const { left, right, id } = await battle();
    const [third, quiet] = [await set.liveRoom(), await set.room()];
    assert.equal(await refused(invite(third, left)), 'BUSY');
    assert.equal(await refused(invite(third, quiet)), 'STREAM_NOT_LIVE');
    assert.equal(await refused(invite(third, third)), 'BAD_REQUEST');
    assert.equal(
      await refused(right.anchor.call('pk.invite', { roomId: third.id, targetRoomId: right.id })),
      'FORBIDDEN',
    );
    const app = (await set.control.post<App>('/v1/apps', { accountId: 'default', name: 'other' })).body;
    const { body: key } = await set.control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    const namesake = await set.online(right.anchor.identity.userId, key.key);
    for (const stranger of [third.anchor, namesake])
      for (const method of ['respond', 'cancel', 'quit', 'join'])
        assert.equal(
          await refused(
            stranger.call(`pk.${method}`, { sessionId: id, ...(method === 'respond' ? { accept: true } : {}) }),
          ),
          'SESSION_NOT_FOUND',
          method,
        );
    const guest = await set.guest(right);
    assert.equal(await refused(guest.call('cohost.request', { roomId: right.id })), 'BUSY');
    await left.anchor.call('pk.quit', { sessionId: id });
    await home(left, right);

    // What was asked for before the battle began is not granted in it, nor the reverse.
    const asked = (await guest.call('cohost.request', { roomId: right.id })).session.id;
    const invited = (await invite(third, right)).session.id;
    const [battle_, seat] = await Promise.all([
      refused(respond(right, invited)),
      refused(right.anchor.call('cohost.respond', { sessionId: asked, accept: true })),
    ]);
    assert.deepEqual([battle_, seat].sort(), ['BUSY', 'done']);
    await right.anchor.call('cohost.kick', { sessionId: asked });
    if (battle_ === 'done') await third.anchor.call('pk.quit', { sessionId: invited });
    await home(right, third);
  });

  it('end with an anchor who is gone, and with their conference', async () => {
    const one = await battle();
    await set.media.vanish(one.right.channel.stream);
    await set.clock.pass(() => one.left.anchor.of('pk.ended').length > 0);
    const gone = (await over(one.left.anchor, one.id)).session;
    assert.ok(['anchor-gone', 'over'].includes(gone.endReason), gone.endReason);
    await home(one.left, one.right);
    const two = await battle();
    await set.control.delete(`/v1/conferences/${two.conference.conferenceId}`);
    assert.equal((await over(two.left.anchor, two.id)).session.endReason, 'anchor-gone');
    await home(two.left, two.right);
  });

  it('go on through a restart of control, in whatever state, and take up from where they were', async () => {
    const [left, right] = [await set.liveRoom(), await set.liveRoom()];
    const asking = (await invite(left, right)).session.id;
    const { left: a, right: b, fan, id } = await battle();
    set.chat.tell({ type: 'likes', roomId: b.id, byUser: [[fan.identity.userId, 3]] });
    await a.anchor.event('pk.score');
    const orders = set.mixer.orders.length;
    const restart = async () => {
      await set.control.stop();
      await set.control.startAgain();
    };
    await restart();
    assert.equal(set.mixer.orders.length, orders);
    await respond(right, asking);
    await until(() => set.mixOf(left));
    set.chat.tell({ type: 'likes', roomId: b.id, byUser: [[fan.identity.userId, 4]] });
    assert.deepEqual((await a.anchor.event('pk.score', ({ scores }) => scores[1] > 3)).scores, [0, 7]);
    set.clock.ms += 60_000;
    await fan.event('pk.punishment');
    await restart();
    assert.equal((await a.anchor.call('pk.current', { roomId: a.id })).session.state, 'punishment');
    assert.ok((await a.anchor.call('pk.join', { sessionId: id })).conference.publish);
    set.clock.ms += 20_000;
    await over(a.anchor, id);
    await over(left.anchor, asking);
    await home(a, b, left, right);
    assert.deepEqual([...set.mixer.jobs.keys()], []);
  });
});
