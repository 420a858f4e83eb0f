import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame } from '@lianmai/media';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '@lianmai/media/cmaf';
import { type Piece, Segmenter, type SegmenterOptions } from './segmenter.ts';
import { Source, type Stretch } from './testing/source.ts';

const SETTINGS = { hlsSegmentMs: 2000, hlsPartMs: 200 };
const VIDEO = { config: 0, frameMs: 40, gopFrames: 50 } as const;
const AUDIO = { sound: 'aac48' } as const;
const TICKS = { [VIDEO_TRACK_ID]: 90_000, [AUDIO_TRACK_ID]: 48_000 };

interface Segment {
  startMs: number;
  durationMs: number;
  parts: Piece[];
  discontinuity: boolean;
  /** `v` and `a` when it has them. */
  tracks: string;
}

class Bench {
  readonly source = new Source();
  readonly segmenter: Segmenter;
  readonly pieces: Piece[] = [];

  constructor(options: SegmenterOptions = {}) {
    this.segmenter = new Segmenter(SETTINGS, options);
  }

  feed(frames: readonly Frame[]): this {
    for (const frame of frames) this.pieces.push(...this.segmenter.push(frame));
    return this;
  }

  stretch(startMs: number, stretch: Stretch): this {
    return this.feed(this.source.stretch(startMs, stretch));
  }

  finish(): this {
    this.pieces.push(...this.segmenter.finish());
    return this;
  }

  segments(): Segment[] {
    const segments: Segment[] = [];
    for (const piece of this.pieces) {
      if (piece.opens) {
        const { configs, discontinuity } = piece.opens;
        const tracks = `${configs.video ? 'v' : ''}${configs.audio ? 'a' : ''}`;
        segments.push({ startMs: piece.startMs, durationMs: 0, parts: [], discontinuity, tracks });
      }
      const segment = segments.at(-1)!;
      segment.parts.push(piece);
      segment.durationMs += piece.durationMs;
    }
    return segments;
  }

  durations(): number[] {
    return this.segments().map(({ durationMs }) => Math.round(durationMs));
  }
}

/** Start and end of a track within a piece, ms. */
function span(piece: Piece, trackId: keyof typeof TICKS): [number, number] {
  const timescale = TICKS[trackId];
  const track = piece.tracks.find((candidate) => candidate.trackId === trackId)!;
  const ticks = track.samples.reduce((sum, { duration }) => sum + duration, 0);
  const start = track.baseMediaDecodeTime;
  return [(start * 1000) / timescale, ((start + ticks) * 1000) / timescale];
}

/** Sound begins where that of the piece before ends, in whatever configuration. */
function assertNoHoles(pieces: readonly Piece[]): void {
  let timescale = 0;
  let endMs: number | null = null;
  for (const { opens, tracks } of pieces) {
    timescale = opens?.configs.audio?.timescale ?? timescale;
    const sound = tracks.find(({ trackId }) => trackId === AUDIO_TRACK_ID);
    if (!sound) continue;
    const startMs = (sound.baseMediaDecodeTime * 1000) / timescale;
    assert.ok(endMs === null || Math.abs(startMs - endMs) < 0.1, `sound ends at ${endMs} and goes on at ${startMs}`);
    endMs = startMs + (sound.samples.reduce((sum, { duration }) => sum + duration, 0) * 1000) / timescale;
  }
}

