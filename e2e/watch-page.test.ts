import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { signTx } from '../packages/server/src/auth/tx-signature.ts';
import { Lianmai } from './lianmai.ts';
import { isLive, register, signUp, visit } from './peers/app-page.ts';
import { Browser } from './peers/chromium.ts';
import { push } from './peers/ffmpeg.ts';
import type { Program } from './peers/program.ts';
import { publishEnhanced } from './peers/test-publisher.ts';
import type { Channel } from './rest.ts';
import { PATIENT_MS, until } from './until.ts';

/** Screenshots of the newest run, to be looked at. */
const SHOTS = join(tmpdir(), 'lianmai-screenshots');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };

let lianmai: Lianmai;
let browser: Browser;
let channel: Channel;
let publisher: Program;

before(async () => {
  await mkdir(SHOTS, { recursive: true });
  lianmai = await Lianmai.start({ workers: 2, settings: { 'publish-grace-ms': '4000' } });
  channel = await lianmai.rest.createChannel('show', { name: 'A show to watch' });
  publisher = publishEnhanced(channel.push.rtmp, 'h264', 'aac');
  await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await publisher?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

/** Where the page's video is: seconds played, decoded pictures and its size. */
function picture(page: Page) {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) return null;
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    return { at: video.currentTime, frames: totalVideoFrames, width: video.videoWidth, paused: video.paused };
  });
}

/** Waits until so many more pictures were shown. */
async function plays(page: Page, pictures: number, timeoutMs = PATIENT_MS): Promise<void> {
  const from = await until('a video', () => picture(page));
  await until(
    `${pictures} more pictures`,
    async () => {
      const now = await picture(page);
      return now && now.frames >= from.frames + pictures && now.at > from.at;
    },
    timeoutMs,
  );
}

const address = (stream: string, query = '') => `${lianmai.http}/watch/${stream}${query}`;

describe('the watch page in Chromium', () => {
  for (const [engine, name] of [
    ['flv', 'HTTP-FLV by mpegts.js'],
    ['ws-flv', 'WebSocket-FLV by mpegts.js'],
    ['hls', 'LL-HLS by hls.js'],
  ] as const)
    it(`plays ${name}`, async (t) => {
      const page = await browser.open(address('show', `?player=${engine}`));
      await plays(page, 50);
      assert.equal((await picture(page))?.width, 480);
      const shot = join(SHOTS, `watch-${engine}.png`);
      await page.screenshot({ path: shot });
      t.diagnostic(`screenshot ${shot}`);
      const protocol = engine === 'hls' ? 'hls' : engine;
      await until(
        'the viewer is counted by its protocol',
        async () => ((await lianmai.rest.channel(channel.id)).viewersByProtocol?.[protocol] ?? 0) >= 1,
      );
      await page.close();
    });

  it('plays on a phone-sized screen', async (t) => {
    const page = await browser.open(address('show'), PHONE);
    await plays(page, 25);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `nothing sticks out to the side: ${overflow} px`);
    const shot = join(SHOTS, 'watch-phone.png');
    await page.screenshot({ path: shot });
    t.diagnostic(`screenshot ${shot}`);
    await page.close();
  });

  it('goes on by itself when the publisher is killed and comes back, and says so meanwhile', async (t) => {
    const page = await browser.open(address('show', '?player=flv'));
    await plays(page, 25);
    publisher.kill('SIGKILL');
    await publisher.exit;
    await page
      .getByText(/interrupted|中断/i)
      .first()
      .waitFor({ timeout: 10_000 });
    const shot = join(SHOTS, 'watch-interrupted.png');
    await page.screenshot({ path: shot });
    t.diagnostic(`screenshot ${shot}`);
    publisher = publishEnhanced(channel.push.rtmp, 'h264', 'aac');
    await plays(page, 50);
    await page.close();
  });

  it('says that the broadcast has ended, and plays again when it begins again', async (t) => {
    const other = await lianmai.rest.createChannel('short');
    await using first = push(other.push.rtmp);
    await until('live', async () => (await lianmai.rest.channel(other.id)).state === 'live');
    const page = await browser.open(address('short'));
    await plays(page, 25);
    first.kill('SIGTERM');
    await page
      .getByText(/has ended|已结束/i)
      .first()
      .waitFor({ timeout: 15_000 });
    const shot = join(SHOTS, 'watch-ended.png');
    await page.screenshot({ path: shot });
    t.diagnostic(`screenshot ${shot}`);
    await using _second = push(other.push.rtmp);
    await plays(page, 25);
    await page.close();
  });

  it('waits for a stream that is not live yet', async () => {
    const later = await lianmai.rest.createChannel('later');
    const page = await browser.open(address('later'));
    await page
      .getByText(/isn’t live|未开播|还没|没有开播/i)
      .first()
      .waitFor({ timeout: 10_000 });
    await using _publisher = push(later.push.rtmp);
    await plays(page, 25);
    await page.close();
  });
});

