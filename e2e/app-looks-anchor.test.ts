import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { type AppSession, DESKTOP, goLive, PHONE, register, visit, WORDS } from './peers/app-page.ts';
import { ChatClient } from './peers/chat-client.ts';
import { Browser } from './peers/chromium.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { push } from './peers/ffmpeg.ts';
import { Looks } from './peers/looks.ts';
import type { Program } from './peers/program.ts';

/*
 * What anchors see, and calls, on a phone in Chinese and on a desk in English. What needs several people on air is in
 * app.test.ts.
 */

const LOOKS = [
  { language: 'zh', on: 'phone', size: PHONE },
  { language: 'en', on: 'desk', size: DESKTOP },
] as const;
const LONG_NAME = 'Bartholomew Cornelius Fetherston';
const LONG_TITLE = '今晚一起听那些年我们追过的老歌，从七十年代一直唱到天亮，欢迎大家点歌连麦聊天送祝福';

let lianmai: Lianmai;
let browser: Browser;
let folder: string;
let page: Page;
const gallery = new Looks('looks');
const pushers: Program[] = [];
const chatters: ChatClient[] = [];
/** Others who are live, to battle with. */
const others = 3;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({ workers: 1, settings: { 'cohost-answer-ms': '60000' } });
  browser = await Browser.start({ camera: await writeFakeCamera(join(folder, 'red.y4m'), 'red') });
  page = await browser.open(`${lianmai.http}/icon.svg`);
  for (let i = 0; i < others; i++) {
    const { rest } = await register(lianmai, `${i} ${LONG_NAME}`.slice(0, 32));
    const room = await rest.ok<{ channel: { push: { rtmp: string } } }>('POST', '/v1/rooms', { title: LONG_TITLE });
    pushers.push(push(room.channel.push.rtmp, { size: '320x180', fps: 10, gop: 10, bitrateKbps: 100 }));
  }
});
after(async () => {
  for (const chatter of chatters) chatter[Symbol.dispose]();
  for (const pusher of pushers) await pusher[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Somebody comes into the room, and may ask to come on air. */
async function enter(roomId: string, nickname: string): Promise<{ client: ChatClient; session: AppSession }> {
  const { session } = await register(lianmai, nickname);
  const client = await ChatClient.connect(lianmai.http, session.token);
  chatters.push(client);
  await client.call('room.enter', { roomId });
  return { client, session };
}

const ownPicture = () =>
  page.waitForFunction(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 3);
const closeSheet = async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

for (const { language, on, size } of LOOKS)
  describe(`${on}, ${language}`, () => {
    const words = WORDS[language];
    const looks = (name: string) => gallery.at(page, `${name}-${on}`);
    const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
    const goTo = (path: string, who: AppSession | null) => visit(page, `${lianmai.http}${path}?lang=${language}`, who);
    let session: AppSession;
    let roomId: string;

    it('going live: to nobody yet, with a camera, with an encoder, without leave to use the camera', async () => {
      await page.setViewportSize(size);
      await goTo('/golive', null);
      await page.getByText(words.golive.needLogInText).waitFor();
      await looks('go-live-nobody');
      ({ session } = await register(lianmai, `${on} ${LONG_NAME}`.slice(0, 32)));
      await goTo('/golive', session);
      await ownPicture();
      await looks('set-up');
      await page.getByText(words.golive.encoder).click();
      await looks('set-up-encoder');
      const refused = await browser.open('about:blank', size);
      await refused.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
      });
      await refused.goto(`${lianmai.http}/golive?lang=${language}`);
      await refused.getByText(words.call.refusedTitle).waitFor();
      await gallery.at(refused, `set-up-refused-${on}`);
      await refused.close();
    });

    it('the room without anybody, and its sheets', async () => {
      await page.getByText(words.golive.camera, { exact: true }).click();
      await ownPicture();
      roomId = await goLive(page, lianmai, LONG_TITLE, words);
      await page.getByRole('timer').waitFor();
      await looks('anchor-alone');
      for (const [name, opens] of [
        ['requests-empty', words.air.requests],
        ['tools', words.golive.tools],
      ] as const) {
        await button(opens).click();
        await looks(name);
        await closeSheet();
      }
      await button(words.pk.title).click();
      await page
        .getByRole('dialog')
        .getByRole('listitem')
        .nth(others - 1)
        .waitFor();
      await looks('pk-picker');
      await closeSheet();
    });

    it('the room with people who chat and ask', async () => {
      const first = await enter(roomId, on === 'phone' ? '一位昵称特别特别长的热心观众朋友' : LONG_NAME);
      const second = await enter(roomId, on === 'phone' ? '小明' : 'Ming');
      for (const { client } of [first, second])
        await client.call('room.send', { roomId, kind: 'text', body: LONG_TITLE });
      await second.client.call('room.send', { roomId, kind: 'gift', body: { giftId: 'cake', count: 3 } });
      await first.client.call('cohost.request', { roomId, reason: LONG_TITLE });
      await page.getByRole('log').getByText(LONG_TITLE).nth(1).waitFor();
      await button(`${words.air.requests} (1)`).waitFor();
      await looks('anchor');
      if (on === 'phone') {
        await page.setViewportSize({ width: PHONE.height, height: PHONE.width });
        await looks('anchor-turned');
        await page.setViewportSize(PHONE);
      }
      await button(`${words.air.requests} (1)`).click();
      await looks('requests');
      await page.getByRole('dialog').getByRole('button', { name: words.air.invite }).click();
      await page.getByRole('dialog').getByRole('listitem').nth(1).waitFor();
      await looks('anchor-people');
      await closeSheet();
    });

    it('the end, and the summary', async () => {
      await button(words.golive.end).last().click();
      await looks('end');
      await button(words.golive.endYes).click();
      await page.getByText(words.golive.summary).waitFor();
      await looks('summary');
    });

    it('a room that an encoder sends to', async () => {
      await button(words.golive.again).click();
      await page.getByText(words.golive.encoder).click();
      await button(words.golive.start).click();
      await page.getByRole('heading', { name: words.golive.encoderTitle }).waitFor();
      await looks('encoder');
      const { room } = await lianmai.rest.ok<{ room: string }>('GET', `/v1/users/${session.user.userId}`);
      await lianmai.rest.call('DELETE', `/v1/rooms/${room}`);
    });

    it('a call: its lobby, alone in it, its people, its end', async () => {
      await goTo(`/call/talk-${on}`, session);
      await ownPicture();
      await looks('call-lobby');
      await page.getByRole('textbox').fill(LONG_NAME);
      await button(words.call.join).click();
      await page.getByText(words.call.alone).waitFor();
      await looks('call-alone');
      await button(words.call.people).click();
      await looks('call-people');
      await closeSheet();
      await button(words.call.devices).click();
      await looks('call-devices');
      await closeSheet();
      await button(words.call.leave).click();
      await page.getByText(words.call.endLeft).waitFor();
      await looks('call-over');
    });
  });

it('nothing that axe or a ruler finds keeps people from using a page', () => assert.deepEqual(gallery.findings, []));

it('no page complained of a mistake of its own', () => {
  assert.deepEqual(
    browser.complaints.filter((line) => !/status of (4|5)\d\d|net::ERR_|WebSocket connection/.test(line)),
    [],
  );
});
