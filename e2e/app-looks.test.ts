import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { type AppSession, DESKTOP, PATIENT_MS, PHONE, register, signUp, visit, WORDS } from './peers/app-page.ts';
import { ChatClient } from './peers/chat-client.ts';
import { Browser } from './peers/chromium.ts';
import { push } from './peers/ffmpeg.ts';
import { Looks } from './peers/looks.ts';
import type { Program } from './peers/program.ts';
import type { Rest } from './rest.ts';
import { until } from './until.ts';

/*
 * Every page and sheet that one gets to alone, on a phone in Chinese and on a desk in English, with names that are long and
 * numbers that are large. What needs several people is in app.test.ts.
 */

interface Room {
  id: string;
  channel: { stream: string; push: { rtmp: string } };
}

const SIZES = { phone: PHONE, desk: DESKTOP };
const ROOM_LIST = /\/v1\/rooms\?/;
const LOOKS = [
  { language: 'zh', on: 'phone', closes: 2 },
  { language: 'en', on: 'desk', closes: 1 },
] as const;
const LONG_NAMES = ['王小波与他的朋友们的深夜电台直播间第三十二号节目', 'Wolfeschlegelsteinhausenbergerd', '小明'];
const LONG_TITLES = [
  'An unusually long title that goes on and on about songs from the seventies, eighties and nineties',
  '今晚一起听那些年我们追过的老歌，从七十年代一直唱到天亮，欢迎大家点歌连麦聊天送祝福',
  'Short',
] as const;

let lianmai: Lianmai;
let browser: Browser;
let page: Page;
const gallery = new Looks('looks');
const pushers: Program[] = [];
const chatters: ChatClient[] = [];
const anchors: { rest: Rest; session: AppSession; room: Room }[] = [];

