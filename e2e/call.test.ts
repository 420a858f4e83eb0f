import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { lobby as openLobby, pictures, sees } from './peers/call-page.ts';
import { Browser } from './peers/chromium.ts';
import { whip } from './peers/webrtc-page.ts';
import { until } from './until.ts';

/** Screenshots of the newest run, to be looked at. */
const SHOTS = join(tmpdir(), 'lianmai-screenshots');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };
/** Whoever said goodbye is gone sooner than whoever is missed, after 15 s. */
const SEEN_GONE_MS = 10_000;

let lianmai: Lianmai;
/** One for each person: pages in the background are not painted. */
let browsers: { anna: Browser; bo: Browser };

before(async () => {
  await mkdir(SHOTS, { recursive: true });
  lianmai = await Lianmai.start({ workers: 2 });
  browsers = { anna: await Browser.start(), bo: await Browser.start() };
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const lobby = (browser: Browser, nickname: string, size = DESKTOP, language = 'en') =>
  openLobby(browser, `${lianmai.http}/call/talk?lang=${language}`, nickname, size);

const shot = (page: Page, name: string) => page.screenshot({ path: join(SHOTS, `call-${name}.png`) });

describe('a call of two browsers', () => {
  let anna: Page;
  let bo: Page;

  it('shows the own picture in the lobby', async () => {
    anna = await lobby(browsers.anna, 'Anna');
    bo = await lobby(browsers.bo, '王小波', PHONE, 'zh');
    for (const page of [anna, bo])
      await until('the own picture moves', () =>
        page.evaluate(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 3),
      );
    await shot(anna, 'lobby-desktop-en');
    await shot(bo, 'lobby-phone-zh');
  });

  it('begins with the first, who sees how to invite others', async () => {
    await anna.getByRole('button', { name: 'Join' }).click();
    await anna.getByText('Nobody else is here yet').waitFor();
    await shot(anna, 'alone-desktop-en');
  });

  it('each sees and hears the other', async () => {
    await bo.getByRole('button', { name: '加入' }).click();
    await Promise.all([sees(anna, '王小波', 25), sees(bo, 'Anna', 25)]);
    for (const page of [anna, bo]) {
      const heard = await page.evaluate(() => {
        const { srcObject } = document.querySelector('li video') as HTMLVideoElement;
        return (srcObject as MediaStream)
          .getAudioTracks()
          .some(({ readyState, muted }) => readyState === 'live' && !muted);
      });
      assert.ok(heard, 'there is sound');
    }
    await shot(anna, 'two-desktop-en');
    await shot(bo, 'two-phone-zh');
  });

  it('a camera that is switched off and on again is seen to be', async () => {
    await bo.keyboard.press('c');
    await until('no picture', async () => (await pictures(anna, '王小波')) === null);
    await shot(anna, 'camera-off-desktop-en');
    await bo.keyboard.press('c');
    await sees(anna, '王小波', 25);
  });

  it('the owner mutes the other, who is told and can’t change it', async () => {
    await anna.getByRole('button', { name: 'People' }).click();
    await anna.getByRole('button', { name: 'Mute 王小波' }).click();
    await bo.getByText('发起人将你静音了').waitFor();
    await shot(anna, 'people-desktop-en');
    await anna.keyboard.press('Escape');
    const answered = bo.waitForResponse((response) => response.url().endsWith('/mute'));
    await bo.getByRole('button', { name: '打开麦克风' }).click();
    assert.equal((await answered).status(), 403);
    await until('muted again', () => bo.getByRole('button', { name: '打开麦克风' }).isVisible());
  });

  it('one leaves, the other sees it at once', async () => {
    await bo.getByRole('button', { name: '离开' }).click();
    await bo.getByText('你已离开通话').waitFor();
    await until('alone', () => anna.getByText('Nobody else is here yet').isVisible(), SEEN_GONE_MS);
    await shot(bo, 'left-phone-zh');
  });

  it('a tab that is closed leaves, too', async () => {
    const again = await lobby(browsers.bo, 'Bo');
    await again.getByRole('button', { name: 'Join' }).click();
    await sees(anna, 'Bo', 5);
    await again.close();
    await until('alone', () => anna.getByText('Nobody else is here yet').isVisible(), SEEN_GONE_MS);
  });

  it('who was removed is told so, and can’t come back', async () => {
    const again = await lobby(browsers.bo, 'Cy');
    await again.getByRole('button', { name: 'Join' }).click();
    await sees(anna, 'Cy', 5);
    await anna.getByRole('button', { name: 'People' }).click();
    await anna.getByRole('button', { name: 'Remove Cy' }).click();
    await anna.getByRole('button', { name: 'Remove', exact: true }).click();
    await again.getByText('You were removed from the call').waitFor();
    await anna.keyboard.press('Escape');
    await until('alone', () => anna.getByText('Nobody else is here yet').isVisible(), SEEN_GONE_MS);
    await again.close();
  });
});

describe('a page that may not use the camera', () => {
  it('says how to allow it, and lets people join without', async () => {
    const page = await browsers.bo.open('about:blank', PHONE);
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await page.goto(`${lianmai.http}/call/talk?lang=en`);
    await page.getByText('Camera and microphone are blocked').waitFor();
    await page.getByRole('textbox').fill('Dee');
    await shot(page, 'refused-phone-en');
    await page.getByRole('button', { name: 'Join anyway' }).click();
    await page.getByText('Nobody else').or(page.getByText('Anna')).first().waitFor();
    await page.close();
  });

  it('says that it needs HTTPS', async () => {
    const page = await browsers.bo.open('about:blank', PHONE);
    await page.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
    await page.goto(`${lianmai.http}/call/talk?lang=zh`);
    await page.getByText('这个页面需要 HTTPS').waitFor();
    await page.getByText('--tls-cert').waitFor();
    await shot(page, 'insecure-phone-zh');
    await page.close();
  });
});

describe('watching by WebRTC', () => {
  it('plays on the watch page, when the address asks for it', async () => {
    const channel = await lianmai.rest.createChannel('camera');
    const publisher = await browsers.anna.open(`${lianmai.http}/healthz`);
    const answer = await whip(publisher, `${lianmai.http}/live/camera.whip${new URL(channel.push.rtmp).search}`);
    assert.equal(answer.status, 201, answer.body);
    const page = await browsers.bo.open(`${lianmai.http}/watch/camera?player=whep&lang=en`);
    await until('it moves', () =>
      page.evaluate(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 25),
    );
    await page.keyboard.press('i');
    await page.getByText('WebRTC').first().waitFor();
    await shot(page, 'watch-whep-desktop-en');
    await page.close();
    await publisher.close();
  });
});
