import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Presentation } from './presentation.ts';
import { Segmenter } from './segmenter.ts';
import { parsePlaylist } from './testing/playlist.ts';
import { Source, type Stretch } from './testing/source.ts';

const VIDEO = { config: 0, frameMs: 40, gopFrames: 50 } as const;

class Bench {
  readonly presentation: Presentation;
  readonly source = new Source();
  readonly segmenter = new Segmenter({ hlsSegmentMs: 2000, hlsPartMs: 200 });

  constructor(window = 6) {
    this.presentation = new Presentation({ window, firstMsn: 100 });
  }

  stretch(startMs: number, stretch: Stretch): this {
    for (const frame of this.source.stretch(startMs, stretch))
      for (const piece of this.segmenter.push(frame)) this.presentation.add(piece, this.segmenter.timing!);
    return this;
  }

  get playlist() {
    return parsePlaylist(this.presentation.playlist({ skip: false, query: '' }));
  }
}

/** Segments 100 and 101 complete, ten parts each, and two parts of 102. */
const begun = () => new Bench().stretch(0, { lengthMs: 4480, video: VIDEO });

describe('a blocking request', () => {
  it('is answered when the playlist has what it asks for', () => {
    const { presentation } = begun();
    const reached: [number, number | null][] = [
      [50, null],
      [101, null],
      [101, 9],
      [101, 10], // past the last part: the first of the next segment
      [102, 0],
      [102, 1],
    ];
    for (const [msn, part] of reached) assert.ok(presentation.reached(msn, part), `${msn}.${part}`);
    const ahead: [number, number | null][] = [
      [102, null],
      [102, 2],
      [103, 0],
    ];
    for (const [msn, part] of ahead) assert.ok(!presentation.reached(msn, part), `${msn}.${part}`);
  });

  it('that asks for more than will come soon is known', () => {
    const { presentation } = begun();
    for (const [msn, part] of [
      [103, null],
      [103, 13],
      [102, 15],
    ] as const)
      assert.ok(!presentation.beyond(msn, part), `${msn}.${part}`);
    for (const [msn, part] of [
      [104, null],
      [103, 40],
      [102, 40],
    ] as const)
      assert.ok(presentation.beyond(msn, part), `${msn}.${part}`);
  });

  it('is answered whatever it asks for once the stream has ended', () => {
    const { presentation } = begun();
    presentation.end();
    assert.ok(presentation.reached(9999, 3) && !presentation.beyond(9999, 3) && !presentation.expects(102, 2));
  });
});

it('the hint names the part that comes next', () => {
  const bench = begun();
  assert.equal(bench.playlist.hint, 'part-102.2.m4s');
  assert.ok(bench.presentation.expects(102, 2));
  assert.ok(!bench.presentation.expects(102, 1) && !bench.presentation.expects(103, 0));
  const atEnd = new Bench().stretch(0, { lengthMs: 2040, video: VIDEO });
  assert.equal(atEnd.playlist.hint, 'part-101.0.m4s');
});

it('parts are listed for the newest segments only, and can be had longer', () => {
  const bench = new Bench().stretch(0, { lengthMs: 12_500, video: VIDEO });
  const { segments } = bench.playlist;
  assert.deepEqual(
    segments.map(({ parts }) => parts.length > 0),
    [false, false, false, true, true, true],
  );
  assert.ok(bench.presentation.part(100, 0));
});

it('no more is listed than the window, once it is three target durations long', () => {
  const bench = new Bench(3).stretch(0, { lengthMs: 30_000, video: { ...VIDEO, gopFrames: 38 } });
  // Segments of 1.52 s: three are less than 6 s, so there are four.
  assert.equal(bench.playlist.segments.length, 4);
});

it('a discontinuity that slides out is counted, and the initialization it left behind freed', () => {
  const bench = new Bench().stretch(0, { lengthMs: 3000, video: VIDEO });
  bench.stretch(3000, { lengthMs: 6000, video: { ...VIDEO, config: 1 } });
  assert.equal(bench.playlist.discontinuities, 1);
  const [first] = bench.playlist.segments;
  assert.equal(first?.map, 'init-100.mp4');
  assert.ok(bench.presentation.init(100));
  bench.stretch(9000, { lengthMs: 60_000, video: { ...VIDEO, config: 1 } });
  const text = bench.presentation.playlist({ skip: false, query: '' });
  assert.ok(text.includes('#EXT-X-DISCONTINUITY-SEQUENCE:1\n'));
  assert.equal(bench.presentation.init(100), null);
  assert.ok(bench.presentation.init(102));
});

it('memory does not grow with the time a stream lasts', () => {
  const bench = new Bench().stretch(0, { lengthMs: 60_000, video: VIDEO });
  const kept = () => {
    let segments = 0;
    for (let msn = 100; msn < 1000; msn++) if (bench.presentation.segment(msn)) segments++;
    return segments;
  };
  const before = kept();
  assert.ok(before <= 16, `${before} segments`);
  bench.stretch(60_000, { lengthMs: 300_000, video: VIDEO });
  assert.ok(Math.abs(kept() - before) <= 1);
});
