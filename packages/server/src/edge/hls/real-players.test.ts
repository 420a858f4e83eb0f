import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Frame } from '@lianmai/media';
import { type FixtureName, fixtureFrames } from '../../../../media/src/flv/fixtures/index.ts';
import { type HlsWorker, HlsWorld } from './testing/hls-world.ts';
import { parsePlaylist } from './testing/playlist.ts';

const run = promisify(execFile);

/** The one second of a capture again and again, as one stream. */
function repeated(name: FixtureName, times: number, keep: (frame: Frame) => boolean): Frame[] {
  const frames = fixtureFrames(name).filter((frame) => frame.track !== 'data' && keep(frame));
  const media = frames.filter(({ type }) => type !== 'config');
  // A whole number of pictures and, nearly, of audio frames.
  const periodMs = Math.max(...media.map(({ dts }) => dts)) + 40;
  return Array.from({ length: times }).flatMap((_, i) =>
    (i === 0 ? frames : media).map((frame) => ({ ...frame, dts: frame.dts + i * periodMs }) as Frame),
  );
}

/** Frames FFmpeg decodes of what it reads at a place; every error it meets is told. */
async function probe(input: string): Promise<{ video: number; audio: number; errors: string }> {
  const { stdout, stderr } = await run('ffprobe', [
    ...['-v', 'warning', '-err_detect', 'explode', '-count_frames', '-of', 'json'],
    ...['-show_entries', 'stream=codec_type,nb_read_frames', input],
  ]);
  const streams: { codec_type: string; nb_read_frames: string }[] = JSON.parse(stdout).streams;
  const count = (type: string) => Number(streams.find(({ codec_type }) => codec_type === type)?.nb_read_frames ?? 0);
  return { video: count('video'), audio: count('audio'), errors: stderr };
}

/** Packages a stream from its first frame to its end, and leaves it to be played out. */
async function packageAll(world: HlsWorld, frames: readonly Frame[]): Promise<HlsWorker> {
  const worker = await world.worker();
  const pusher = await world.push(worker);
  world.feed(pusher, frames.slice(0, 6));
  const opened = worker.open('show');
  await world.world.until(() => worker.hls.waiting === 1, 'it is packaged');
  world.feed(pusher, frames.slice(6));
  world.end(pusher, 'unpublished');
  await opened;
  return worker;
}

const countOf = (frames: readonly Frame[], track: string) =>
  frames.filter((frame) => frame.track === track && frame.type !== 'config').length;

describe('FFmpeg plays what was packaged, frame for frame', () => {
  const all = () => true;
  for (const [title, name, keep] of [
    ['H.264 with B-frames and AAC', 'h264-aac', all],
    ['H.264 and MP3', 'h264-mp3', all],
    ['H.265 with B-frames and AAC', 'h265-aac', all],
    ['AV1 and Opus', 'av1-opus', all],
    ['VP9 and Opus', 'vp9-opus', all],
    ['H.264 alone', 'h264-aac', (frame: Frame) => frame.track === 'video'],
    ['AAC alone', 'h264-aac', (frame: Frame) => frame.track === 'audio'],
    ['MP3 alone', 'h264-mp3', (frame: Frame) => frame.track === 'audio'],
    ['Opus alone', 'av1-opus', (frame: Frame) => frame.track === 'audio'],
  ] as const)
    it(title, async () => {
      await using world = new HlsWorld();
      const frames = repeated(name, 7, keep);
      const worker = await packageAll(world, frames);
      const { video, audio, errors } = await probe(worker.url('show.m3u8'));
      assert.equal(errors, '');
      assert.equal(video, countOf(frames, 'video'));
      // Decoders give the first frame of a stream a little later, or swallow it.
      const sent = countOf(frames, 'audio');
      assert.ok(audio <= sent && audio >= sent - 2, `${audio} of ${sent} audio frames`);
    });

  it('a stream whose source changes in size, sample rate and channels, each stretch by its own initialization', async () => {
    await using world = new HlsWorld();
    const first = repeated('h264-aac', 4, all);
    const startMs = Math.max(...first.map(({ dts }) => dts)) + 40;
    const second = repeated('h264-mp3', 4, all).map((frame) => ({ ...frame, dts: frame.dts + startMs }) as Frame);
    const worker = await packageAll(world, [...first, ...second]);
    const { segments, discontinuities } = parsePlaylist((await worker.get('show/media.m3u8')).text);
    assert.equal(discontinuities, 1);
    const files = Map.groupBy(segments, ({ map }) => map);
    assert.equal(files.size, 2);
    const folder = await mkdtemp(join(tmpdir(), 'lianmai-hls-'));
    let i = 0;
    for (const [map, stretch] of files) {
      const bodies = await Promise.all([map, ...stretch.map(({ uri }) => uri)].map((uri) => worker.get(`show/${uri}`)));
      const file = join(folder, `${i}.mp4`);
      await writeFile(file, Buffer.concat(bodies.map(({ body }) => body)));
      const { video, errors } = await probe(file);
      assert.equal(errors, '');
      assert.equal(video, countOf([first, second][i++]!, 'video'));
    }
    await rm(folder, { recursive: true });
  });
});
