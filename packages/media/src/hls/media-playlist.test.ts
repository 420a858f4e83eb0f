import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompleteSegment, type MediaPlaylist, type PlaylistTiming, writeMediaPlaylist } from './media-playlist.ts';

const TIMING: PlaylistTiming = {
  targetDurationS: 2,
  partTargetMs: 223,
  partHoldBackMs: 669,
  holdBackMs: 6000,
  canSkipUntilMs: 12_000,
};
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function segment(msn: number, options: Partial<CompleteSegment> = {}): CompleteSegment {
  return {
    uri: `seg-${msn}.m4s`,
    durationMs: 2000,
    map: 'init-7.mp4',
    discontinuity: false,
    programDateTimeMs: AT + (msn - 7) * 2000,
    parts: [],
    ...options,
  };
}

function playlist(options: Partial<MediaPlaylist> = {}): MediaPlaylist {
  return {
    timing: TIMING,
    mediaSequence: 7,
    discontinuitySequence: 0,
    segments: [segment(7)],
    open: null,
    preloadHint: 'part-8.0.m4s',
    ended: false,
    ...options,
  };
}

const lines = (text: string) => text.trimEnd().split('\n');

test('a live playlist with parts, hint and wall-clock times', () => {
  const text = writeMediaPlaylist(
    playlist({
      segments: [segment(7), segment(8, { durationMs: 2002.0021, parts: [{ uri: 'p8.0', durationMs: 200, independent: true }] })],
      open: {
        map: 'init-7.mp4',
        discontinuity: false,
        programDateTimeMs: AT + 4002,
        parts: [
          { uri: 'p9.0', durationMs: 200.2, independent: true },
          { uri: 'p9.1', durationMs: 183.333333, independent: false },
        ],
      },
      preloadHint: 'p9.2',
    }),
  );
  assert.deepEqual(lines(text), [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.669,HOLD-BACK=6,CAN-SKIP-UNTIL=12',
    '#EXT-X-PART-INF:PART-TARGET=0.223',
    '#EXT-X-MEDIA-SEQUENCE:7',
    '#EXT-X-DISCONTINUITY-SEQUENCE:0',
    '#EXT-X-MAP:URI="init-7.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z',
    '#EXTINF:2,',
    'seg-7.m4s',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.678Z',
    '#EXT-X-PART:DURATION=0.2,URI="p8.0",INDEPENDENT=YES',
    '#EXTINF:2.002,',
    'seg-8.m4s',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:09.680Z',
    '#EXT-X-PART:DURATION=0.2002,URI="p9.0",INDEPENDENT=YES',
    '#EXT-X-PART:DURATION=0.18333,URI="p9.1"',
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p9.2"',
  ]);
});

test('a change of the initialization is announced with a discontinuity, once', () => {
  const changed = { map: 'init-8.mp4' };
  const text = writeMediaPlaylist(
    playlist({ segments: [segment(7), segment(8, { ...changed, discontinuity: true }), segment(9, changed)] }),
  );
  assert.deepEqual(lines(text).slice(7), [
    '#EXT-X-MAP:URI="init-7.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z',
    '#EXTINF:2,',
    'seg-7.m4s',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-MAP:URI="init-8.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.678Z',
    '#EXTINF:2,',
    'seg-8.m4s',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:09.678Z',
    '#EXTINF:2,',
    'seg-9.m4s',
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-8.0.m4s"',
  ]);
});

test('an ended playlist ends: no hint, no delta', () => {
  const segments = [7, 8, 9, 10, 11, 12, 13, 14, 15].map((msn) => segment(msn));
  const text = writeMediaPlaylist(playlist({ segments, preloadHint: null, ended: true }), { skip: true });
  assert.ok(text.endsWith('seg-15.m4s\n#EXT-X-ENDLIST\n'));
  assert.ok(!text.includes('#EXT-X-SKIP'));
});

test('a delta update leaves out what lies wholly before the skip boundary, with its tags', () => {
  const segments = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16].map((msn) => segment(msn));
  const full = lines(writeMediaPlaylist(playlist({ segments })));
  const delta = lines(writeMediaPlaylist(playlist({ segments }), { skip: true }));
  // Ten segments of 2 s: seven of them lie within, or reach into, the last 12 s.
  const skip = delta.indexOf('#EXT-X-SKIP:SKIPPED-SEGMENTS=3');
  assert.equal(skip, 7);
  assert.deepEqual(delta.slice(0, skip), full.slice(0, 7));
  assert.deepEqual(delta.slice(skip + 1), full.slice(full.indexOf('seg-9.m4s') + 1));
});

test('the open segment counts for the skip boundary', () => {
  const segments = [7, 8, 9, 10, 11, 12, 13].map((msn) => segment(msn));
  const open = { ...segment(14), parts: [{ uri: 'p', durationMs: 200, independent: true }] };
  assert.ok(!writeMediaPlaylist(playlist({ segments }), { skip: true }).includes('#EXT-X-SKIP'));
  assert.ok(writeMediaPlaylist(playlist({ segments, open }), { skip: true }).includes('#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n'));
});

test('a delta update names the map only where it changes', () => {
  const segments = [7, 8, 9, 10, 11, 12, 13, 14, 15].map((msn) =>
    segment(msn, msn < 12 ? {} : { map: 'init-12.mp4', discontinuity: msn === 12 }),
  );
  const delta = writeMediaPlaylist(playlist({ segments }), { skip: true });
  assert.ok(delta.includes('#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n'));
  assert.ok(!delta.includes('init-7.mp4'));
  assert.equal(delta.split('#EXT-X-MAP').length, 2);
});

test('renditions are reported when there are any', () => {
  const text = writeMediaPlaylist(playlist({ renditionReports: [{ uri: '../low/media.m3u8', lastMsn: 9, lastPart: 3 }] }));
  assert.ok(text.endsWith('#EXT-X-RENDITION-REPORT:URI="../low/media.m3u8",LAST-MSN=9,LAST-PART=3\n'));
});
