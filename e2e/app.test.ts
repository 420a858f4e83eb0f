import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import {
  appeared,
  DESKTOP,
  goLive,
  isLive,
  keepWords,
  PATIENT_MS,
  PHONE,
  reads,
  say,
  seesMember,
  shownPicture,
  shows,
  showsMoving,
  signUp,
  type Watched,
} from './peers/app-page.ts';
import { Browser } from './peers/chromium.ts';
import type { ColourName } from './peers/coloured.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { Looks } from './peers/looks.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let folder: string;
/** One for each person, with a camera of one colour. */
let browsers: { anna: Browser; bo: Browser; eve: Browser };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({
    workers: 2,
    settings: { mixers: '1', 'cohost-answer-ms': '20000', 'pk-battle-ms': '12000', 'pk-punishment-ms': '4000' },
  });
  const camera = (colour: ColourName) => writeFakeCamera(join(folder, `${colour}.y4m`), colour);
  browsers = {
    anna: await Browser.start({ camera: await camera('red') }),
    bo: await Browser.start({ camera: await camera('green') }),
    eve: await Browser.start({ camera: await camera('blue') }),
  };
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

const gallery = new Looks('app');
const look = (page: Page, name: string) => gallery.at(page, name);
const address = (path: string, language = 'en') => `${lianmai.http}${path}?lang=${language}`;

