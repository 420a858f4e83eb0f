import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signTx } from '../../auth/tx-signature.ts';
import { ProgramWorld } from './testing/program-world.ts';
import { steps } from './testing/studio.ts';

/** A channel that is live on one worker, and its mix. */
async function onAir(world: ProgramWorld) {
  const edge = await world.worker();
  const mixer = await world.mixer();
  const direct = await world.push(edge, 'show', { gopMs: 1000 });
  const mix = await world.push(mixer, 'mix', { gopMs: 2000, soundMs: 23 });
  await world.pass(2500);
  return { edge, mixer, direct, mix };
}

test('a channel without a program is its own stream: the frames themselves, at once, and nothing is kept of it', async () => {
  await using world = new ProgramWorld();
  const { edge, direct } = await onAir(world);
  const options = { stream: 'show', query: '', protocol: 'flv' as const, ip: '127.0.0.1' };
  const stream = world.programs(edge).play(options);
  assert.ok(!(stream instanceof Promise));
  assert.equal(world.programs(edge).play({ ...options, protocol: 'rtmp' }), stream);
  const { stream: own } = direct.pusher;
  assert.equal(stream.gop, own.gop);
  assert.equal(stream.headers, own.headers);
  const given: unknown[] = [];
  const got: unknown[] = [];
  own.attach({ frame: (frame) => given.push(frame), ended() {} });
  stream.attach({ frame: (frame) => got.push(frame), ended() {} });
  await world.pass(500);
  assert.ok(got.length > 20 && got.every((frame, i) => frame === given[i]));
});

test('viewers go from the direct stream to the mix and back, without a gap, and are the channel’s all the time', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer } = await onAir(world);
  const viewer = await world.watch(edge);
  await world.pass(500);
  assert.deepEqual(viewer.sources, ['show']);
  const lease = await world.show(mixer, 'mix');
  await world.passUntil(() => viewer.source === 'mix', 'the mix is on');
  assert.ok(world.asked.includes('mix'), 'its key frame is asked for');
  assert.equal(viewer.stream.source, 'mix');
  const joined = await world.watch(edge);
  await world.pass(1500);
  assert.equal(joined.stream, viewer.stream);
  assert.deepEqual(joined.sources, ['mix']);
  assert.equal(joined.all[0]?.frame.type, 'key');
  viewer.stream.countSent('flv', 1000);
  await world.pass(1000);
  const reports = edge.hub.report().streams;
  const counted = Object.fromEntries(reports.map(({ stream, viewers }) => [stream, viewers]));
  assert.deepEqual(counted, { show: { flv: 2 }, mix: {} });
  await lease.release();
  await world.passUntil(() => viewer.source === 'show', 'the channel’s own stream is back');
  await world.pass(1000);
  assert.deepEqual(viewer.sources, ['show', 'mix', 'show']);
  assert.deepEqual(viewer.states, []);
  const [picture, sound] = [steps(viewer.all, 'video'), steps(viewer.all, 'audio')];
  assert.ok(picture.longestMs < 100 && !picture.goesBack, `${picture.longestMs}`);
  assert.ok(sound.longestMs < 60 && !sound.goesBack, `${sound.longestMs}`);
});

test('when the mixer dies the channel’s own stream is back at once; and the mix when it is there again', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer, mix } = await onAir(world);
  await world.show(mixer, 'mix');
  const viewer = await world.watch(edge);
  assert.deepEqual(viewer.sources, ['mix']);
  await world.pass(1000);
  await world.kill(mixer, mix);
  const tookMs = await world.passUntil(() => viewer.source === 'show', 'the channel’s own stream is back');
  assert.ok(tookMs < 2000, `${tookMs}`);
  assert.ok(!steps(viewer.all, 'video').goesBack);
  const another = await world.mixer();
  await world.push(another, 'mix');
  await world.pass(100);
  await world.show(another, 'mix');
  await world.passUntil(() => viewer.source === 'mix', 'the mix is back');
  assert.ok(!viewer.states.some((state) => state.startsWith('ended')));
  assert.ok(!steps(viewer.all, 'video').goesBack);
});

