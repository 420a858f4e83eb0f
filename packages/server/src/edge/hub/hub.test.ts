import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorName, LiveError } from '@lianmai/contract';
import { signTx } from '../../auth/tx-signature.ts';
import { Hub } from './hub.ts';
import { audio, audioConfig, metadata, told, video, videoConfig } from './testing/frames.ts';
import { Recorder, World } from './testing/world.ts';

const refused = (name: ErrorName) => (error: unknown) => error instanceof LiveError && error.name === name;

test('a publisher is let in by control, and what it sends reaches viewers on the same worker at once', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  push.write(metadata());
  push.write(videoConfig());
  push.write(audioConfig());
  push.write(video('key', 0));
  push.write(audio(10));
  const stream = world.play(worker);
  assert.ok(!(stream instanceof Promise), 'a local stream needs no waiting');
  const viewer = new Recorder(stream);
  push.write(video('inter', 40));
  assert.deepEqual(told(stream.gop), ['key 0 @1000', 'audio 10 @1010', 'inter 40 @1040']);
  assert.deepEqual(told(viewer.frames), ['inter 40 @1040']);
  assert.equal(stream.headers.video?.data.toString(), 'avcC');
});

test('what control refuses is refused, and the next one is asked about anew', async () => {
  await using world = new World();
  const worker = await world.worker();
  const grant = world.grant;
  world.grant = () => {
    throw new LiveError('BAD_SIGNATURE', 'no');
  };
  await assert.rejects(world.push(worker), refused('BAD_SIGNATURE'));
  world.grant = grant;
  await world.push(worker);
});

test('a second publisher is refused, on the same worker or another, at the same moment or later', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const outcomes = await Promise.allSettled([world.push(a), world.push(a), world.push(b), world.push(b)]);
  const let_in = outcomes.filter(({ status }) => status === 'fulfilled');
  assert.equal(let_in.length, 1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.ok(refused('STREAM_ALREADY_PUBLISHED')(outcome.reason));
  await assert.rejects(world.push(a), refused('STREAM_ALREADY_PUBLISHED'));
  await assert.rejects(world.push(b), refused('STREAM_ALREADY_PUBLISHED'));
  await world.push(b, 'another show');
});

test('who may not publish is told so, whether somebody else does or not, on whichever worker', async () => {
  await using world = new World();
  const [a, b] = [await world.worker('a', { maxPublishers: 1 }), await world.worker('b')];
  await world.push(a);
  world.grant = () => {
    throw new LiveError('BAD_SIGNATURE', 'no');
  };
  for (const worker of [a, b]) {
    await assert.rejects(world.push(worker), refused('BAD_SIGNATURE'));
    await assert.rejects(world.push(worker, 'nobody publishes this'), refused('BAD_SIGNATURE'));
  }
});

test('a worker takes so many publishers and no more', async () => {
  await using world = new World();
  const worker = await world.worker('w', { maxPublishers: 1 });
  const push = await world.push(worker, 'one');
  await assert.rejects(world.push(worker, 'two'), refused('TOO_MANY_CONNECTIONS'));
  push.end('unpublished');
  await world.push(worker, 'two');
});

test('a goodbye ends the stream at once', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  const viewer = new Recorder(await world.play(worker));
  push.end('unpublished');
  push.end('vanished');
  assert.deepEqual(viewer.states, ['ended: unpublished']);
  await assert.rejects(async () => world.play(worker), refused('STREAM_NOT_LIVE'));
  await world.settle();
  assert.deepEqual(
    world.events.map(({ state, reason }) => [state, reason]),
    [
      ['live', undefined],
      ['ended', 'unpublished'],
    ],
  );
  await world.push(worker);
});

test('viewers wait for a publisher that vanished, and go on when it is back: from a key frame, later in time', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  push.write(videoConfig());
  push.write(audioConfig());
  push.write(video('key', 5000));
  const viewer = new Recorder(await world.play(worker));
  push.end('vanished');
  await world.pass(3000);
  assert.equal((await world.play(worker)).state, 'interrupted', 'newcomers may wait as well');

  const again = await world.push(worker);
  again.write(videoConfig());
  again.write(audioConfig('other ASC'));
  again.write(video('inter', 0));
  again.write(video('key', 40));
  again.write(video('inter', 80));
  assert.deepEqual(viewer.states, ['interrupted', 'resumed']);
  assert.deepEqual(told(viewer.frames), ['other ASC', 'key 40 @4000', 'inter 80 @4040']);
  await world.pass(2750);
  again.received(1);
  await world.pass(2750);
  again.received(1);
  await world.pass(2750);
  assert.deepEqual(viewer.states, ['interrupted', 'resumed'], 'the grace of the first one is forgotten');
});

