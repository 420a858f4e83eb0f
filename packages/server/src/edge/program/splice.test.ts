import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Splice } from './splice.ts';
import { Camera, type CameraOptions, lipSyncMs, type Seen, seen, steps } from './testing/studio.ts';

/** A splice that begins with a source that has run for two seconds, on a clock that moves when told. */
function studio(a: CameraOptions = {}, b: CameraOptions = {}) {
  let nowMs = 0;
  const cameras = { a: new Camera('a', a), b: new Camera('b', { clockMs: 70_000, ...b }) };
  const out: Seen[] = [];
  const said: string[] = [];
  const splice = new Splice(
    {
      frame: (frame) => out.push(seen(frame, nowMs)),
      switched: ({ name }) => said.push(`switched to ${name}`),
      without: (track) => said.push(`without ${track}`),
      changed: (ended) => said.push(ended ? `ended: ${ended}` : 'changed'),
    },
    () => nowMs,
  );
  const run = (ms: number) => {
    for (const until = nowMs + ms; nowMs < until; nowMs += 5) {
      cameras.a.run(nowMs);
      cameras.b.run(nowMs);
    }
  };
  run(2100);
  splice.begin(cameras.a.stream);
  run(500);
  return { ...cameras, splice, out, said, run, now: () => nowMs };
}

const sources = (out: readonly Seen[], track: 'video' | 'audio') =>
  [
    ...new Set(out.filter(({ frame }) => frame.track === track && frame.type !== 'config').map((one) => one.source)),
  ].join();

test('a source follows at its next key frame; until then the old one goes on; its configuration comes first', () => {
  const { splice, a, b, out, said, run, now } = studio();
  splice.cue(b.stream);
  run(700);
  assert.deepEqual(said, []);
  b.wantKey();
  const askedMs = now();
  run(1000);
  assert.deepEqual(said, ['switched to b']);
  const first = out.findIndex(({ source }) => source === 'b');
  assert.equal(out[first]!.frame.type, 'config');
  assert.equal(out[first]!.frame.track, 'video');
  assert.equal(out.find(({ source, frame }) => source === 'b' && frame.type !== 'config')!.frame.type, 'key');
  assert.ok(out[first]!.atMs >= askedMs);
  assert.equal(sources(out, 'video'), 'a,b');
  assert.ok(!a.stream.attached, 'the old one is let go');
  splice.close();
  assert.ok(!b.stream.attached);
});

test('frames of the first source are passed on as they are', () => {
  const { a, out, run } = studio();
  const given: unknown[] = [];
  a.stream.attach({ frame: (frame) => given.push(frame), ended() {} });
  out.length = 0;
  run(200);
  assert.deepEqual(
    out.map(({ frame }) => frame),
    given,
  );
  assert.ok(out.every(({ frame }, i) => frame === given[i]));
});

test('picture and sound go on without a gap and never back, lips in sync, there and back again', () => {
  fc.assert(
    fc.property(
      fc.record({
        frames: fc.constantFrom<[number, number]>([40, 40], [33, 40], [40, 33], [66, 40]),
        sounds: fc.constantFrom<[number, number]>([20, 20], [21, 23], [23, 20], [20, 60]),
        late: fc.tuple(fc.integer({ min: -150, max: 150 }), fc.integer({ min: -150, max: 150 })),
        cts: fc.constantFrom<[number, number]>([0, 0], [80, 0], [0, 80], [40, 80]),
        waitMs: fc.integer({ min: 0, max: 400 }),
      }),
      ({ frames, sounds, late, cts, waitMs }) => {
        const options = (i: 0 | 1) => ({
          frameMs: frames[i],
          soundMs: sounds[i],
          soundLateMs: late[i],
          ctsMs: cts[i],
        });
        const { splice, a, b, out, said, run } = studio(options(0), { clockMs: 987_654, ...options(1) });
        run(waitMs);
        for (const next of [b, a, b]) {
          splice.cue(next.stream);
          run(300);
          next.wantKey();
          run(1500);
        }
        assert.deepEqual(said, ['switched to b', 'switched to a', 'switched to b']);
        const [picture, sound] = [steps(out, 'video'), steps(out, 'audio')];
        assert.equal(picture.goesBack, false);
        assert.equal(sound.goesBack, false);
        assert.ok(picture.longestMs < 100, `picture gap ${picture.longestMs}`);
        assert.ok(sound.longestMs - Math.min(...sounds) < 60, `sound gap ${sound.longestMs}`);
        assert.ok(lipSyncMs(out, 'b') <= Math.max(...sounds), `lip sync ${lipSyncMs(out, 'b')}`);
      },
    ),
    { numRuns: 100 },
  );
});

