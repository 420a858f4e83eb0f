import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, audioConfig, video, videoConfig } from '../hub/testing/frames.ts';
import { natureOf, needsOf, parseVariantName, type StreamNature, variantName } from './needs.ts';

const nature = (changes: Partial<StreamNature>): StreamNature => ({
  ingest: 'rtmp',
  video: 'h264',
  audio: 'aac',
  reordered: false,
  ...changes,
});

test('WebRTC viewers need Opus, and H.264 without B-frames or VP8', () => {
  assert.deepEqual(needsOf('whep', nature({})), { video: null, audio: 'opus' });
  assert.deepEqual(needsOf('whep', nature({ audio: 'mp3', video: null })), { video: null, audio: 'opus' });
  assert.deepEqual(needsOf('whep', nature({ reordered: true })), { video: 'h264', audio: 'opus' });
  assert.deepEqual(needsOf('whep', nature({ video: 'h265', audio: null })), { video: 'h264', audio: null });
  assert.deepEqual(needsOf('whep', nature({ video: 'vp9', audio: 'opus' })), { video: 'h264', audio: null });
  assert.equal(needsOf('whep', nature({ audio: 'opus' })), null);
  assert.equal(needsOf('whep', nature({ ingest: 'whip', video: 'vp8', audio: 'opus' })), null);
});

test('a track that is not wanted is not converted', () => {
  const reordered = nature({ reordered: true });
  assert.deepEqual(needsOf('whep', reordered, ['audio']), { video: null, audio: 'opus' });
  assert.deepEqual(needsOf('whep', reordered, ['video']), { video: 'h264', audio: null });
  assert.equal(needsOf('whep', nature({ video: 'h265', audio: 'opus' }), ['audio']), null);
});

test('players of RTMP, FLV and HLS need H.264 and AAC of what browsers publish', () => {
  for (const protocol of ['rtmp', 'flv', 'ws-flv', 'hls'] as const) {
    const whip = (changes: Partial<StreamNature>) => needsOf(protocol, nature({ ingest: 'whip', ...changes }));
    assert.deepEqual(whip({ audio: 'opus' }), { video: null, audio: 'aac' });
    assert.deepEqual(whip({ video: 'vp8', audio: 'opus' }), { video: 'h264', audio: 'aac' });
    assert.equal(whip({ audio: null }), null);
  }
});

test('what an encoder pushes by enhanced RTMP is passed on to them', () => {
  for (const protocol of ['rtmp', 'flv', 'hls'] as const)
    assert.equal(needsOf(protocol, nature({ video: 'av1', audio: 'opus', reordered: true })), null);
});

test('a stream is known by its configurations and frames', () => {
  const stream = (...gop: ReturnType<typeof video>[]) => ({
    ingest: 'rtmp' as const,
    headers: { metadata: null, video: videoConfig(), audio: audioConfig() },
    gop: [...gop, audio(0)],
  });
  assert.deepEqual(natureOf(stream(video('key', 0))), nature({}));
  assert.deepEqual(natureOf(stream({ ...video('key', 0), cts: 80 })), nature({ reordered: true }));
  assert.deepEqual(natureOf(stream(video('key', 0), { ...video('inter', 40), cts: 40 })), nature({ reordered: true }));
});

test('variants are asked for by name', () => {
  for (const conversion of [
    { video: 'h264', audio: null },
    { video: null, audio: 'aac' },
    { video: 'h264', audio: 'opus' },
  ] as const)
    assert.deepEqual(parseVariantName(variantName('show', conversion)), { stream: 'show', conversion });
  for (const nonsense of ['show', '', '?audio=aac', 'show?', 'show?audio=mp3', 'show?video=h265&audio=aac'])
    assert.equal(parseVariantName(nonsense), null, nonsense);
});