test('a mixer that hangs is not waited for', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer, mix } = await onAir(world);
  await world.show(mixer, 'mix');
  const viewer = await world.watch(edge);
  await world.pass(1000);
  mix.camera.on = false;
  const tookMs = await world.passUntil(() => viewer.source === 'show', 'the channel’s own stream is back');
  assert.ok(tookMs < 2000, `${tookMs}`);
});

test('a mix whose channel is not live: viewers come, wait when it goes, go on when it comes, and are sent away after the grace', async () => {
  await using world = new ProgramWorld();
  const edge = await world.worker();
  const mixer = await world.mixer();
  const mix = await world.push(mixer, 'mix');
  await world.pass(1000);
  await assert.rejects(async () => world.watch(edge), { name: 'STREAM_NOT_LIVE' });
  await world.show(mixer, 'mix');
  const viewer = await world.watch(edge);
  viewer.stream.countSent('flv', 500);
  await world.pass(1250);
  const row = edge.hub.report().streams.find(({ stream }) => stream === 'show');
  assert.deepEqual(
    [row?.viewers, row?.channelId, row?.accountId, row?.publishing, row?.sessionId],
    [{ flv: 1 }, 'ch1', 'acc1', false, ''],
  );
  await world.kill(mixer, mix);
  await world.passUntil(() => viewer.states.length > 0, 'it is interrupted');
  await world.pass(3000);
  const second = await world.mixer();
  const again = await world.push(second, 'mix');
  await world.show(second, 'mix');
  await world.passUntil(() => viewer.states.length > 1, 'it goes on');
  await world.kill(second, again);
  await world.passUntil(() => viewer.states.length > 3, 'it is over', 12_000);
  assert.deepEqual(viewer.states, ['interrupted', 'resumed', 'interrupted', 'ended: vanished']);
  viewer.leave();
  await world.pass(2500);
  assert.deepEqual(edge.hub.report().streams, [], 'nothing is left to tell');
});

test('the channel’s own stream may end while the mix is on; when the mix ends too, viewers wait for the grace', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer, direct, mix } = await onAir(world);
  const viewer = await world.watch(edge);
  const lease = await world.show(mixer, 'mix');
  await world.passUntil(() => viewer.source === 'mix', 'the mix is on');
  direct.stop();
  await world.pass(3000);
  assert.deepEqual(viewer.states, []);
  await lease.release();
  await world.pass(1000);
  assert.deepEqual(viewer.states, [], 'the mix lingers');
  mix.stop();
  await world.passUntil(() => viewer.states.length === 2, 'it is over', 9000);
  assert.deepEqual(viewer.states, ['interrupted', 'ended: unpublished']);
});

test('the channel’s own stream ends as ever when there is no program', async () => {
  await using world = new ProgramWorld();
  const { edge, direct } = await onAir(world);
  const viewer = await world.watch(edge);
  direct.camera.on = false;
  await world.passUntil(() => viewer.states.length === 1, 'it is interrupted');
  direct.camera.on = true;
  await world.passUntil(() => viewer.states.length === 2, 'it goes on');
  direct.stop();
  assert.deepEqual(viewer.states, ['interrupted', 'resumed', 'ended: unpublished']);
  await assert.rejects(async () => world.watch(edge), { name: 'STREAM_NOT_LIVE' });
});

test('a mix that takes over from a stream that is gone', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer, direct } = await onAir(world);
  const viewer = await world.watch(edge);
  direct.camera.on = false;
  await world.passUntil(() => viewer.states.length === 1, 'it is interrupted');
  await world.show(mixer, 'mix');
  await world.passUntil(() => viewer.source === 'mix', 'the mix is on');
  assert.deepEqual(viewer.states, ['interrupted', 'resumed']);
});