test('a source that gives no key frame does not follow', () => {
  const { splice, b, out, said, run } = studio({}, { gopMs: 100_000 });
  splice.cue(b.stream);
  run(6000);
  assert.deepEqual(said, []);
  assert.ok(steps(out, 'video').longestMs <= 45);
  splice.uncue();
  assert.ok(!b.stream.attached);
});

test('when the old source is gone the new one follows at once with its GOP, drawn together, and not behind', () => {
  const { splice, a, b, out, said, run, now } = studio();
  splice.cue(b.stream);
  run(900);
  const last = out.at(-1)!;
  a.on = false;
  a.stream.interrupt();
  run(300);
  splice.cut();
  assert.deepEqual(said, ['changed', 'switched to b']);
  const caughtUp = out.filter(({ source, frame }) => source === 'b' && frame.track === 'video');
  assert.ok(caughtUp.length > 30, 'all of the GOP');
  const newest = caughtUp.at(-1)!;
  assert.ok(newest.frame.dts - last.frame.dts < 400, 'no further than the time that passed');
  assert.ok(now() - newest.momentMs <= 45, 'at the present');
  run(1000);
  const { longestMs, goesBack } = steps(out, 'video');
  assert.ok(!goesBack);
  assert.ok(longestMs <= 60);
  assert.ok(!steps(out, 'audio').goesBack);
  assert.ok(lipSyncMs(out, 'b') <= 21);
});

test('gone without a GOP to go on with: at the next key frame, the time that passed is not made up', () => {
  const { splice, a, b, out, said, run } = studio();
  b.stream.gap();
  splice.cue(b.stream);
  a.on = false;
  a.stream.end('vanished');
  splice.cut();
  run(1100);
  assert.deepEqual(said, ['ended: vanished']);
  b.wantKey();
  run(300);
  assert.deepEqual(said.slice(1), ['switched to b']);
  const { longestMs, goesBack } = steps(out, 'video');
  assert.ok(longestMs > 1000 && longestMs < 1300, `${longestMs}`);
  assert.ok(!goesBack);
});

test('sound that ends, sound that begins, and sound alone', () => {
  const silent = studio({}, { soundMs: null });
  silent.splice.cue(silent.b.stream);
  silent.b.wantKey();
  silent.run(1000);
  assert.deepEqual(silent.said, ['switched to b', 'without audio']);
  assert.equal(sources(silent.out, 'audio'), 'a');

  const heard = studio({ soundMs: null }, { soundLateMs: -80 });
  heard.splice.cue(heard.b.stream);
  heard.b.wantKey();
  heard.run(1000);
  assert.equal(sources(heard.out, 'audio'), 'b');
  assert.ok(lipSyncMs(heard.out, 'b') < 1);

  const alone = studio({}, { pictures: false });
  alone.splice.cue(alone.b.stream);
  alone.run(3000);
  assert.deepEqual(alone.said, ['switched to b', 'without video']);
  const { longestMs, goesBack } = steps(alone.out, 'audio');
  assert.ok(longestMs < 60 && !goesBack);
  alone.splice.cue(alone.a.stream);
  alone.a.wantKey();
  alone.run(1000);
  assert.equal(alone.said.at(-1), 'switched to a');
  assert.equal(alone.out.at(-1)!.source, 'a');
  assert.ok(!steps(alone.out, 'audio').goesBack);
});

test('with nothing on air a cued source is on at once, its times unchanged', () => {
  const { b, run } = studio();
  const out: Seen[] = [];
  run(300);
  const splice = new Splice(
    { frame: (frame) => out.push(seen(frame, 0)), switched() {}, without() {}, changed() {} },
    () => 0,
  );
  splice.cue(b.stream);
  assert.deepEqual(
    out.filter(({ frame }) => frame.type !== 'config').map(({ frame }) => frame),
    b.stream.gop,
  );
});

test('a splice that nobody takes from is no reason to keep a source', () => {
  const camera = new Camera('a');
  camera.run(0);
  let wanted = false;
  const splice = new Splice({ frame() {}, switched() {}, without() {}, changed() {}, wanted: () => wanted }, () => 0);
  splice.begin(camera.stream);
  assert.equal(camera.stream.wanted, false);
  wanted = true;
  assert.equal(camera.stream.wanted, true);
});
