import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveError } from '@lianmai/contract';
import { audio, audioConfig, metadata, told, video, videoConfig } from './testing/frames.ts';
import { type Pusher, Recorder, World } from './testing/world.ts';

const notLive = (error: unknown) => error instanceof LiveError && error.name === 'STREAM_NOT_LIVE';

function pushGop(push: Pusher, from = 0): void {
  push.write(metadata());
  push.write(videoConfig());
  push.write(audioConfig());
  push.write(video('key', from));
  push.write(audio(from + 10));
  push.write(video('inter', from + 40));
}

test('a viewer on another worker begins with the GOP and goes on live', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const push = await world.push(a);
  pushGop(push);
  const stream = await world.play(b);
  assert.deepEqual(told(stream.gop), ['key 0 @1000', 'audio 10 @1010', 'inter 40 @1040']);
  const { metadata: meta, video: config, audio: asc } = stream.headers;
  assert.deepEqual(told([meta!, config!, asc!]), ['onMetaData', 'avcC', 'ASC']);
  const viewer = new Recorder(stream);
  push.write(video('inter', 80));
  push.write(videoConfig('new avcC'));
  push.write(video('key', 120));
  await world.until(() => viewer.frames.length === 3, 'three frames came over');
  assert.deepEqual(told(viewer.frames), ['inter 80 @1080', 'new avcC', 'key 120 @1120']);
});

test('one relay for each stream and worker, however many viewers', async () => {
  await using world = new World();
  const [a, b, c] = [await world.worker(), await world.worker(), await world.worker()];
  const pushes = [await world.push(a, 'one'), await world.push(b, 'two')];
  for (const push of pushes) pushGop(push);
  const plays = Array.from({ length: 50 }, async (_, i) => new Recorder(await world.play(c, i % 2 ? 'one' : 'two')));
  await Promise.all(plays);
  new Recorder(await world.play(b, 'one'));
  assert.deepEqual(world.relayed.toSorted(), ['one from w0', 'one from w0', 'two from w1']);
});

test('the relay outlives its last viewer a little, then the stream is gone from the worker', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const push = await world.push(a);
  pushGop(push);
  const stream = await world.play(b);
  const viewer = new Recorder(stream);
  const keepAlive = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      push.received(1);
      await world.pass(1000);
    }
  };
  await keepAlive(20_000);
  stream.detach(viewer);
  await keepAlive(9000);
  assert.equal(world.play(b), stream, 'still here');
  await keepAlive(12_000);
  assert.equal(stream.state, 'ended');
  assert.deepEqual(b.hub.report().streams, []);
  assert.notEqual(await world.play(b), stream);
});

test('the end comes over the relay after the last frame', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const push = await world.push(a);
  pushGop(push);
  const viewer = new Recorder(await world.play(b));
  push.write(video('inter', 80));
  push.end('unpublished');
  await world.until(() => viewer.states.length > 0, 'the end comes');
  assert.deepEqual(told(viewer.frames), ['inter 80 @1080']);
  assert.deepEqual(viewer.states, ['ended: unpublished']);
});

test('a stream nobody publishes is refused at once', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  await assert.rejects(async () => world.play(a), notLive);
  const push = await world.push(a);
  push.end('unpublished');
  await world.settle();
  await assert.rejects(async () => world.play(a), notLive);
  await assert.rejects(async () => world.play(b), notLive);
});

test('viewers outlive the death of the worker that had the publisher', async () => {
  await using world = new World();
  const [a, b, c] = [await world.worker(), await world.worker(), await world.worker()];
  pushGop(await world.push(a), 9000);
  const viewers = [new Recorder(await world.play(b)), new Recorder(await world.play(c))];
  await a.kill();
  await world.until(() => viewers.every(({ states }) => states.length > 0), 'both notice');
  await world.pass(4000);
  const again = await world.push(c);
  again.write(videoConfig());
  again.write(audioConfig());
  again.write(video('inter', 0));
  again.write(video('key', 40));
  await world.until(() => viewers.every(({ frames }) => frames.length > 0), 'both go on');
  for (const { frames, states } of viewers) {
    assert.deepEqual(told(frames), ['key 40 @5040'], '1040 and the four seconds that passed');
    assert.deepEqual(states, ['interrupted', 'resumed']);
  }
});

test('viewers of a dead worker are told the end when nobody comes back within the grace', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  await world.push(a);
  const viewer = new Recorder(await world.play(b));
  await a.kill();
  await world.until(() => viewer.states.length > 0, 'the viewer notices');
  await world.pass(6750);
  assert.deepEqual(viewer.states, ['interrupted']);
  await world.pass(250);
  assert.deepEqual(viewer.states, ['interrupted', 'ended: vanished']);
});

test('a viewer that comes while a dead worker is missed waits for the publisher', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  await world.push(a, 'back soon');
  await world.push(a, 'never back');
  await a.kill();
  await world.settle();
  const soon = world.play(b, 'back soon');
  const never = assert.rejects(async () => world.play(b, 'never back'), notLive);
  const again = await world.push(b, 'back soon');
  assert.equal((await soon).name, 'back soon');
  again.received(1);
  await world.pass(7000);
  await never;
});

test('a publisher may come back to a third worker: viewers of both others follow it', async () => {
  await using world = new World();
  const [a, b, c] = [await world.worker(), await world.worker(), await world.worker()];
  const first = await world.push(a);
  pushGop(first);
  const atA = new Recorder(await world.play(a));
  const atB = new Recorder(await world.play(b));
  first.end('vanished');
  await world.until(() => atB.states.length > 0, 'the other worker is told');
  const second = await world.push(c);
  second.write(video('key', 0, 'from c'));
  await world.until(() => atA.frames.length > 0 && atB.frames.length > 0, 'both see the new publisher');
  assert.deepEqual(world.relayed.toSorted(), ['show from w0', 'show from w2', 'show from w2']);
  second.end('unpublished');
  await world.until(() => atA.states.length === 3 && atB.states.length === 3, 'both see the end');
  assert.deepEqual(atA.states, ['interrupted', 'resumed', 'ended: unpublished']);
  assert.deepEqual(atB.states, ['interrupted', 'resumed', 'ended: unpublished']);
  assert.deepEqual(
    world.events.map(({ state, worker }) => `${state} ${worker}`),
    ['live w0', 'interrupted w0', 'live w2', 'ended w2'],
  );
});

test('a publisher that vanishes and comes back to its worker comes over the same relay', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const first = await world.push(a);
  pushGop(first);
  const viewer = new Recorder(await world.play(b));
  first.end('vanished');
  await world.pass(1000);
  const again = await world.push(a);
  again.write(video('key', 0, 'again'));
  await world.until(() => viewer.frames.length > 0, 'the viewer goes on');
  assert.deepEqual(told(viewer.frames), ['again @2040']);
  assert.deepEqual(viewer.states, ['interrupted', 'resumed']);
  assert.equal(world.relayed.length, 1);
  assert.equal(b.hub.report().streams[0]?.sessionId, 's2');
});

test('a publisher that comes to a worker which relayed the stream feeds its viewers directly', async () => {
  await using world = new World();
  const [a, b] = [await world.worker(), await world.worker()];
  const first = await world.push(a);
  pushGop(first);
  const viewer = new Recorder(await world.play(b));
  first.end('vanished');
  await world.until(() => viewer.states.length > 0, 'the viewer waits');
  const again = await world.push(b);
  again.write(video('key', 0, 'again'));
  assert.deepEqual(told(viewer.frames), ['again @1041']);
  assert.equal((await world.play(a)).state, 'live', 'and the other way round');
});
