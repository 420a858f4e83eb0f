import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Track } from '@lianmai/media';
import fc from 'fast-check';
import { Timeline } from './timeline.ts';

type MediaTrack = Exclude<Track, 'data'>;

/** Plays stamps of one source, each arriving when the wall clock says what it stands for. */
function play(timeline: Timeline, frames: [MediaTrack, number][], startMs: number, stepMs = 20): number[] {
  return frames.map(([track, dts], i) => timeline.place(track, dts, startMs + i * stepMs));
}

test('the first frame lands a little above zero, whatever the encoder clock says', () => {
  for (const dts of [0, 5, 4_294_967_290, -300]) {
    const timeline = new Timeline();
    assert.deepEqual(
      play(
        timeline,
        [
          ['video', dts],
          ['audio', dts - 23],
          ['video', dts + 40],
        ],
        0,
      ),
      [1000, 977, 1040],
    );
  }
});

test('a new source goes on after the time that passed by the wall clock', () => {
  const timeline = new Timeline();
  timeline.place('video', 7000, 100);
  timeline.place('video', 7040, 140);
  timeline.startSource();
  assert.equal(timeline.place('video', 0, 140 + 2500), 1040 + 2500);
  assert.equal(timeline.place('audio', 21, 140 + 2510), 1040 + 2500 + 21);
});

test('sound that begins before the picture on the new clock stays in step with it, and goes not back', () => {
  const timeline = new Timeline();
  play(
    timeline,
    [
      ['audio', 500],
      ['video', 0],
    ],
    0,
  );
  timeline.startSource();
  assert.equal(timeline.place('video', 1000, 30), 1030);
  assert.equal(timeline.place('audio', 800, 30), 1000, 'would be 830, but sound was at 1000 already');
  assert.equal(timeline.place('audio', 1000, 40), 1030);
});

test('a clock that starts over within a session goes on, both tracks in step although they do not jump together', () => {
  const timeline = new Timeline();
  play(
    timeline,
    [
      ['video', 60_000],
      ['audio', 60_010],
      ['video', 60_040],
      ['audio', 60_030],
    ],
    0,
  );
  assert.equal(timeline.place('audio', 10, 80), 1080, 'newest was 1040 at 40 ms');
  assert.equal(timeline.place('video', 60_080, 100), 1080, 'the old clock still');
  assert.equal(timeline.place('video', 20, 120), 1090, '10 ms after the sound');
  assert.equal(timeline.place('video', 60, 120), 1130);
  assert.equal(timeline.place('audio', 60, 140), 1130);
});

test('a jump of more than ten seconds is a new clock, a shorter one is a pause', () => {
  const timeline = new Timeline();
  play(
    timeline,
    [
      ['video', 0],
      ['audio', 0],
    ],
    0,
  );
  assert.equal(timeline.place('video', 9000, 100), 10_000);
  assert.equal(timeline.place('video', 25_000, 130), 10_030);
  assert.equal(timeline.place('audio', 25_000, 130), 10_030);
});

test('a track may pause for long while the other goes on', () => {
  const timeline = new Timeline();
  timeline.place('video', 0, 0);
  for (let dts = 0; dts <= 60_000; dts += 1000) timeline.place('audio', dts, dts);
  assert.equal(timeline.place('video', 60_000, 60_000), 61_000);
});

test('small disorder within a track is levelled, between the tracks it is left alone', () => {
  const timeline = new Timeline();
  assert.deepEqual(
    play(
      timeline,
      [
        ['video', 100],
        ['audio', 0],
        ['video', 60],
        ['audio', 180],
        ['video', 140],
      ],
      0,
    ),
    [1000, 900, 1000, 1080, 1040],
  );
});

test('script data never moves the clock of the media', () => {
  const timeline = new Timeline();
  timeline.place('video', 50_000, 0);
  assert.equal(timeline.placeData(50_010), 1010);
  assert.equal(timeline.placeData(0), 1010);
  assert.equal(timeline.placeData(9_999_999), 1010);
  assert.equal(timeline.place('video', 50_040, 40), 1040);
  assert.equal(timeline.placeConfig('video'), 1040);
});

const anyTrack = fc.constantFrom<MediaTrack>('video', 'audio');
const step = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 3, arbitrary: fc.integer({ min: -400, max: 400 }) },
  { weight: 1, arbitrary: fc.integer({ min: -100_000_000, max: 100_000_000 }) },
);
const happening = fc.record({
  track: anyTrack,
  step,
  waitMs: fc.integer({ min: 0, max: 3000 }),
  newSource: fc.boolean(),
  kind: fc.constantFrom('frame', 'frame', 'frame', 'config', 'data'),
});

test('no track ever goes back or below zero, whatever sources send', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200 }), (happenings) => {
      const timeline = new Timeline();
      const last = { video: 0, audio: 0, data: 0 };
      let [dts, now] = [0, 0];
      for (const { track, step, waitMs, newSource, kind } of happenings) {
        dts += step;
        now += waitMs;
        if (newSource) timeline.startSource();
        const at = kind === 'data' ? 'data' : track;
        const time =
          kind === 'frame'
            ? timeline.place(track, dts, now)
            : kind === 'config'
              ? timeline.placeConfig(track)
              : timeline.placeData(dts);
        assert.ok(Number.isFinite(time) && time >= last[at], `${at} from ${last[at]} to ${time}`);
        last[at] = time;
      }
    }),
  );
});

test('within a well-behaved source all distances are kept exactly', () => {
  const source = fc.record({
    firstDts: fc.integer({ min: 0, max: 2 ** 33 }),
    gapMs: fc.integer({ min: 0, max: 7000 }),
    frames: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(source, { minLength: 1, maxLength: 5 }), (sources) => {
      const timeline = new Timeline();
      let now = 0;
      for (const { firstDts, gapMs, frames } of sources) {
        timeline.startSource();
        now += gapMs;
        const first = timeline.place('video', firstDts, now);
        for (let i = 1; i < frames; i++) {
          now += 40;
          assert.equal(timeline.place('audio', firstDts + i * 40 - 20, now - 20) - first, i * 40 - 20);
          assert.equal(timeline.place('video', firstDts + i * 40, now) - first, i * 40);
        }
      }
    }),
  );
});
