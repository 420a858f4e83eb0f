import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '@lianmai/media';
import { VIDEO_TRACK_ID } from '@lianmai/media/cmaf';
import fc from 'fast-check';
import { type Piece, Segmenter } from './segmenter.ts';
import { Source, type Stretch } from './testing/source.ts';

const SETTINGS = { hlsSegmentMs: 2000, hlsPartMs: 200 };

interface Scene {
  stretch: Stretch;
  /** Silence before it. */
  gapMs: number;
  resumed: boolean;
}

const video = fc.record({
  config: fc.constantFrom<0 | 1>(0, 1),
  frameMs: fc.constantFrom(8.333, 16.667, 20, 33.333, 33.367, 40, 41.708, 66.667, 83.333, 100, 200, 333, 500, 1000),
  gopFrames: fc.integer({ min: 1, max: 300 }),
  jitterMs: fc.constantFrom(0, 0, 3, 12),
  bFrames: fc.boolean(),
});
const audio = fc.record({
  sound: fc.constantFrom<'aac48' | 'aac44' | 'opus' | 'mp3'>('aac48', 'aac44', 'opus', 'mp3'),
  jitterMs: fc.constantFrom(0, 0, 5, 30),
  leadMs: fc.constantFrom(0, 0, 60, -120, 200, -200),
});
const scenes: fc.Arbitrary<Scene[]> = fc.array(
  fc.record({
    stretch: fc
      .record({ lengthMs: fc.integer({ min: 300, max: 9000 }), video: fc.option(video), audio: fc.option(audio) })
      .filter(({ video, audio }) => video !== null || audio !== null)
      .map(({ lengthMs, video, audio }) => ({ lengthMs, ...(video && { video }), ...(audio && { audio }) })),
    gapMs: fc.constantFrom(0, 0, 40, 150, 700, 3000, 6500),
    resumed: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

/**
 * Runs scenes one after another, as a hub would give them: times never go back within a track. Some frames are there
 * already when segmenting begins.
 */
function run(list: readonly Scene[], seed: number): { pieces: Piece[]; frames: Frame[]; segmenter: Segmenter } {
  let state = seed;
  const source = new Source(() => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  });
  const segmenter = new Segmenter(SETTINGS, { onUnreadable: (error) => assert.fail(error.message) });
  const pieces: Piece[] = [];
  const frames: Frame[] = [];
  const last = { video: 0, audio: 0, data: 0 };
  let startMs = 1000;
  let early: Frame[] | null = [];
  for (const { stretch, gapMs, resumed } of list) {
    startMs = Math.max(startMs, last.video + 1, last.audio + 1) + gapMs;
    if (resumed) segmenter.resumed();
    for (const frame of source.stretch(startMs, stretch)) {
      const placed = { ...frame, dts: Math.max(frame.dts, last[frame.track]) };
      last[frame.track] = placed.dts;
      frames.push(placed);
      if (early === null) pieces.push(...segmenter.push(placed));
      else if (early.push(placed) > seed % 200) {
        pieces.push(...segmenter.seed(early));
        early = null;
      }
    }
    if (early !== null) {
      pieces.push(...segmenter.seed(early));
      early = null;
    }
    startMs += stretch.lengthMs;
  }
  pieces.push(...segmenter.finish());
  return { pieces, frames, segmenter };
}

function segmentsOf(pieces: readonly Piece[]): Piece[][] {
  const segments: Piece[][] = [];
  for (const piece of pieces) {
    if (piece.opens) segments.push([]);
    segments.at(-1)!.push(piece);
  }
  return segments;
}

function forAll(check: (run_: ReturnType<typeof run>) => void): void {
  fc.assert(
    fc.property(scenes, fc.integer({ min: 1, max: 2 ** 31 }), (list, seed) => check(run(list, seed))),
    { numRuns: 300 },
  );
}

test('whatever the frames are, no part is longer than the part target and no segment than the target duration', () => {
  forAll(({ pieces, segmenter }) => {
    const { timing } = segmenter;
    for (const segment of segmentsOf(pieces)) {
      let lengthMs = 0;
      for (const piece of segment) {
        assert.ok(piece.durationMs > 0);
        if (piece.listed) assert.ok(piece.durationMs <= timing!.partTargetMs + 0.01, `part of ${piece.durationMs} ms`);
        else assert.equal(segment.length, 1, 'what has no parts is a segment of its own');
        lengthMs += piece.durationMs;
      }
      assert.ok(Math.round(lengthMs / 1000) <= timing!.targetDurationS, `segment of ${lengthMs} ms`);
    }
  });
});

test('pieces follow each other without a gap or overlap unless players are told', () => {
  forAll(({ pieces }) => {
    let endMs: number | null = null;
    for (const piece of pieces) {
      if (endMs !== null && !piece.opens?.discontinuity) assert.ok(Math.abs(piece.startMs - endMs) < 0.01);
      if (endMs !== null) assert.ok(piece.startMs > endMs - 0.01);
      endMs = piece.startMs + piece.durationMs;
    }
    assert.equal(pieces[0]?.opens?.discontinuity ?? false, false);
    for (const [i, piece] of pieces.entries())
      if (piece.closes && pieces[i + 1]) assert.ok(pieces[i + 1]!.opens, 'a closed segment takes nothing more');
  });
});

test("each track's decode times go on exactly where its last fragment ended", () => {
  forAll(({ pieces }) => {
    const ends = new Map<number, { ms: number; config: unknown }>();
    let configs = pieces[0]?.opens?.configs;
    for (const piece of pieces) {
      if (piece.opens) configs = piece.opens.configs;
      for (const { trackId, baseMediaDecodeTime, samples } of piece.tracks) {
        const config = trackId === VIDEO_TRACK_ID ? configs!.video! : configs!.audio!;
        const startMs = (baseMediaDecodeTime * 1000) / config.timescale;
        const end = ends.get(trackId);
        if (end) assert.ok(startMs > end.ms - 1000 / config.timescale, 'a track went back');
        // What a discontinuity tells of may be missing, and a track that stalled comes back later.
        const goesOn = end?.config === config && !piece.opens?.discontinuity && startMs - end.ms < 60;
        if (goesOn) assert.ok(Math.abs(startMs - end.ms) < 0.03, `${trackId}: ${startMs} after ${end.ms}`);
        assert.ok(samples.every((sample) => sample.duration > 0 && Number.isInteger(sample.duration)));
        const ticks = samples.reduce((sum, sample) => sum + sample.duration, 0);
        ends.set(trackId, { ms: ((baseMediaDecodeTime + ticks) * 1000) / config.timescale, config });
      }
    }
  });
});

/** What stands before another sound that begins late: of stereo AAC, and any of Opus. */
const isSilence = (data: Buffer) => ['211004608c1c', 'fffe'].some((end) => data.toString('hex').endsWith(end));

test('frames keep their order and none comes twice', () => {
  forAll(({ pieces, frames }) => {
    for (const track of ['video', 'audio'] as const) {
      const sent = frames
        .filter((frame) => frame.track === track && frame.type !== 'config')
        .map((frame) => frame.data);
      const got = pieces.flatMap(({ tracks }) =>
        tracks
          .filter(({ trackId }) => (trackId === VIDEO_TRACK_ID) === (track === 'video'))
          .flatMap(({ samples }) => samples.map((sample) => sample.data))
          .filter((data) => !isSilence(data)),
      );
      let at = 0;
      for (const data of got) {
        const found = sent.indexOf(data, at);
        assert.ok(found >= 0, 'out of order, or twice');
        at = found + 1;
      }
    }
  });
});

test('a stream with regular key frames arrives whole, and each segment begins with one', () => {
  const everySecond = video.map((v) => ({ ...v, gopFrames: Math.max(1, Math.round(1000 / v.frameMs)) }));
  const clean = fc.record({ lengthMs: fc.integer({ min: 5000, max: 20000 }), video: everySecond, audio });
  fc.assert(
    fc.property(clean, fc.integer({ min: 1, max: 2 ** 31 }), (stretch, seed) => {
      const { pieces, frames } = run([{ stretch, gapMs: 0, resumed: false }], seed);
      for (const [first] of segmentsOf(pieces)) assert.ok(first!.independent);
      const got = pieces.flatMap(({ tracks }) => tracks.flatMap(({ samples }) => samples));
      assert.equal(got.length, frames.filter((frame) => frame.type !== 'config').length, 'every frame, once');
    }),
    { numRuns: 200 },
  );
});
