import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { decodeWithFfmpeg8 } from './peers/decode.ts';
import { decode, probe, push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import { publishEnhanced } from './peers/test-publisher.ts';
import { forgetGaps, whep, whepStats, whip } from './peers/webrtc-page.ts';
import type { Channel } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let browser: Browser;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const blank = () => browser.open(`${lianmai.http}/healthz`);
const whipUrl = (channel: Channel) => `${lianmai.http}/live/${channel.stream}.whip${new URL(channel.push.rtmp).search}`;
const whepUrl = (channel: Channel) => `${lianmai.http}/live/${channel.stream}.whep`;
const live = (channel: Channel) => until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
const begun = (stream: string) =>
  lianmai.log.filter((line) => line.msg === 'conversion began' && line.stream === stream);

/** Waits until so much more was seen and heard. */
async function plays(page: Page, pictures: number, samples: number): Promise<void> {
  const from = await whepStats(page);
  await until(
    `${pictures} more pictures and ${samples} more samples`,
    async () => {
      const now = await whepStats(page);
      return now.framesDecoded >= from.framesDecoded + pictures && now.audioSamples >= from.audioSamples + samples;
    },
    20_000,
  );
}

describe('an encoder pushes RTMP, browsers watch by WHEP', () => {
  for (const [name, options, conversion] of [
    ['aac', { video: 'h264', audio: 'aac' }, { video: null, audio: 'opus' }],
    ['reordered', { video: 'h264-b-frames', audio: 'aac' }, { video: 'h264', audio: 'opus' }],
    ['mp3', { video: null, audio: 'mp3' }, { video: null, audio: 'opus' }],
  ] as const)
    it(`${options.video ?? 'no video'} and ${options.audio}: all is seen and heard, converted once for all workers`, async (t) => {
      const channel = await lianmai.rest.createChannel(name);
      await using _publisher = push(channel.push.rtmp, options);
      await live(channel);
      const pages = await Promise.all([blank(), blank(), blank()]);
      for (const page of pages) {
        // A conversion that a busy machine does not begin in time is asked for again, as players do.
        const answer = await until('it plays', async () => {
          const answer = await whep(page, whepUrl(channel));
          return answer.status === 201 && answer;
        });
        t.diagnostic(`first picture after ${Math.round(answer.ms)} ms`);
      }
      for (const page of pages) {
        await plays(page, options.video ? 50 : 0, 48_000);
        const stats = await whepStats(page);
        assert.equal(stats.audioCodec, 'audio/opus');
        // A player of sound alone is not started by this page, and hears nothing.
        if (options.video) assert.ok(stats.audioEnergy > 0.001, `energy ${stats.audioEnergy}`);
        if (options.video) assert.deepEqual([stats.codec, stats.width], ['video/H264', 640]);
      }
      assert.deepEqual(
        begun(name).map(({ video, audio }) => ({ video, audio })),
        [conversion],
      );
      for (const page of pages) await page.close();
    });

  it('H.265 by enhanced RTMP is seen', async () => {
    const channel = await lianmai.rest.createChannel('hevc');
    await using _publisher = publishEnhanced(channel.push.rtmp, 'h265', 'aac');
    await live(channel);
    const page = await blank();
    const answer = await whep(page, whepUrl(channel));
    assert.equal(answer.status, 201, answer.body);
    await plays(page, 50, 48_000);
    await page.close();
  });

  it('when the transcoder is killed they go on', async (t) => {
    const channel = await lianmai.rest.createChannel('killed');
    await using _publisher = push(channel.push.rtmp, { video: 'h264-b-frames' });
    await live(channel);
    const page = await blank();
    assert.equal((await whep(page, whepUrl(channel))).status, 201);
    await plays(page, 25, 24_000);
    await forgetGaps(page);
    await lianmai.killAndAwaitReturn('transcoder');
    await plays(page, 50, 48_000);
    const { longestGapMs } = await whepStats(page);
    t.diagnostic(`${Math.round(longestGapMs)} ms without a picture`);
    assert.ok(longestGapMs < 4000, `${longestGapMs} ms`);
    await page.close();
  });

  it('ends ten seconds after its last viewer', async () => {
    const channel = await lianmai.rest.createChannel('briefly');
    await using _publisher = push(channel.push.rtmp);
    await live(channel);
    const page = await blank();
    const { location } = await whep(page, whepUrl(channel));
    await fetch(new URL(location ?? '', lianmai.http), { method: 'DELETE' });
    const leftMs = performance.now();
    await lianmai.logged('the end', ({ msg, stream }) => msg === 'conversion ended' && stream === 'briefly');
    const lastedMs = performance.now() - leftMs;
    assert.ok(lastedMs > 9_000 && lastedMs < 20_000, `${lastedMs} ms`);
    await page.close();
  });
});

describe('a browser publishes by WHIP', () => {
  for (const codec of ['video/H264', 'video/VP8'] as const)
    it(`${codec}: FLV, RTMP and HLS have H.264 and AAC that everybody decodes`, async () => {
      const name = codec === 'video/VP8' ? 'vp8' : 'h264';
      const channel = await lianmai.rest.createChannel(`whip-${name}`);
      const publisher = await blank();
      assert.equal((await whip(publisher, whipUrl(channel), { codec })).status, 201);
      await live(channel);
      using player = await FlvClient.open(channel.play.flv);
      await player.more(60, 9);
      assert.deepEqual([...stepsBack(player.timestamps(9)), ...stepsBack(player.timestamps(8))], []);
      const [video, audio] = await decodeWithFfmpeg8(player.file());
      assert.deepEqual([video?.codec, audio?.codec], ['h264', 'aac']);
      assert.ok((video?.frames ?? 0) >= 55 && (audio?.frames ?? 0) >= 90, `${video?.frames} and ${audio?.frames}`);
      for (const url of [channel.play.flv, channel.play.rtmp, channel.play.hls]) {
        const { videoFrames, audioFrames } = await decode(url, 2);
        assert.ok(videoFrames >= 20 && audioFrames >= 80, `${url}: ${videoFrames} and ${audioFrames}`);
      }
      assert.deepEqual((await probe(channel.play.flv)).map(({ codec_name }) => codec_name).sort(), ['aac', 'h264']);
      assert.equal(begun(channel.stream).length, 1, 'one conversion for all three');
      await publisher.close();
    });
});