test('a publisher that does not come back within the grace ends the stream', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  const viewer = new Recorder(await world.play(worker));
  push.end('vanished');
  await world.pass(6750);
  assert.deepEqual(viewer.states, ['interrupted']);
  await world.pass(250);
  assert.deepEqual(viewer.states, ['interrupted', 'ended: vanished']);
  assert.deepEqual(
    world.events.map(({ state }) => state),
    ['live', 'interrupted', 'ended'],
  );
});

test('a silent publisher lets go of its stream, takes it back with its next bytes, and loses no frame', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  push.received(100);
  push.write(video('key', 0));
  const viewer = new Recorder(await world.play(worker));
  await world.pass(3000);
  assert.deepEqual(viewer.states, []);
  await world.pass(250);
  assert.deepEqual(viewer.states, ['interrupted']);

  push.received(100);
  push.write(video('inter', 40));
  push.write(video('inter', 80));
  assert.deepEqual(viewer.frames, [], 'not before the lease is ours again');
  await world.settle();
  push.write(video('inter', 120));
  assert.deepEqual(viewer.states, ['interrupted', 'resumed']);
  assert.deepEqual(told(viewer.frames), ['inter 40 @1040', 'inter 80 @1080', 'inter 120 @1120']);
  assert.deepEqual(
    world.events.map(({ state, sessionId }) => `${state} ${sessionId}`),
    ['live s1', 'interrupted s1', 'live s1'],
  );
});

test('a publisher that stays silent through the grace is sent away with 6012', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  await world.pass(3000 + 7000);
  assert.equal(push.revoked?.reason, 'timed-out');
  assert.equal(push.revoked?.error.code, 6012);
  push.received(1);
  push.write(video('key', 0));
  await world.push(worker);
});

test('a silent publisher is replaced by one that comes, here or on another worker', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const first = await world.push(a);
  const viewer = new Recorder(await world.play(a));
  await world.pass(3250);
  const second = await world.push(a);
  assert.equal(first.revoked?.error.name, 'STREAM_ALREADY_PUBLISHED');
  first.received(1);
  await world.pass(3250);
  const third = await world.push(b);
  assert.equal(second.revoked?.reason, 'replaced');
  third.write(video('key', 0, 'third'));
  await world.until(() => viewer.frames.length > 0, 'the viewer sees the third publisher over a relay');
  assert.deepEqual(viewer.states, ['interrupted', 'resumed', 'interrupted', 'resumed']);
});

test('the operator ends a stream: publisher and viewers are told', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  const viewer = new Recorder(await world.play(worker));
  const error = new LiveError('ACCOUNT_IN_ARREARS', 'pay first').toBody().error;
  world.control.publish('stream.disconnect', { stream: 'show', reason: 'forbidden', error });
  await world.settle();
  assert.equal(push.revoked?.reason, 'forbidden');
  assert.equal(push.revoked?.error.code, 20406);
  assert.deepEqual(viewer.states, ['ended: forbidden']);
  await world.push(worker);
});

test('play addresses are checked by the policy of the publish grant, and by the one that replaced it', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const expiry = world.nowMs + 60_000;
  world.grant = () => ({ channelId: 'ch1', accountId: 'acc1', play: { signedWith: ['old key'] } });
  await world.push(a);
  for (const worker of [a, b]) {
    const playing = async (query: string) => world.play(worker, 'show', query);
    await playing(signTx('old key', 'show', expiry));
    await assert.rejects(playing(''), refused('BAD_SIGNATURE'));
    await assert.rejects(playing(signTx('old key', 'show', world.nowMs - 1000)), refused('BAD_SIGNATURE'));
    await assert.rejects(playing(signTx('new key', 'show', expiry)), refused('BAD_SIGNATURE'));
  }
  world.control.publish('stream.policy', { stream: 'show', play: { signedWith: ['new key'] } });
  await world.settle();
  for (const worker of [a, b, await world.worker()]) {
    const playing = async (query: string) => world.play(worker, 'show', query);
    await playing(signTx('new key', 'show', expiry));
    await assert.rejects(playing(signTx('old key', 'show', expiry)), refused('BAD_SIGNATURE'));
  }
});

