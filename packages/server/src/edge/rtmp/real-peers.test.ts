/** The RTMP ports with real encoders and players. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { selfSigned } from './testing/certificate.ts';
import { openEdge, type TestEdge } from './testing/edge.ts';

const PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25'];
const SOUND = ['-re', '-f', 'lavfi', '-i', 'sine=440:r=44100'];
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '25', '-b:v', '200k', '-pix_fmt', 'yuv420p'];
const AAC = ['-c:a', 'aac', '-b:a', '48k'];

/** Runs until the test is over. */
function start(t: TestContext, program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
}

/** Plays and decodes; the frames by kind. */
async function decode(url: string, seconds = 2, ...options: string[]): Promise<{ video: number; audio: number }> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    ...options,
    '-i',
    url,
    '-t',
    String(seconds),
    '-map',
    '0:v?',
    '-map',
    '0:a?',
  ];
  const child = spawn('ffmpeg', [...args, '-f', 'framecrc', '-'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let lines = '';
  let complaints = '';
  child.stdout.on('data', (part) => {
    lines += part;
  });
  child.stderr.on('data', (part) => {
    complaints += part;
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(complaints, '');
  const videoStream = /#media_type (\d): video/.exec(lines)?.[1];
  const frames = lines.split('\n').filter((line) => /^\d,/.test(line));
  const video = frames.filter((line) => line[0] === videoStream).length;
  return { video, audio: frames.length - video };
}

async function live(edge: TestEdge, stream: string): Promise<void> {
  const isLive = () => edge.log.some((line) => line.msg === 'rtmp publish started' && line['stream'] === stream);
  while (!isLive()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('ffmpeg publishes with B-frames and sound, ffmpeg plays it without an error', async (t) => {
  const edge = await openEdge(t);
  const url = `rtmp://127.0.0.1:${edge.port}/live/cam`;
  start(t, 'ffmpeg', ['-nostdin', ...PICTURE, ...SOUND, ...H264, ...AAC, '-f', 'flv', `${url}?txSecret=a&txTime=b`]);
  await live(edge, 'cam');
  const { video, audio } = await decode(url);
  assert.ok(video >= 45 && audio >= 80, `${video} pictures, ${audio} sounds`);
});

test('ffmpeg publishes sound alone, ffmpeg plays it without an error', async (t) => {
  const edge = await openEdge(t);
  const url = `rtmp://127.0.0.1:${edge.port}/live/radio`;
  start(t, 'ffmpeg', ['-nostdin', ...SOUND, ...AAC, '-f', 'flv', url]);
  await live(edge, 'radio');
  // FFmpeg looks for a picture for as long as this.
  const { audio } = await decode(url, 2, '-analyzeduration', '500000');
  assert.ok(audio >= 80, `${audio} sounds`);
});

test("GStreamer's rtmp2sink publishes, ffmpeg plays it without an error", async (t) => {
  const edge = await openEdge(t);
  const url = `rtmp://127.0.0.1:${edge.port}/live/gst`;
  const video = 'videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1';
  const encoder = 'x264enc bitrate=200 key-int-max=25 tune=zerolatency ! h264parse ! flvmux name=m streamable=true';
  const audio =
    'audiotestsrc is-live=true samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 ! avenc_aac ! aacparse';
  const pipeline = `${video} ! ${encoder} ! rtmp2sink location=${url} ${audio} ! m.`;
  start(t, 'gst-launch-1.0', pipeline.split(' '));
  await live(edge, 'gst');
  const { video: pictures, audio: sounds } = await decode(url);
  // Its encoder makes as many as the machine has time for.
  assert.ok(pictures > 10 && sounds > 20, `${pictures} pictures, ${sounds} sounds`);
});

test('a player that is there when the publisher says goodbye ends by itself', async (t) => {
  const edge = await openEdge(t);
  const url = `rtmp://127.0.0.1:${edge.port}/live/short`;
  start(t, 'ffmpeg', ['-nostdin', ...PICTURE, ...SOUND, '-t', '2', ...H264, ...AAC, '-f', 'flv', url]);
  await live(edge, 'short');
  const { video } = await decode(url, 60);
  assert.ok(video > 20, `${video} pictures`);
});

test('ffmpeg publishes and plays over RTMPS', async (t) => {
  const edge = await openEdge(t, { tls: selfSigned() });
  const url = `rtmps://127.0.0.1:${edge.server.ports.rtmps}/live/cam`;
  start(t, 'ffmpeg', ['-nostdin', ...PICTURE, ...SOUND, ...H264, ...AAC, '-f', 'flv', url]);
  await live(edge, 'cam');
  assert.ok((await decode(url)).video >= 45);
  const published = edge.log.find(({ msg }) => msg === 'rtmp publish started');
  assert.equal(published!['protocol'], 'rtmps');
});
