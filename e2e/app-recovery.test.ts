import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import {
  DESKTOP,
  goLive,
  isLive,
  PATIENT_MS,
  PHONE,
  reads,
  register,
  say,
  seesMember,
  shows,
  showsMoving,
  visit,
} from './peers/app-page.ts';
import { Browser } from './peers/chromium.ts';
import type { ColourName } from './peers/coloured.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { Looks } from './peers/looks.ts';
import { until } from './until.ts';

/* Pages that are loaded anew and networks that drop, while an anchor and a guest are on air. */

let lianmai: Lianmai;
let folder: string;
let browsers: { anna: Browser; bo: Browser; eve: Browser };
let anna: Page;
let bo: Page;
let eve: Page;
let roomId: string;
const gallery = new Looks('recovery');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({ workers: 1, settings: { mixers: '1', 'cohost-answer-ms': '20000' } });
  const camera = (colour: ColourName) => writeFakeCamera(join(folder, `${colour}.y4m`), colour);
  browsers = {
    anna: await Browser.start({ camera: await camera('red') }),
    bo: await Browser.start({ camera: await camera('green') }),
    eve: await Browser.start({ camera: await camera('blue') }),
  };
  const open = async (browser: Browser, nickname: string, path: string, size: typeof PHONE) => {
    const { session } = await register(lianmai, nickname);
    const page = await browser.open('about:blank', size);
    // A page that one is on air with asks whether to leave it.
    page.on('dialog', (dialog) => void dialog.accept());
    await visit(page, `${lianmai.http}${path}?lang=en`, session);
    return page;
  };
  anna = await open(browsers.anna, 'Anna', '/golive', PHONE);
  roomId = await goLive(anna, lianmai, 'Reloaded');
  bo = await open(browsers.bo, 'Bo', `/room/${roomId}`, PHONE);
  eve = await open(browsers.eve, 'Eve', `/room/${roomId}`, DESKTOP);
  await button(bo, 'Come on air').click();
  await button(anna, 'Requests (1)').click();
  await button(anna, 'Accept Bo').click();
  await anna.keyboard.press('Escape');
  await button(bo, 'Go on air').click();
  await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
  await shows(eve, 'both', (it) => it.left === 'red' && it.right === 'green');
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('while on air', () => {
  it('a guest whose page is loaded anew is on air again by itself, on the same seat', async (t) => {
    const from = performance.now();
    await bo.reload();
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    t.diagnostic(`both saw each other again after ${Math.round(performance.now() - from)} ms`);
    await bo.getByText('On air', { exact: true }).waitFor();
    await gallery.at(bo, 'guest-again-phone');
    const now = await showsMoving(eve, 'both again', (it) => it.left === 'red' && it.right === 'green');
    assert.equal(now.sources, 0, 'the viewer had one source throughout');
  });

  it('an anchor whose page is loaded anew goes on by itself, with its guest', async (t) => {
    const from = performance.now();
    await anna.reload();
    await anna.getByRole('log').waitFor();
    await isLive(lianmai, roomId);
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    t.diagnostic(`both saw each other again after ${Math.round(performance.now() - from)} ms`);
    await gallery.at(anna, 'anchor-again-phone');
    await showsMoving(eve, 'both again', (it) => it.left === 'red' && it.right === 'green');
    await button(anna, 'Mute Bo').waitFor();
  });

  it('a viewer whose network drops for some seconds loses no word, and the picture goes on', async (t) => {
    await say(bo, 'before');
    await reads(eve, 'before');
    await eve.context().setOffline(true);
    await until('the page says so', () => eve.getByText('You are offline').first().isVisible(), PATIENT_MS);
    await gallery.at(eve, 'offline-desktop');
    for (const text of ['one', 'two', 'three']) {
      await say(anna, text);
      await reads(bo, text);
    }
    await eve.context().setOffline(false);
    const from = performance.now();
    for (const text of ['one', 'two', 'three']) await reads(eve, text);
    t.diagnostic(`the chat was there after ${Math.round(performance.now() - from)} ms`);
    await showsMoving(eve, 'both again', (it) => it.left === 'red' && it.right === 'green');
    t.diagnostic(`the picture moved after ${Math.round(performance.now() - from)} ms`);
    const lines = await eve
      .getByRole('log')
      .getByText(/^(before|one|two|three)$/)
      .allTextContents();
    assert.deepEqual(lines, ['before', 'one', 'two', 'three'], 'in order, and none twice');
    await say(eve, 'I am back');
    await reads(anna, 'I am back');
  });

  it('a guest whose network drops for some seconds is on air again', async () => {
    await bo.context().setOffline(true);
    await until('the page notices', () => bo.evaluate(() => !navigator.onLine), PATIENT_MS);
    await bo.context().setOffline(false);
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    await button(bo, 'Leave').click();
    await showsMoving(eve, 'the anchor alone', (it) => it.left === 'red' && it.right === 'red');
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