test('a lease that flaps: what comes is in order, and what it says last is shown', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer } = await onAir(world);
  const viewer = await world.watch(edge);
  for (let i = 0; i < 12; i++) {
    const lease = await world.show(mixer, 'mix');
    await world.pass(70 * (i % 5));
    await lease.release();
    await world.pass(50 * (i % 3));
  }
  await world.show(mixer, 'mix');
  await world.passUntil(() => viewer.source === 'mix', 'the mix is on');
  await world.pass(1000);
  const [picture, sound] = [steps(viewer.all, 'video'), steps(viewer.all, 'audio')];
  assert.ok(!picture.goesBack && !sound.goesBack);
  assert.ok(picture.longestMs < 100 && sound.longestMs < 60, `${picture.longestMs} ${sound.longestMs}`);
  assert.deepEqual(viewer.states, []);
});

test('a program whose source cannot be had changes nothing', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer } = await onAir(world);
  const viewer = await world.watch(edge);
  await world.show(mixer, 'nothing');
  await world.pass(2000);
  assert.deepEqual(viewer.sources, ['show']);
  assert.deepEqual((await world.watch(edge)).sources, ['show']);
});

test('worker and stream apart: viewers elsewhere see the same; the relays carry the direct stream', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer } = await onAir(world);
  const other = await world.worker();
  await world.show(mixer, 'mix');
  const [here, there] = [await world.watch(edge), await world.watch(other)];
  await world.pass(500);
  assert.deepEqual([here.source, there.source], ['mix', 'mix']);
  const taken = await other.hub.take('show');
  await world.pass(500);
  assert.match(String(taken.gop.at(-1)?.data), /^show/);
  assert.ok(world.world.relayed.includes('mix from mixer-1'));
});

test('nobody watches any more: the program and its relays are let go', async () => {
  await using world = new ProgramWorld();
  const { edge, mixer, mix } = await onAir(world);
  await world.show(mixer, 'mix');
  const viewer = await world.watch(edge);
  await world.pass(500);
  assert.equal(mix.pusher.stream.gop.length > 0, true);
  viewer.leave();
  await world.pass(11_000);
  assert.deepEqual(
    edge.hub.report().streams.map(({ stream }) => stream),
    ['show'],
  );
  assert.equal((await world.watch(edge)).source, 'mix');
});

test('members’ streams of conferences are given as they are', async () => {
  await using world = new ProgramWorld();
  const members = { conferenceId: 'c1', key: 'k', present: [1], upTo: 1 };
  world.world.grant = () => ({ channelId: 'ch1', accountId: 'acc1', play: { signedWith: null, members } });
  const edge = await world.worker();
  const direct = await world.push(edge, 'member');
  await world.pass(300);
  const { signMemberToken } = await import('../../auth/member-token.ts');
  const claim = { no: 1, userId: 'ann', rights: ['play'] as const, expiresAtMs: world.now + 60_000 };
  const query = `token=${signMemberToken('k', 'c1', claim)}`;
  const stream = world.programs(edge).play({ stream: 'member', query, protocol: 'flv', ip: '127.0.0.1' });
  assert.equal(stream, direct.pusher.stream);
});

test('who may play the channel may play the mix, and nobody else: also while the channel is not live', async () => {
  await using world = new ProgramWorld();
  const edge = await world.worker();
  const mixer = await world.mixer();
  await world.push(mixer, 'mix');
  await world.pass(1000);
  await world.show(mixer, 'mix', { play: { signedWith: ['key'] } });
  await assert.rejects(async () => world.watch(edge), { name: 'BAD_SIGNATURE' });
  const query = signTx('key', 'show', world.now + 60_000);
  const viewer = await world.watch(edge, { query });
  await world.pass(200);
  assert.equal(viewer.source, 'mix');
  await assert.rejects(async () => world.watch(edge), { name: 'BAD_SIGNATURE' }, 'also when it is shown already');
  const told: string[] = [];
  const asked = { stream: 'show', query, protocol: 'flv' as const, ip: '127.0.0.1' };
  world.programs(edge).admit(asked, ({ name }) => told.push(name));
  world.world.control.publish('stream.policy', { stream: 'show', play: { signedWith: ['new key'] } });
  await world.pass(100);
  assert.deepEqual(told, ['BAD_SIGNATURE']);
  await assert.rejects(async () => world.watch(edge, { query }), { name: 'BAD_SIGNATURE' });
});