describe('segments', () => {
  it('begin at key frames, the first one as early as it can', () => {
    const bench = new Bench()
      .stretch(1000, { lengthMs: 9000, video: { ...VIDEO, gopFrames: 25 }, audio: AUDIO })
      .finish();
    assert.deepEqual(bench.durations().slice(0, -1), [1000, 2000, 2000, 2000]);
    assert.ok(bench.segments().every(({ parts }) => parts[0]!.independent));
    assert.equal(bench.segmenter.timing?.targetDurationS, 2);
  });

  it('end early rather than outgrow the target duration', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 7500, video: { ...VIDEO, gopFrames: 37 } }).finish();
    // GOPs of 1.48 s: two would be 2.96 s.
    assert.deepEqual(bench.durations().slice(0, 4), [1480, 1480, 1480, 1480]);
    assert.equal(bench.segmenter.timing?.targetDurationS, 2);
  });

  it('are as long as the groups of pictures when these are longer', () => {
    const bench = new Bench({ gopMs: 4000 })
      .stretch(1000, { lengthMs: 12_000, video: { ...VIDEO, gopFrames: 100 } })
      .finish();
    assert.equal(bench.segmenter.timing?.targetDurationS, 4);
    assert.deepEqual(bench.durations().slice(-2), [4000, 4000]);
    // The first playlist does not wait four seconds for a key frame.
    const [first, second] = bench.segments();
    assert.ok(first!.durationMs < 500 && first!.parts[0]!.independent);
    assert.ok(!second!.parts[0]!.independent);
    assert.equal(Math.round(first!.durationMs + second!.durationMs), 4000);
  });

  it('of long groups of pictures: the first has all there is, so that a player finds its key frame', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 2480, video: { ...VIDEO, gopFrames: 250 } });
    assert.equal(bench.pieces.length, 0, 'it may yet be a usual one');
    bench.feed([bench.source.picture(3480, false), bench.source.picture(3520, false)]);
    assert.deepEqual(bench.durations(), [2400]);
    assert.ok(bench.pieces.at(-1)?.closes);
    assert.equal(bench.segmenter.timing?.targetDurationS, 10);
    const late = new Bench();
    late.pieces.push(
      ...late.segmenter.seed(late.source.stretch(1000, { lengthMs: 6080, video: { ...VIDEO, gopFrames: 250 } })),
    );
    assert.deepEqual(late.durations(), [6000]);
    assert.ok(late.pieces.at(-1)?.closes);
  });

  it('are cut without a key frame when none comes in time', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 2000, video: { ...VIDEO, gopFrames: 50 } });
    bench.feed([bench.source.picture(3000, true)]);
    for (let dts = 3040; dts < 10_000; dts += 40) bench.feed([bench.source.picture(dts, false)]);
    bench.feed([bench.source.picture(10_000, true)]).finish();
    const durations = bench.durations();
    assert.ok(
      durations.every((ms) => Math.round(ms / 1000) <= 2),
      durations.join(),
    );
    assert.equal(durations[1], 2400);
    const back = bench.segments().find(({ startMs }) => startMs === 10_000);
    assert.ok(back?.parts[0]?.independent, 'the next key frame begins a segment again');
  });

  it('of sound alone are cut by time, and the first one soon', () => {
    for (const sound of ['aac48', 'aac44', 'opus', 'mp3'] as const) {
      const bench = new Bench().stretch(1000, { lengthMs: 7000, audio: { sound } }).finish();
      const [first, second] = bench.durations();
      assert.ok(first! <= 1200 && Math.abs(second! - 2000) <= 110, `${sound}: ${bench.durations()}`);
      assert.ok(bench.pieces.every((piece) => piece.independent));
      assert.ok(bench.segments().every(({ tracks, discontinuity }) => tracks === 'a' && !discontinuity));
    }
  });
});

describe('parts', () => {
  for (const [fps, parts] of [
    [25, 200],
    [30, 200],
    [29.97, 200.2],
    [24, 208.33],
    [60, 200],
    [15, 200],
  ] as const)
    it(`hold whole frames at ${fps} fps, within 85 % of their target`, () => {
      const bench = new Bench().stretch(1000, {
        lengthMs: 6000,
        video: { ...VIDEO, frameMs: 1000 / fps },
        audio: AUDIO,
      });
      const target = bench.segmenter.timing!.partTargetMs;
      for (const { parts: pieces } of bench.segments().slice(0, -1)) {
        const whole = pieces.slice(0, -1).map(({ durationMs }) => durationMs);
        assert.ok(
          whole.every((ms) => Math.abs(ms - parts) < 2 && ms <= target && ms >= 0.85 * target),
          whole.join(),
        );
      }
    });

  it('hold exactly their span of each track, even when sound comes late', () => {
    const late = { sound: 'aac48', leadMs: -180 } as const;
    const bench = new Bench().stretch(1000, { lengthMs: 6000, video: VIDEO, audio: late });
    for (const piece of bench.pieces.slice(1, -1)) {
      assert.deepEqual(span(piece, VIDEO_TRACK_ID), [piece.startMs, piece.startMs + piece.durationMs]);
      assert.ok(Math.abs(span(piece, AUDIO_TRACK_ID)[0] - piece.startMs) <= 1024 / 48 + 0.001);
    }
  });

  it('are cut as soon as the next picture is there', () => {
    const bench = new Bench({ gopMs: 2000 });
    bench.stretch(1000, { lengthMs: 200, video: VIDEO });
    assert.equal(bench.pieces.length, 0);
    bench.feed([bench.source.picture(1200, false)]);
    assert.equal(bench.pieces.length, 1);
  });

  it('of a slow picture with sound are cut at the sound', () => {
    const bench = new Bench().stretch(1000, {
      lengthMs: 8000,
      video: { config: 0, frameMs: 1000, gopFrames: 2 },
      audio: AUDIO,
    });
    const { partTargetMs } = bench.segmenter.timing!;
    assert.ok(partTargetMs < 250);
    assert.ok(bench.pieces.every(({ durationMs, listed }) => listed && durationMs <= partTargetMs));
  });

  it('a picture that stands longer than a part makes a segment without parts', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 4000, video: VIDEO });
    bench.feed([bench.source.picture(6200, false), bench.source.picture(6240, false)]).finish();
    const whole = bench.pieces.filter(({ listed }) => !listed);
    assert.deepEqual(
      whole.map(({ startMs, durationMs, closes }) => [startMs, durationMs, closes]),
      [[4960, 1240, true]],
    );
    assert.ok(bench.segments().every(({ discontinuity }) => !discontinuity));
  });
});

