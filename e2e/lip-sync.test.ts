import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { collectNativeGarbage } from '../packages/server/src/edge/rtc/testing/native-garbage.ts';
import { Lianmai } from './lianmai.ts';
import { type Beats, beatInPage, beatsOf, lipSync, median, pushBeat } from './peers/beat.ts';
import { Browser } from './peers/chromium.ts';
import { FlvClient } from './peers/flv-client.ts';
import { whip } from './peers/webrtc-page.ts';
import { WhepRecorder } from './peers/whep-recorder.ts';
import type { Channel } from './rest.ts';
import { PATIENT_MS, until } from './until.ts';

const RECORDED_MS = 6500;
/** People notice more. */
const IN_SYNC_MS = 40;

let lianmai: Lianmai;
let browser: Browser;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '0' } });
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
  await collectNativeGarbage();
});

const live = (channel: Channel) => until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');

async function byFlv(channel: Channel): Promise<Beats> {
  using player = await FlvClient.open(channel.play.flv);
  const lasts = (type: 8 | 9) => {
    const times = player.timestamps(type);
    return (times.at(-1) ?? 0) - (times[0] ?? 0);
  };
  await until('recorded', () => lasts(8) >= RECORDED_MS && lasts(9) >= RECORDED_MS, RECORDED_MS + PATIENT_MS);
  return beatsOf(player.file());
}

async function byWhep({ stream }: Channel): Promise<Beats> {
  // A stream that has just begun may have nothing to show yet.
  const url = `${lianmai.http}/live/${stream}.whep`;
  using recorder = await until('it plays', () => WhepRecorder.open(url));
  await recorder.records(RECORDED_MS);
  const { video, audio } = recorder.files();
  return beatsOf(video, audio);
}

/** How late the sound is, ms: the middle of at least four beats. */
function lateness(t: TestContext, what: string, beats: Beats): number {
  const all = lipSync(beats);
  t.diagnostic(`${what}: sound after picture by ${all.map(Math.round).join(', ')} ms`);
  assert.ok(all.length >= 4, `${what}: beats ${JSON.stringify(beats)}`);
  return median(all);
}

describe('a flash and a beep that an encoder pushes by RTMP come out together', { concurrency: true }, () => {
  for (const [name, bFrames] of [
    ['H.264 and AAC', 0],
    ['B-frames', 2],
  ] as const)
    it(`${name} → WHEP and FLV`, async (t) => {
      const channel = await lianmai.rest.createChannel(`rtmp-${bFrames}`);
      await using _publisher = pushBeat(channel.push.rtmp, { bFrames });
      await live(channel);
      const [flv, whep] = await Promise.all([byFlv(channel), byWhep(channel)]);
      for (const [what, beats] of Object.entries({ FLV: flv, WHEP: whep })) {
        const late = lateness(t, what, beats);
        assert.ok(Math.abs(late) <= IN_SYNC_MS, `${what}: ${late} ms`);
      }
    });
});

describe('those that a browser publishes by WHIP, too', () => {
  for (const codec of ['video/H264', 'video/VP8'] as const)
    it(`${codec} and Opus → FLV`, async (t) => {
      const channel = await lianmai.rest.createChannel(codec === 'video/VP8' ? 'vp8' : 'h264');
      const page = await browser.open(`${lianmai.http}/healthz`);
      await beatInPage(page);
      const { search } = new URL(channel.push.rtmp);
      assert.equal((await whip(page, `${lianmai.http}/live/${channel.stream}.whip${search}`, { codec })).status, 201);
      await live(channel);
      const [flv, whep] = await Promise.all([byFlv(channel), byWhep(channel)]);
      await page.close();
      // A page on a busy machine is not exact itself: what it sent is what comes out without a conversion.
      const sent = lateness(t, 'WHEP, as it was sent', whep);
      const late = lateness(t, 'FLV', flv);
      assert.ok(Math.abs(late - sent) <= IN_SYNC_MS, `FLV: ${late} ms, as sent: ${sent} ms`);
      assert.ok(Math.abs(late) <= 3 * IN_SYNC_MS, `${late} ms`);
    });
});
