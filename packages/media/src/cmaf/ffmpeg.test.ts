/** What is written here, as FFmpeg reads it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type AudioInfo, buildOpusHead, describeAudio, describeVideo, type VideoInfo } from '../codec/index.ts';
import { accepted, FIXTURES, type FixtureName, fixtureMedia } from '../flv/fixtures/index.ts';
import type { AudioFrame, Frame, VideoFrame } from '../frame.ts';
import {
  AUDIO_TRACK_ID,
  type FragmentSample,
  type FragmentTrack,
  fragment,
  initSegment,
  VIDEO_TIMESCALE,
  VIDEO_TRACK_ID,
} from './index.ts';

interface Prepared {
  video: { config: VideoFrame; info: VideoInfo; frames: VideoFrame[] };
  audio: { config: AudioFrame; info: AudioInfo; frames: AudioFrame[] };
}

function prepare(name: FixtureName): Prepared {
  const media = fixtureMedia(name);
  const video = accepted(describeVideo(media.videoConfig, media.video[0]));
  const audio = accepted(describeAudio(media.audioConfig));
  return {
    video: { config: media.videoConfig, info: video, frames: media.video },
    audio: { config: media.audioConfig, info: audio, frames: media.audio },
  };
}

/** Frames from `from` up to `to` (ms) as one fragment's part of a track. */
function trackPart(trackId: number, timescale: number, frames: Frame[], from: number, to: number): FragmentTrack {
  const ticks = (ms: number) => Math.round((ms * timescale) / 1000);
  const samples: FragmentSample[] = [];
  let base = 0;
  for (const [i, frame] of frames.entries()) {
    if (frame.dts < from || frame.dts >= to) continue;
    const start = ticks(frame.dts);
    if (samples.length === 0) base = start;
    const end = ticks(frames[i + 1]?.dts ?? frame.dts + 20);
    const cts = ticks(frame.dts + frame.cts) - start;
    samples.push({ data: frame.data, duration: end - start, keyFrame: frame.type === 'key', cts });
  }
  return { trackId, baseMediaDecodeTime: base, samples };
}

/** The whole capture as an init segment and fragments of 200 ms. */
function file({ video, audio }: Partial<Prepared>): Buffer {
  const parts = [initSegment({ ...(video ? { video } : {}), ...(audio ? { audio } : {}) })];
  for (let from = 0, sequence = 1; from < 1400; from += 200, sequence++) {
    const tracks: FragmentTrack[] = [];
    if (video) tracks.push(trackPart(VIDEO_TRACK_ID, VIDEO_TIMESCALE, video.frames, from, from + 200));
    if (audio) tracks.push(trackPart(AUDIO_TRACK_ID, audio.info.sampleRate, audio.frames, from, from + 200));
    parts.push(fragment({ sequence, tracks, segmentType: sequence % 2 === 1 }));
  }
  return Buffer.concat(parts);
}

function run(program: string, args: string[], input: Buffer): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  assert.equal(status, 0, `${program}: ${stderr}`);
  return { stdout, stderr };
}

interface ProbedStream {
  codec_name: string;
  width?: number;
  height?: number;
  sample_rate?: string;
  channels?: number;
  sample_aspect_ratio?: string;
}

interface ProbedPacket {
  stream_index: number;
  pts: number;
  dts: number;
  size: string;
  flags: string;
}

