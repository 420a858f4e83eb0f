import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIXTURES, type FixtureName, fixtureMedia } from '../flv/fixtures/index.ts';
import { mutated } from '../flv/fixtures/mutations.ts';
import type { AudioFrame, VideoFrame } from '../frame.ts';
import { WireError } from '../result.ts';
import { hex } from './fixtures/bits.ts';
import { audioConfig, ENCODED, videoConfig } from './fixtures/configs.ts';
import { type AudioInfo, buildOpusHead, describeAudio, describeVideo, type VideoInfo } from './index.ts';

const EXPECTED: Record<FixtureName, { video: VideoInfo; audio: AudioInfo }> = {
  'h264-aac': {
    video: { codec: 'h264', width: 322, height: 182, codecString: 'avc1.64000d', profile: 'High', fps: 25 },
    audio: { codec: 'aac', sampleRate: 44_100, channels: 1, codecString: 'mp4a.40.2' },
  },
  'h264-mp3': {
    video: {
      codec: 'h264',
      width: 320,
      height: 180,
      codecString: 'avc1.42c00d',
      profile: 'Constrained Baseline',
      fps: 30,
      pixelAspect: { width: 4, height: 3 },
    },
    audio: { codec: 'mp3', sampleRate: 22_050, channels: 1, codecString: 'mp4a.40.34' },
  },
  'h265-aac': {
    video: { codec: 'h265', width: 322, height: 182, codecString: 'hvc1.1.6.L60.90', profile: 'Main', fps: 25 },
    audio: { codec: 'aac', sampleRate: 44_100, channels: 1, codecString: 'mp4a.40.2' },
  },
  'av1-opus': {
    video: { codec: 'av1', width: 322, height: 182, codecString: 'av01.0.00M.10', profile: 'Main' },
    audio: { codec: 'opus', sampleRate: 48_000, channels: 1, codecString: 'opus' },
  },
  'vp9-opus': {
    video: { codec: 'vp9', width: 322, height: 182, codecString: 'vp09.00.11.08', profile: 'Profile 0' },
    audio: { codec: 'opus', sampleRate: 48_000, channels: 2, codecString: 'opus' },
  },
};

for (const name of FIXTURES) {
  test(`${name} is described as ffprobe describes it`, () => {
    const { videoConfig, audioConfig, video } = fixtureMedia(name);
    assert.deepEqual(describeVideo(videoConfig, video[0]), EXPECTED[name].video);
    assert.deepEqual(describeAudio(audioConfig), EXPECTED[name].audio);
  });
}

for (const { name, config, info } of ENCODED) {
  test(`${name} is described as ffprobe describes it`, () => assert.deepEqual(describeVideo(config), info));
}

test('VP9, VP8 and AV1 are described from a key frame where the configuration says too little', () => {
  const vp9 = fixtureMedia('vp9-opus').video[0]!;
  const fromKey = describeVideo(vp9);
  assert.deepEqual(fromKey, { ...EXPECTED['vp9-opus'].video, codecString: 'vp09.00.10.08' });
  const vp8: VideoFrame = { ...vp9, codec: 'vp8', data: hex('500600 9d012a 4201 b640 00') };
  assert.deepEqual(describeVideo(vp8), { codec: 'vp8', width: 322, height: 182, codecString: 'vp08.00.10.08' });
  const av1 = fixtureMedia('av1-opus');
  const bare = videoConfig('av1', av1.videoConfig.data.subarray(0, 4));
  assert.ok(describeVideo(bare) instanceof WireError);
  assert.deepEqual(describeVideo(bare, av1.video[0]), EXPECTED['av1-opus'].video);
  assert.deepEqual(describeVideo(av1.video[0]!), EXPECTED['av1-opus'].video);
  assert.ok(describeVideo(videoConfig('vp9', hex('00000000 000b8202 02020000'))) instanceof WireError);
  assert.ok(describeVideo(videoConfig('vp8', vp8.data)) instanceof WireError);
});

test('HE-AAC is described by what the decoder gives: the doubled rate, and two channels with parametric stereo', () => {
  const describe = (asc: string) => describeAudio(audioConfig('aac', hex(asc)));
  const heAac = { codec: 'aac', sampleRate: 44_100, channels: 2, codecString: 'mp4a.40.5' };
  assert.deepEqual(describe('2b920800'), heAac);
  assert.deepEqual(describe('139056e5a0'), heAac);
  const heAacV2 = { codec: 'aac', sampleRate: 44_100, channels: 2, codecString: 'mp4a.40.29' };
  assert.deepEqual(describe('eb8a0800'), heAacV2);
  assert.deepEqual(describe('138856e5a54880'), heAacV2);
});

test('a frame that is no configuration, and a configuration without parameter sets, are errors that say so', () => {
  const frame: AudioFrame = { ...audioConfig('opus', Buffer.of(0xfc)), type: 'key' };
  const error = describeAudio(frame);
  assert.ok(error instanceof WireError);
  assert.match(error.message, /opus configuration/);
  for (const config of [videoConfig('h264', hex('0142c00dffe000')), videoConfig('h265', hex('01'.padEnd(46, '0')))]) {
    const bare = describeVideo(config);
    assert.ok(bare instanceof WireError);
    assert.match(bare.message, /an SPS in (avcC|hvcC), got none/);
  }
});

test('damaged configurations and key frames give plausible figures or errors, never throws', () => {
  const videos = [
    ...ENCODED.map(({ config }) => config),
    ...FIXTURES.flatMap((name) => [fixtureMedia(name).videoConfig, fixtureMedia(name).video[0]!]),
    { ...videoConfig('vp8', hex('500600 9d012a 4201 b640 00')), type: 'key' as const },
  ];
  const damagedVideo = fc
    .constantFrom(...videos)
    .chain((frame) => mutated(frame.data).map((data): VideoFrame => ({ ...frame, data })));
  fc.assert(
    fc.property(damagedVideo, damagedVideo, (config, keyFrame) => {
      const info = describeVideo(config, keyFrame);
      if (info instanceof WireError) return;
      assert.ok(info.width > 0 && info.width <= 65_536 && info.height > 0 && info.height <= 65_536);
      assert.ok(info.fps === undefined || (info.fps > 0 && Number.isFinite(info.fps)));
      assert.match(info.codecString, /^[a-z0-9]{4}(\.[A-Za-z0-9]+)+$/);
    }),
    { numRuns: 5000 },
  );
});

test('damaged audio configurations and MP3 frames give plausible figures or errors, never throws', () => {
  const configs = [
    ...FIXTURES.map((name) => fixtureMedia(name).audioConfig),
    ...['118004c4010020000d4c61766335392e33372e31303056e500', '138856e5a54880', '2b920800', 'ff8000000000'].map((asc) =>
      audioConfig('aac', hex(asc)),
    ),
    audioConfig(
      'opus',
      buildOpusHead({ channels: 3, mappingFamily: 1, mapping: { streams: 2, coupled: 1, channels: hex('000201') } }),
    ),
  ];
  const damaged = fc
    .constantFrom(...configs)
    .chain((frame) => mutated(frame.data).map((data): AudioFrame => ({ ...frame, data })));
  fc.assert(
    fc.property(damaged, (config) => {
      const info = describeAudio(config);
      if (info instanceof WireError) return;
      assert.ok(info.sampleRate > 0 && info.channels > 0 && info.channels <= 255, JSON.stringify(info));
    }),
    { numRuns: 5000 },
  );
});
