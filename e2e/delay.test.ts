import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { median } from './peers/beat.ts';
import { shows } from './peers/call-page.ts';
import { Browser } from './peers/chromium.ts';
import { delays, paintedNumbers, paintNumbers, seenNumbers, watchNumbers } from './peers/numbered-page.ts';
import { whep, whip } from './peers/webrtc-page.ts';
import type { Channel } from './rest.ts';
import { until } from './until.ts';

/** A quiet machine needs a fraction of both: `npm run bench delay` measures. */
const MOST_DELAY_MS = 500;
const MOST_FIRST_PICTURE_MS = 2000;
const PICTURES = 50;
const JOINS = 10;
const SLOW_MS = 60_000;

let lianmai: Lianmai;
let browser: Browser;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '0' } });
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const whipUrl = ({ stream, push }: Channel) => `${lianmai.http}/live/${stream}.whip${new URL(push.rtmp).search}`;

it('from a painted picture by WHIP and WHEP to the picture on the watch page it is a fraction of a second', async (t) => {
  const channel = await lianmai.rest.createChannel('clock');
  // One page does both: its clock is the only one.
  const page = await browser.open(`${lianmai.http}/watch/clock?player=whep&lang=en`, { width: 640, height: 480 });
  await paintNumbers(page);
  assert.equal((await whip(page, whipUrl(channel))).status, 201);
  await shows(page, 25, SLOW_MS);
  await watchNumbers(page);
  const delayMs = await until(
    'the delay of a picture is short',
    async () => {
      const seen = (await seenNumbers(page)).slice(-PICTURES);
      const middle = median(delays(await paintedNumbers(page), seen));
      return seen.length === PICTURES && middle < MOST_DELAY_MS && middle;
    },
    SLOW_MS,
  );
  t.diagnostic(`${Math.round(delayMs)} ms from glass to glass, the middle of ${PICTURES} pictures`);
  await page.close();
});

it('the first picture comes soon after the offer', async (t) => {
  const channel = await lianmai.rest.createChannel('joined');
  const publisher = await browser.open(`${lianmai.http}/healthz`);
  assert.equal((await whip(publisher, whipUrl(channel))).status, 201);
  await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
  const tookMs: number[] = [];
  const page = await browser.open(`${lianmai.http}/healthz`, { width: 640, height: 480 });
  const join = () => whep(page, `${lianmai.http}/live/joined.whep`);
  await until('it plays', async () => (await join()).status === 201);
  for (let i = 0; i < JOINS; i++) {
    const { status, ms, location } = await join();
    assert.equal(status, 201);
    tookMs.push(Math.round(ms));
    await fetch(new URL(location ?? '', lianmai.http), { method: 'DELETE' });
  }
  t.diagnostic(`first picture after ${tookMs.join(', ')} ms; the middle is ${median(tookMs)} ms`);
  assert.ok(median(tookMs) < MOST_FIRST_PICTURE_MS, `${median(tookMs)} ms`);
  await page.close();
  await publisher.close();
});