describe('times', () => {
  it('of sound are exact to the sample, whatever the milliseconds say', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 20_000, video: VIDEO, audio: { sound: 'aac44' } });
    const sounds = bench.pieces.flatMap(({ tracks }) => tracks.filter(({ trackId }) => trackId === AUDIO_TRACK_ID));
    assert.ok(sounds.every(({ samples }) => samples.every(({ duration }) => duration === 1024)));
    let next = sounds[0]!.baseMediaDecodeTime;
    for (const { baseMediaDecodeTime, samples } of sounds) {
      assert.equal(baseMediaDecodeTime, next);
      next += samples.length * 1024;
    }
  });

  it('of sound follow when its timestamps step', () => {
    const video = { ...VIDEO, gopFrames: 25 };
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video, audio: AUDIO });
    // 150 ms after the frames before it end.
    bench.stretch(4150, { lengthMs: 2850, video, audio: AUDIO }).finish();
    const spans = bench.pieces.map((piece) => span(piece, AUDIO_TRACK_ID));
    for (const [i, [start]] of spans.entries()) if (i > 0) assert.ok(Math.abs(start - spans[i - 1]![1]) < 0.001);
    assert.ok(Math.abs(spans.at(-1)![1] - 7000) < 30);
  });

  it('B-frames keep their composition offsets', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: { ...VIDEO, bFrames: true } }).finish();
    const samples = bench.pieces.flatMap(({ tracks }) => tracks[0]!.samples);
    assert.deepEqual(new Set(samples.map(({ cts }) => cts)), new Set([0, 7200]));
  });
});

