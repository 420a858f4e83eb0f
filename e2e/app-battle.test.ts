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
  register,
  seesMember,
  showsMoving,
  visit,
  type Watched,
} from './peers/app-page.ts';
import { Browser } from './peers/chromium.ts';
import type { ColourName } from './peers/coloured.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { Looks } from './peers/looks.ts';

/* Two anchors battle; a page is loaded anew, and another is gone for good. */

let lianmai: Lianmai;
let folder: string;
let browsers: { anna: Browser; bo: Browser; eve: Browser };
let anna: Page;
let bo: Page;
/** Watches Anna's room. */
let eve: Page;
/** Watches Bo's, in Eve's browser. */
let fay: Page;
let roomOf: { anna: string; bo: string };
const gallery = new Looks('battle');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({
    workers: 1,
    settings: { mixers: '1', 'cohost-answer-ms': '20000', 'pk-battle-ms': '600000' },
  });
  const camera = (colour: ColourName) => writeFakeCamera(join(folder, `${colour}.y4m`), colour);
  browsers = {
    anna: await Browser.start({ camera: await camera('red') }),
    bo: await Browser.start({ camera: await camera('green') }),
    eve: await Browser.start(),
  };
  const open = async (browser: Browser, nickname: string, path: string, size: typeof PHONE) => {
    const { session } = await register(lianmai, nickname);
    const page = await browser.open('about:blank', size);
    // A page that one is live with asks whether to leave it.
    page.on('dialog', (dialog) => void dialog.accept());
    await visit(page, `${lianmai.http}${path}?lang=en`, session);
    return page;
  };
  anna = await open(browsers.anna, 'Anna', '/golive', PHONE);
  bo = await open(browsers.bo, 'Bo', '/golive', DESKTOP);
  roomOf = { anna: await goLive(anna, lianmai, 'Anna sings'), bo: await goLive(bo, lianmai, 'Bo plays') };
  eve = await open(browsers.eve, 'Eve', `/room/${roomOf.anna}`, DESKTOP);
  fay = await open(browsers.eve, 'Fay', `/room/${roomOf.bo}`, PHONE);
  await button(anna, 'Battle').click();
  await button(anna, 'Challenge Bo').click();
  await button(bo, 'Accept').click();
  await fighting();
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const score = (page: Page) => page.getByRole('region', { name: 'Battle' });
const sideBySide = (it: Watched) => it.left === 'red' && it.right === 'green';

/** Does something, and waits until all of them have been told. */
async function tells(pages: readonly Page[], text: string, act: () => Promise<unknown>): Promise<void> {
  await Promise.all(pages.map(keepWords));
  await act();
  await Promise.all(pages.map((page) => appeared(page, text)));
}

/** Both anchors see each other, both rooms see both. */
async function fighting(): Promise<void> {
  await Promise.all([seesMember(anna, 'Bo'), seesMember(bo, 'Anna')]);
  for (const page of [eve, fay]) await showsMoving(page, 'side by side', sideBySide);
  for (const page of [anna, bo, eve, fay]) await score(page).waitFor({ timeout: PATIENT_MS });
}

describe('a battle', () => {
  it('goes on when the anchor’s page who asked for it is loaded anew', async (t) => {
    const from = performance.now();
    await anna.reload();
    await anna.getByRole('log').waitFor();
    await isLive(lianmai, roomOf.anna);
    await fighting();
    t.diagnostic(`all saw both again after ${Math.round(performance.now() - from)} ms`);
    await button(anna, 'Leave the battle').waitFor();
    await gallery.at(anna, 'again-phone');
  });

  it('and when the other one’s is', async (t) => {
    const from = performance.now();
    await bo.reload();
    await bo.getByRole('log').waitFor();
    await isLive(lianmai, roomOf.bo);
    await fighting();
    t.diagnostic(`all saw both again after ${Math.round(performance.now() - from)} ms`);
    await gallery.at(bo, 'again-desktop');
  });

  it('ends when an anchor does not come back, who has lost it; all are told, the other goes home', async () => {
    await tells([bo, eve, fay], 'Anna is gone. Bo won.', () => anna.goto('chrome://crash').catch(() => undefined));
    await gallery.at(bo, 'won-desktop');
    await showsMoving(fay, 'Bo alone', (it) => it.left === 'green' && it.right === 'green');
    await score(bo).waitFor({ state: 'detached' });
  });

  it('is over for who comes back late, and the own room goes on', async () => {
    anna = await browsers.anna.open(`${lianmai.http}/golive?lang=en`, PHONE);
    await anna.getByRole('log').waitFor();
    await isLive(lianmai, roomOf.anna);
    await showsMoving(eve, 'Anna alone', (it) => it.left === 'red' && it.right === 'red');
    await button(anna, 'Battle').waitFor();
    assert.equal(await score(anna).count(), 0);
  });

  it('that an anchor leaves is lost, and all are told', async () => {
    await button(bo, 'Battle').click();
    await button(bo, 'Challenge Anna').click();
    await button(anna, 'Accept').click();
    await Promise.all([seesMember(anna, 'Bo'), seesMember(bo, 'Anna')]);
    await score(fay).waitFor({ timeout: PATIENT_MS });
    await tells([anna, bo, eve, fay], 'Anna left the battle. Bo won.', () => button(anna, 'Leave the battle').click());
    await gallery.at(anna, 'left-phone');
    await showsMoving(eve, 'Anna alone', (it) => it.left === 'red' && it.right === 'red');
    await showsMoving(fay, 'Bo alone', (it) => it.left === 'green' && it.right === 'green');
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