test('a worker that shuts down sends its publishers away; viewers elsewhere wait for them', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const push = await world.push(a);
  const local = new Recorder(await world.play(a));
  const far = new Recorder(await world.play(b));
  await a.hub.close();
  await a.kill();
  assert.equal(push.revoked?.reason, 'shutdown');
  assert.deepEqual(local.states, ['ended: shutdown']);
  await world.until(() => far.states.length > 0, 'the other worker knows');
  const again = await world.push(b);
  again.write(video('key', 0));
  assert.deepEqual(far.states, ['interrupted', 'resumed']);
});

test('control may be away for long: what runs goes on, and its usage is reported once it is back', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  world.charge = () => {
    throw new LiveError('UNAVAILABLE', 'control restarts');
  };
  const stream = await world.play(worker);
  const viewer = new Recorder(stream);
  for (let second = 0; second < 30; second++) {
    push.received(1000);
    push.write(video('key', second * 1000));
    stream.countSent('flv', 500);
    await world.pass(1000);
  }
  assert.equal(viewer.frames.length, 30);
  assert.equal(world.usage.length, 0);
  world.charge = () => {};
  await worker.hub.close();
  const total = (direction: string) =>
    world.usage.flatMap(({ items }) => items.filter((i) => i.direction === direction)).reduce((s, i) => s + i.bytes, 0);
  assert.deepEqual([total('in'), total('out')], [30_000, 15_000]);
  assert.deepEqual(
    world.usage.map(({ seq }) => seq),
    [1, 2],
  );
});

test('every second each worker reports what it publishes and who watches', async () => {
  await using world = new World();
  const worker = await world.worker();
  const push = await world.push(worker);
  const stream = await world.play(worker);
  stream.countViewers('flv', 1);
  for (let i = 0; i < 75; i++) {
    push.received(1000);
    push.write(video(i % 50 === 0 ? 'key' : 'inter', i * 40, 'x'.repeat(1000)));
    stream.countSent('flv', 1000);
    world.nowMs += 40;
    worker.hub.tick();
  }
  await world.settle();
  const report = world.reports.at(-1)?.streams[0];
  assert.ok(report);
  assert.deepEqual([report.publishing, report.sessionId, report.viewers], [true, 's1', { flv: 1 }]);
  assert.deepEqual([report.bytesIn, report.bytesOut], [25_000, 25_000]);
  assert.ok(Math.abs((report.video?.fps ?? 0) - 25) < 1, `${report.video?.fps} fps`);
  assert.ok(Math.abs((report.video?.bitrateKbps ?? 0) - 200) < 8, `${report.video?.bitrateKbps} kbit/s`);
  assert.equal(report.video?.gopMs, 2000);
  assert.deepEqual((await world.control.gather('worker.report', null))[0]?.streams[0]?.viewers, { flv: 1 });
  assert.deepEqual(worker.hub.audience(), { publishers: 1, viewers: { flv: 1 } });
});

test('a publisher is not taken for silent because the worker stood still', async (t) => {
  await using world = new World();
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { bus } = world.bus.member();
  const settings = { publishGraceMs: world.graceMs, gopCacheBytes: 1 << 20, maxPublishers: 1 };
  const log = { info() {}, warn() {}, debug() {} };
  const hub = new Hub({ bus, workerId: 'w', internalAddress: '', settings, log, now: () => world.nowMs });
  await hub.start();
  const options = { stream: 'show', query: '', protocol: 'rtmp', ip: '127.0.0.1' } as const;
  const publication = await hub.publish({ ...options, onRevoked() {} });
  const viewer = new Recorder(publication.stream);
  const standStill = () => {
    world.nowMs += 60_000;
    t.mock.timers.tick(250);
  };
  standStill();
  publication.received(1); // waited to be read
  await world.settle();
  assert.deepEqual(viewer.states, []);
  standStill();
  await world.settle();
  assert.deepEqual(viewer.states, ['interrupted'], 'who says nothing is silent');
  standStill();
  await hub.close();
  await world.settle();
});