describe('changes', () => {
  const other = { ...VIDEO, config: 1 } as const;

  it('a new picture size takes effect at its key frame, with a discontinuity', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
    bench.stretch(4000, { lengthMs: 3000, video: other, audio: AUDIO }).finish();
    const [, , changed] = bench.segments();
    assert.equal(changed?.startMs, 4000);
    assert.ok(changed.discontinuity && changed.parts[0]!.independent);
    assert.deepEqual(bench.durations().slice(0, 3), [2000, 1000, 2000]);
    assert.deepEqual(
      bench.segments().map(({ discontinuity }) => discontinuity),
      [false, false, true, false],
    );
  });

  it('picture and sound that change together change in one place', () => {
    for (const leadMs of [0, 150, -150]) {
      const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
      bench.stretch(4000, { lengthMs: 3000, video: other, audio: { sound: 'aac44', leadMs } }).finish();
      const breaks = bench.segments().filter(({ discontinuity }) => discontinuity);
      assert.equal(breaks.length, 1, `sound ${leadMs} ms early`);
      assert.equal(breaks[0]!.startMs, 4000);
      assert.equal(breaks[0]!.parts[0]!.opens?.configs.audio?.timescale, 44_100);
    }
  });

  it('sound that changes a little after the picture goes on without a hole', () => {
    for (const longerMs of [30, 100, 150]) {
      const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
      const frames = [
        ...bench.source.stretch(4000, { lengthMs: longerMs, audio: AUDIO }),
        ...bench.source.stretch(4000 + longerMs, { lengthMs: 2000, audio: { sound: 'aac44' } }),
        ...bench.source.stretch(4000, { lengthMs: 2000 + longerMs, video: other }),
      ].sort((a, b) => a.dts - b.dts || Number(b.type === 'config') - Number(a.type === 'config'));
      bench.feed(frames);
      assert.equal(bench.segments().filter(({ discontinuity }) => discontinuity).length, 1, `${longerMs} ms`);
      assertNoHoles(bench.pieces);
    }
  });

  it('sound that changes with the picture and comes late is waited for: no segment promises what it has not', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
    const pictures = bench.source.stretch(4000, { lengthMs: 3000, video: { ...other, gopFrames: 5 } });
    const sounds = bench.source.stretch(4008, { lengthMs: 3000, audio: { sound: 'aac44' } });
    bench.feed([...pictures.splice(0, 25), ...sounds]).feed(pictures);
    const [breaks, ...more] = bench.segments().filter(({ discontinuity }) => discontinuity);
    assert.deepEqual([breaks?.startMs, more.length], [4000, 0]);
    assert.equal(breaks?.parts[0]?.tracks.length, 2);
    assertNoHoles(bench.pieces);
  });

  it('another sound that begins late has silence before it, so that every part has the sound it promises', () => {
    for (const lateMs of [90, 140, 450]) {
      const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
      const frames = [
        ...bench.source.stretch(4008 + lateMs, { lengthMs: 2000, audio: { sound: 'aac44' } }),
        ...bench.source.stretch(4000, { lengthMs: 2000 + lateMs, video: { ...VIDEO, gopFrames: 4 } }),
      ].sort((a, b) => a.dts - b.dts || Number(b.type === 'config') - Number(a.type === 'config'));
      bench.feed(frames);
      assertNoHoles(bench.pieces);
      for (const { tracks, startMs } of bench.pieces) assert.equal(tracks.length, 2, `at ${startMs}`);
    }
  });

  it('sound that begins later is announced at the next key frame', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 4600, video: VIDEO });
    bench.stretch(5600, { lengthMs: 400, audio: AUDIO });
    for (const frame of bench.source.stretch(5600, {
      lengthMs: 4000,
      video: { ...VIDEO, gopFrames: 10 },
      audio: AUDIO,
    }))
      bench.feed([frame]);
    const tracks = bench.segments().map((segment) => segment.tracks);
    assert.equal(tracks[0], 'v');
    assert.equal(tracks.at(-1), 'va');
    assert.equal(bench.segments().filter(({ discontinuity }) => discontinuity).length, 1);
    assert.ok(bench.segments().find((segment) => segment.discontinuity)?.parts[0]?.independent);
  });

  it('sound that stays away is not waited for, and in the end not promised', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
    const before = bench.pieces.at(-1)!;
    bench.stretch(4000, { lengthMs: 9000, video: VIDEO });
    const edge = bench.pieces.at(-1)!;
    assert.ok(edge.startMs + edge.durationMs > 12_700 && before.startMs < 4000);
    assert.equal(bench.segments().at(-1)?.tracks, 'v');
  });

  it('a publisher that comes back after a pause goes on with a discontinuity', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
    bench.segmenter.resumed();
    bench.stretch(6000, { lengthMs: 3000, video: VIDEO, audio: AUDIO }).finish();
    const broken = bench.segments().filter(({ discontinuity }) => discontinuity);
    assert.deepEqual(
      broken.map(({ startMs }) => startMs),
      [6000],
    );
    const samples = bench.pieces.flatMap(({ tracks }) => tracks.flatMap((track) => track.samples));
    assert.equal(samples.length, 2 * (75 + 141));
  });

  it('a publisher that is back at once goes on as if nothing had been', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 3000, video: VIDEO, audio: AUDIO });
    bench.segmenter.resumed();
    bench.stretch(4080, { lengthMs: 3000, video: VIDEO, audio: AUDIO }).finish();
    assert.ok(bench.segments().every(({ discontinuity }) => !discontinuity));
  });

  it('frames before the first key frame, and sound long before it, are left out', () => {
    const bench = new Bench();
    bench.feed([bench.source.videoConfig(0, 1000), bench.source.soundConfig('aac48', 1000)]);
    for (let dts = 1000; dts < 1800; dts += 20) bench.feed([bench.source.sound('aac48', dts)]);
    for (let dts = 1200; dts < 1800; dts += 40) bench.feed([bench.source.picture(dts, false)]);
    bench.stretch(1800, { lengthMs: 4000, video: VIDEO, audio: AUDIO });
    const [first] = bench.pieces;
    assert.equal(first?.startMs, 1800);
    assert.ok(first.independent && span(first, AUDIO_TRACK_ID)[0] >= 1500);
  });

  it('what waits is measured, so that times that stand still are noticed', () => {
    const bench = new Bench().stretch(1000, { lengthMs: 4000, video: VIDEO, audio: AUDIO });
    assert.ok(bench.segmenter.waitingBytes < 10_000);
    for (let i = 0; i < 1000; i++) bench.feed([{ ...bench.source.picture(5000, false), data: Buffer.alloc(1000) }]);
    assert.ok(bench.segmenter.waitingBytes > 1_000_000);
    bench.finish();
    assert.equal(bench.segmenter.waitingBytes, 0);
  });

  it('a configuration nobody can read leaves its track out and says so', () => {
    const problems: string[] = [];
    const bench = new Bench({ onUnreadable: (error) => problems.push(error.message) });
    const [config, ...sound] = bench.source.stretch(1000, { lengthMs: 3000, audio: AUDIO });
    bench.feed([{ ...config!, data: Buffer.alloc(0) } as Frame, ...sound]);
    assert.equal(problems.length, 1);
    assert.equal(bench.pieces.length, 0);
  });
});