describe('an evening in the app', () => {
  let anna: Page;
  let bo: Page;
  let eve: Page;
  let roomId: string;
  let before: Watched;

  it('an anchor signs up, sees the own picture, and goes live', async () => {
    anna = await browsers.anna.open(address('/golive'), PHONE);
    await anna.getByRole('main').getByRole('button', { name: 'Log in' }).click();
    await look(anna, 'log-in-phone');
    await signUp(anna, 'Anna');
    await until('the own picture moves', () =>
      anna.evaluate(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 3),
    );
    await look(anna, 'set-up-phone');
    roomId = await goLive(anna, lianmai, 'Evening songs <b>live</b>');
    await anna.getByText('Live', { exact: true }).first().waitFor();
    await look(anna, 'anchor-phone');
  });

  it('a viewer finds the room in the list and watches it, without an account', async () => {
    eve = await browsers.eve.open(address('/'), DESKTOP);
    const card = eve.getByRole('link', { name: /Evening songs <b>live<\/b>/ });
    await card.waitFor();
    const { width, colour } = await shownPicture(eve, `a[href="/room/${roomId}"] img`);
    assert.ok(width > 0 && width <= 360, `${width} px wide`);
    assert.equal(colour, 'red', 'a small picture of what is on air');
    await look(eve, 'list-desktop');
    await eve.getByRole('searchbox').fill('nothing like it');
    await eve.getByText('Nothing found').waitFor();
    await eve.getByRole('searchbox').fill('EVENING');
    await card.click();
    before = await shows(eve, 'the anchor alone', (it) => it.left === 'red' && it.right === 'red' && it.frames > 10);
    await look(eve, 'room-desktop');
  });

  it('another logs in where it is needed, both chat, tags stay text, likes are counted', async () => {
    bo = await browsers.bo.open(address(`/room/${roomId}`), PHONE);
    await shows(bo, 'the anchor', (it) => it.left === 'red');
    await bo.getByRole('button', { name: 'Log in to chat' }).click();
    await signUp(bo, 'Bo');
    await until('one can write at once', () =>
      bo.getByPlaceholder('Say something').evaluate((field) => field === document.activeElement),
    );
    await say(bo, '<img src=x onerror="document.title=1"> 你好');
    await reads(anna, '<img src=x onerror="document.title=1"> 你好');
    await say(anna, 'Welcome!');
    await Promise.all([reads(bo, 'Welcome!'), reads(eve, 'Welcome!')]);
    assert.ok(await eve.getByRole('button', { name: 'Log in to chat' }).isVisible(), 'who only watches reads, too');
    await until('both are counted, with an account and without', async () => {
      const { viewers } = await lianmai.rest.ok<{ viewers: number }>('GET', `/v1/rooms/${roomId}`);
      return viewers === 2;
    });
    assert.equal(await anna.locator('[role=log] img').count(), 0);
    for (let i = 0; i < 5; i++) await bo.getByRole('button', { name: /^Like/ }).click();
    await until('the likes are counted', async () => {
      const { likes } = await lianmai.rest.ok<{ likes: number }>('GET', `/v1/rooms/${roomId}`);
      return likes === 5;
    });
    await look(bo, 'room-phone');
    await bo.getByRole('button', { name: 'Gifts' }).click();
    const rose = bo.getByRole('dialog').getByRole('button', { name: /Rose/ });
    await keepWords(anna);
    await rose.click();
    await appeared(anna, 'gives Rose');
    await look(anna, 'gift-phone');
    await look(bo, 'gifts-phone');
    await bo.keyboard.press('Escape');
    await anna.getByRole('log').getByText('gave Rose × 1').waitFor();
  });

  it('a viewer asks to come on air, is let in, and is in the picture; nobody’s player connects anew', async (t) => {
    await bo.getByRole('button', { name: 'Come on air' }).click();
    await bo.getByText('Asked. Waiting for Anna.').waitFor();
    await look(bo, 'asking-phone');
    await anna.getByRole('button', { name: 'Requests (1)' }).click();
    await look(anna, 'requests-phone');
    await anna.getByRole('button', { name: 'Accept Bo' }).click();
    await anna.keyboard.press('Escape');
    await bo.getByRole('button', { name: 'Go on air' }).waitFor();
    await look(bo, 'check-phone');
    await bo.getByRole('button', { name: 'Go on air' }).click();
    const from = performance.now();
    await shows(eve, 'both', (it) => it.left === 'red' && it.right === 'green');
    t.diagnostic(`the viewer saw both after ${Math.round(performance.now() - from)} ms`);
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    await bo.getByText('On air', { exact: true }).waitFor();
    await look(bo, 'guest-phone');
    await look(anna, 'with-guest-phone');
    await look(eve, 'mix-desktop');
  });

  it('the anchor mutes the guest, who is told', async () => {
    await anna.getByRole('button', { name: 'Mute Bo' }).click();
    await bo.getByRole('button', { name: 'Turn microphone on' }).waitFor({ timeout: PATIENT_MS });
  });

  it('the guest leaves, everybody is back where they were, on the same connections', async () => {
    await bo.getByRole('button', { name: 'Leave', exact: true }).click();
    const now = await shows(eve, 'the anchor alone again', (it) => it.left === 'red' && it.right === 'red');
    assert.ok(now.frames > before.frames);
    assert.deepEqual([now.engine, now.sources], [before.engine, 0], 'the viewer had one source throughout');
    await shows(bo, 'the anchor alone', (it) => it.right === 'red');
    await bo.getByRole('button', { name: 'Come on air' }).waitFor();
  });

  it('a request that is turned down says so', async () => {
    await bo.getByRole('button', { name: 'Come on air' }).click();
    await anna.getByRole('button', { name: 'Requests (1)' }).click();
    await anna.getByRole('button', { name: 'Reject Bo' }).click();
    await anna.keyboard.press('Escape');
    await bo.getByText('Anna said not now.').waitFor();
  });

  it('two anchors battle side by side, and both rooms see the score', async () => {
    await bo.goto(address('/golive'));
    const other = await goLive(bo, lianmai, 'Bo plays');
    await anna.getByRole('button', { name: 'Battle', exact: true }).click();
    await look(anna, 'pk-picker-phone');
    await anna.getByRole('button', { name: 'Challenge Bo' }).click();
    await bo.getByText('Anna challenges you to a battle').waitFor();
    await look(bo, 'pk-invited-phone');
    await bo.getByRole('button', { name: 'Accept', exact: true }).click();
    await Promise.all([seesMember(anna, 'Bo'), seesMember(bo, 'Anna')]);
    await shows(eve, 'side by side', (it) => it.left === 'red' && it.right === 'green');
    await look(anna, 'pk-phone');
    await look(eve, 'pk-desktop');
    await shows(eve, 'home again', (it) => it.left === 'red' && it.right === 'red');
    await lianmai.rest.call('DELETE', `/v1/rooms/${other}`);
    await bo.getByText('Well done').waitFor({ timeout: PATIENT_MS });
  });

  it('an anchor whose tab was killed comes back to the room', async () => {
    // Without a goodbye: the page is gone before the navigation is.
    await anna.goto('chrome://crash').catch(() => undefined);
    anna = await browsers.anna.open(address('/golive'), PHONE);
    await anna.getByRole('log').waitFor();
    await isLive(lianmai, roomId);
    await showsMoving(eve, 'the anchor, moving', (it) => it.left === 'red');
  });

  it('the end is asked for once more, told to who watches, and summed up', async () => {
    await anna.getByRole('button', { name: 'End', exact: true }).last().click();
    await look(anna, 'end-phone');
    await anna.getByRole('button', { name: 'End it' }).click();
    await anna.getByText('Well done').waitFor();
    await look(anna, 'summary-phone');
    await eve.getByText('The broadcast has ended').first().waitFor({ timeout: PATIENT_MS });
    await look(eve, 'over-desktop');
  });
});

it('nothing that axe or a ruler finds keeps people from using a page', () => assert.deepEqual(gallery.findings, []));

it('no page complained of a mistake of its own', () => {
  const all = Object.values(browsers).flatMap(({ complaints }) => complaints);
  assert.deepEqual(
    all.filter((line) => !/status of (4|5)\d\d|net::ERR_|WebSocket connection/.test(line)),
    [],
  );
});