before(async () => {
  lianmai = await Lianmai.start({ workers: 1, settings: { 'cohost-answer-ms': '60000' } });
  browser = await Browser.start();
  page = await browser.open(`${lianmai.http}/icon.svg`);
});
after(async () => {
  for (const chatter of chatters) chatter[Symbol.dispose]();
  for (const pusher of pushers) await pusher[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const pushTo = (url: string) => pushers.push(push(url, { size: '320x180', fps: 10, gop: 10, bitrateKbps: 100 }));

/** Rooms and a channel that are live, with people in the first room. Once. */
async function fill(): Promise<void> {
  if (anchors.length > 0) return;
  for (const [i, title] of LONG_TITLES.entries()) {
    const { rest, session } = await register(lianmai, LONG_NAMES[i]!.slice(0, 32));
    const room = await rest.ok<Room>('POST', '/v1/rooms', { title, tags: ['音乐'], location: '杭州' });
    pushTo(room.channel.push.rtmp);
    anchors.push({ rest, session, room });
  }
  const channel = await lianmai.rest.createChannel('obs', { name: LONG_TITLES[1]!.slice(0, 60) });
  pushTo(channel.push.rtmp);
  const roomId = anchors[0]!.room.id;
  for (const name of ['Anna', '一位昵称特别特别长的热心观众朋友', 'Bartholomew Cornelius Featherston']) {
    const { session } = await register(lianmai, name.slice(0, 32));
    const chatter = await ChatClient.connect(lianmai.http, session.token);
    chatters.push(chatter);
    await chatter.call('room.enter', { roomId });
    for (const text of [
      '主播好！',
      'A rather long message that needs more than one line on a phone, and then some more',
    ])
      await chatter.call('room.send', { roomId, kind: 'text', body: text });
  }
  await chatters[0]!.call('room.send', { roomId, kind: 'gift', body: { giftId: 'rocket', count: 99 } });
  await until(
    'all are live',
    async () => (await countOf('/v1/live')) > 0 && (await countOf('/v1/rooms?state=live')) === anchors.length,
    PATIENT_MS,
  );
}

const countOf = async (path: string) => (await lianmai.rest.ok<{ items: unknown[] }>('GET', path)).items.length;

/** Of the rooms that the list tells of, as if thousands watched. */
async function crowd(): Promise<void> {
  await page.route(ROOM_LIST, async (route) => {
    const answer = await route.fetch();
    const list = (await answer.json()) as { items: { viewers: number; likes: number }[] };
    for (const room of list.items) Object.assign(room, { viewers: 12_345, likes: 1_234_567 });
    await route.fulfill({ response: answer, json: list });
  });
}

const goTo = (path: string, language: string, session: AppSession | null = null) =>
  visit(page, `${lianmai.http}${path}${path.includes('?') ? '&' : '?'}lang=${language}`, session);
const plays = () =>
  until('it plays', () =>
    page.evaluate(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 5),
  );
/** What was said before is read again; what is new is one press away. */
async function scrollBack(): Promise<void> {
  const newest = page.getByRole('log').getByText(/火箭/);
  await newest.hover();
  await page.mouse.wheel(0, -400);
  const back = page.getByRole('button', { name: WORDS.zh.chat.newest });
  await back.waitFor();
  await look('room-scrolled-phone');
  await back.click();
  await back.waitFor({ state: 'detached' });
}

const look = (name: string) => gallery.at(page, name);
const closeSheet = async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

for (const { language, on } of LOOKS)
  describe(`before anybody is live, ${on}, ${language}`, () => {
    const words = WORDS[language];
    const looks = (name: string) => look(`${name}-${on}`);

    it('the list says how to begin; an address that leads nowhere says so', async () => {
      await page.setViewportSize(SIZES[on]);
      await goTo('/', language);
      await page.getByText(words.front.emptyTitle).waitFor();
      await looks('list-empty');
      await goTo('/nowhere/at/all', language);
      await looks('not-found');
      await goTo('/room/nothing', language);
      await page.getByText(words.room.missingTitle).waitFor();
      await looks('room-missing');
    });
  });

for (const { language, on, closes } of LOOKS)
  describe(`when several are live, ${on}, ${language}`, () => {
    const words = WORDS[language];
    const looks = (name: string) => look(`${name}-${on}`);
    const button = (name: string | RegExp, exact = true) => page.getByRole('button', { name, exact });
    before(fill);

    it('the list: of thousands, of nothing found, without a network', async () => {
      await page.setViewportSize(SIZES[on]);
      await crowd();
      await goTo('/', language);
      await page.getByRole('link', { name: new RegExp(LONG_TITLES[0].slice(0, 20)) }).waitFor();
      await looks('list');
      await page.getByRole('searchbox').fill('?!');
      await page.getByText(words.front.noMatchText).waitFor();
      await looks('list-no-match');
      await page.unroute(ROOM_LIST);
      await page.context().setOffline(true);
      await page.getByText(words.front.staleOffline).waitFor();
      await looks('list-offline');
      await page.context().setOffline(false);
    });

    it('a channel: its statistics, its ways to play, its details', async () => {
      await goTo('/watch/obs', language);
      await plays();
      await page.keyboard.press('i');
      await looks('watch');
      await page.keyboard.press('i');
      await button(words.watch.playWith).click();
      await looks('watch-players');
      await closeSheet();
      if (on === 'desk') return;
      await button(words.watch.details).click();
      await looks('watch-details');
      await closeSheet();
    });

    it('a room to somebody who is nobody yet, and how to become somebody', async () => {
      await goTo(`/room/${anchors[0]!.room.id}`, language);
      await plays();
      await looks('room-visitor');
      await button(words.chat.logIn).click();
      await looks('sign-up');
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: words.account.toLogIn }).click();
      await dialog.getByLabel(words.account.nickname).fill('Nobody at all');
      await dialog.getByLabel(words.account.password).fill('wrong');
      await dialog.getByRole('button', { name: words.account.logIn, exact: true }).click();
      await dialog.getByText(words.account.wrong).waitFor();
      await looks('log-in-wrong');
      await dialog.getByRole('button', { name: words.account.toRegister }).click();
      await signUp(page, on === 'phone' ? '一位路过的观众' : 'A passing viewer', words);
    });

    it('a room to somebody: its chat, its gifts, its people', async () => {
      await page.getByRole('log').getByText('主播好！').first().waitFor();
      await plays();
      await looks('room');
      if (on === 'phone') {
        await scrollBack();
        await page.setViewportSize({ width: PHONE.height, height: PHONE.width });
        await look('room-turned');
        await page.setViewportSize(PHONE);
      }
      await button(words.chat.gifts).click();
      await page.getByRole('dialog').getByRole('listitem').first().waitFor();
      await looks('gifts');
      await closeSheet();
      await button(/watching|viewers|人/, false)
        .filter({ visible: true })
        .first()
        .click();
      await page.getByRole('dialog').getByText('Anna').waitFor();
      await looks('people');
      await closeSheet();
    });

    it('oneself', async () => {
      await page.goto(`${lianmai.http}/?lang=${language}`);
      await button(new RegExp(words.account.profileOf.split('{{')[0]!), false).click();
      await looks('profile');
      await closeSheet();
    });

    it('a room that is over, and one that waits for its anchor', async () => {
      const { rest, room } = anchors[closes]!;
      await goTo(`/room/${room.id}`, language);
      await plays();
      await rest.ok('DELETE', `/v1/rooms/${room.id}`);
      await page.getByText(words.room.overTitle).first().waitFor();
      await page.getByRole('link', { name: words.app.toFront }).waitFor();
      await looks('room-over');
      const waiting = await register(lianmai, `Late ${on}`);
      const { id } = await waiting.rest.ok<Room>('POST', '/v1/rooms', { title: LONG_TITLES[0] });
      await goTo(`/room/${id}`, language);
      await page.getByText(words.state.waitingText).filter({ visible: true }).waitFor();
      await looks('room-waiting');
    });
  });

it('nothing that axe or a ruler finds keeps people from using a page', () => assert.deepEqual(gallery.findings, []));

it('no page complained of a mistake of its own', () => {
  assert.deepEqual(
    browser.complaints.filter((line) => !/status of (4|5)\d\d|net::ERR_|WebSocket connection/.test(line)),
    [],
  );
});
