import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeMultivariantPlaylist } from './multivariant-playlist.ts';

test('a variant with pictures and sound', () => {
  const text = writeMultivariantPlaylist([
    {
      uri: 'show/media.m3u8?session=a',
      bandwidth: 1_234_567.2,
      averageBandwidth: 1_000_000,
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      resolution: { width: 1280, height: 720 },
      frameRate: 29.97003,
    },
  ]);
  assert.equal(
    text,
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-STREAM-INF:BANDWIDTH=1234568,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
show/media.m3u8?session=a
`,
  );
});

test('sound alone has neither size nor frame rate', () => {
  const text = writeMultivariantPlaylist([{ uri: 'radio/media.m3u8', bandwidth: 64_000, codecs: ['opus'] }]);
  assert.ok(text.includes('\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="opus"\nradio/media.m3u8\n'));
});