describe('what not everybody may watch', () => {
  const KEPT_MS = 8_000;
  let room: { id: string; channel: { id: string; stream: string; push: { rtmp: string } } };
  let pusher: Program;
  before(async () => {
    const { rest } = await register(lianmai, 'Ida');
    room = await rest.ok('POST', '/v1/rooms', { title: 'Among friends' });
    await lianmai.rest.ok('PATCH', `/v1/channels/${room.channel.id}`, { playAuth: 'signed' });
    pusher = push(room.channel.push.rtmp);
    await isLive(lianmai, room.id);
  });
  after(() => pusher?.[Symbol.asyncDispose]());

  /** Signs the room's play address as its app does. */
  const signed = async (expiresAtMs: number) => {
    const { items } = await lianmai.rest.ok<{ items: { playKeys: { main: string } }[] }>('GET', '/v1/apps');
    return signTx(items[0]?.playKeys.main ?? '', room.channel.stream, expiresAtMs);
  };

  it('a room asks who it is, and plays for whoever logs in', async (t) => {
    const page = await browser.open(`${lianmai.http}/room/${room.id}?lang=en`, PHONE);
    await page.getByText('Log in to watch').waitFor();
    const shot = join(SHOTS, 'room-members.png');
    await page.screenshot({ path: shot });
    t.diagnostic(`screenshot ${shot}`);
    await page.getByRole('button', { name: 'Log in', exact: true }).filter({ visible: true }).first().click();
    await signUp(page, 'Jo');
    await plays(page, 25);
    await page.close();
  });

  it('an address whose time is up while it plays is renewed for who may have it, and the picture goes on', async () => {
    const { session } = await register(lianmai, 'Kim');
    const page = await browser.open('about:blank');
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes('.m3u8') && asked.push(request.url()));
    const query = await signed(Date.now() + KEPT_MS);
    await visit(page, address(room.channel.stream, `?player=hls&${query}`), session);
    await plays(page, 25);
    assert.ok(asked.some((url) => url.includes(query)));
    await until('another signature', () => asked.some((url) => !url.includes(query)), KEPT_MS + 20_000);
    await plays(page, 50);
    await page.close();
  });

  it('an address whose time is up says so to whoever gets no other', async () => {
    const page = await browser.open('about:blank');
    await visit(page, address(room.channel.stream, `?lang=en&${await signed(Date.now() - 1000)}`), null);
    await page.getByText('The time of this address is up').first().waitFor();
    await page.close();
  });
});

describe('the front page', () => {
  it('lists live channels in both languages and leads to them', async (t) => {
    for (const [language, size] of [
      ['en', DESKTOP],
      ['zh', PHONE],
    ] as const) {
      const page = await browser.open(`${lianmai.http}/?lang=${language}`, size);
      const link = page.getByRole('link', { name: /A show to watch/ }).first();
      await link.waitFor();
      const shot = join(SHOTS, `front-${language}.png`);
      await page.screenshot({ path: shot });
      t.diagnostic(`screenshot ${shot}`);
      await link.click();
      await plays(page, 25);
      assert.match(page.url(), /\/watch\/show/);
      await page.close();
    }
  });
});

it('no page complained of a mistake of its own', () => {
  const own = browser.complaints.filter((line) => !/status of 40[34]|net::ERR_|ERR_INCOMPLETE/.test(line));
  assert.deepEqual(own, []);
});