function probe(input: Buffer): { streams: ProbedStream[]; packets: ProbedPacket[] } {
  const { stdout, stderr } = run('ffprobe', '-v warning -show_streams -show_packets -of json -'.split(' '), input);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

/** Decodes everything; any complaint fails. Gives the number of frames that came out of each track. */
function decode(input: Buffer, maps: string[]): number[] {
  const output = maps.flatMap((map) => ['-map', map, '-f', 'framecrc', '-']);
  return maps.map((_, i) => {
    const args = ['-v', 'warning', '-xerror', '-i', '-', ...output.slice(i * 5, i * 5 + 5)];
    const { stdout, stderr } = run('ffmpeg', args, input);
    assert.equal(stderr, '');
    return stdout.split('\n').filter((line) => /^0,/.test(line)).length;
  });
}

const CODEC_NAMES: Record<string, string> = { h265: 'hevc' };

for (const name of FIXTURES) {
  test(`FFmpeg reads ${name} as fragmented MP4: the same streams, packets and times, decoded without complaint`, () => {
    const media = prepare(name);
    const input = file(media);
    const { streams, packets } = probe(input);
    const { video, audio } = media;
    assert.equal(streams.length, 2);
    assert.equal(streams[0]?.codec_name, CODEC_NAMES[video.info.codec] ?? video.info.codec);
    assert.deepEqual([streams[0]?.width, streams[0]?.height], [video.info.width, video.info.height]);
    const aspect = video.info.pixelAspect;
    assert.equal(streams[0]?.sample_aspect_ratio ?? '1:1', aspect ? `${aspect.width}:${aspect.height}` : '1:1');
    assert.equal(streams[1]?.codec_name, audio.info.codec);
    assert.equal(streams[1]?.sample_rate, String(audio.info.sampleRate));
    assert.equal(streams[1]?.channels, audio.info.channels);
    const expected = video.frames.map(({ dts, cts, type, data }) => ({
      dts: dts * 90,
      pts: (dts + cts) * 90,
      size: data.length,
      key: type === 'key',
    }));
    const read = packets
      .filter((packet) => packet.stream_index === 0)
      .map(({ dts, pts, size, flags }) => ({ dts, pts, size: Number(size), key: flags.startsWith('K') }));
    assert.deepEqual(read, expected);
    const sound = packets.filter((packet) => packet.stream_index === 1);
    assert.deepEqual(
      sound.map(({ dts, size }) => [dts, Number(size)]),
      audio.frames.map(({ dts, data }) => [Math.round((dts * audio.info.sampleRate) / 1000), data.length]),
    );
    assert.deepEqual(decode(input, ['0:v']), [video.frames.length]);
    const [sounds] = decode(input, ['0:a']);
    // Decoders keep their first frames' warm-up to themselves.
    assert.ok(sounds !== undefined && sounds >= audio.frames.length - 3, `${sounds} of ${audio.frames.length}`);
  });
}

test('FFmpeg decodes audio alone and video alone', () => {
  for (const name of ['h264-aac', 'h264-mp3', 'av1-opus'] as const) {
    const { video, audio } = prepare(name);
    assert.ok(decode(file({ audio }), ['0:a'])[0]! > 30, name);
    assert.deepEqual(decode(file({ video }), ['0:v']), [video.frames.length]);
  }
});

test('VP9 without a configuration record is written from its key frame', () => {
  const { video } = prepare('vp9-opus');
  const key = video.frames[0]!;
  const info = accepted(describeVideo(key));
  const input = file({ video: { config: key, info, frames: video.frames } });
  assert.deepEqual(decode(input, ['0:v']), [video.frames.length]);
});

test('FFmpeg finds HE-AAC, surround AAC and surround Opus in the init segment as they are described', () => {
  const mapping = { streams: 4, coupled: 2, channels: Buffer.of(0, 4, 1, 2, 3, 5) };
  const opus = buildOpusHead({ channels: 6, preSkip: 312, mappingFamily: 1, mapping });
  for (const [codec, data, layout] of [
    ['aac', Buffer.from('2b920800', 'hex'), 'stereo'],
    ['aac', Buffer.from('eb8a0800', 'hex'), 'stereo'],
    ['aac', Buffer.from('11b856e500', 'hex'), '7.1'],
    ['opus', opus, '5.1'],
  ] as const) {
    const config: AudioFrame = { track: 'audio', codec, type: 'config', dts: 0, cts: 0, data };
    const info = accepted(describeAudio(config));
    const { stdout } = run(
      'ffprobe',
      '-v error -show_entries stream=codec_name,sample_rate,channels,channel_layout -of csv=p=0 -'.split(' '),
      initSegment({ audio: { config, info } }),
    );
    assert.match(
      stdout.trim(),
      new RegExp(`^${codec},${info.sampleRate},${info.channels},${layout}`),
      data.toString('hex'),
    );
  }
});
