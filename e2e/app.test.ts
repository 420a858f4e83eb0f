import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { COLOURS, type ColourName } from './peers/coloured.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { until } from './until.ts';

/** Screenshots of the newest run, to be looked at. */
const SHOTS = join(tmpdir(), 'lianmai-screenshots');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };
/** The machine that runs this has other things to do, too. */
const PATIENT_MS = 45_000;

let lianmai: Lianmai;
let folder: string;
/** One for each person, with a camera of one colour. */
let browsers: { anna: Browser; bo: Browser; eve: Browser };

before(async () => {
  await mkdir(SHOTS, { recursive: true });
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

const shot = (page: Page, name: string) => page.screenshot({ path: join(SHOTS, `app-${name}.png`) });
const address = (path: string, language = 'en') => `${lianmai.http}${path}?lang=${language}`;

/** Signs up in the sheet that is open. */
async function signUp(page: Page, nickname: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Nickname').fill(nickname);
  await dialog.getByLabel('Password').fill('correct horse');
  await dialog.getByRole('button', { name: 'Sign up', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Goes live with the camera. @returns the room's id. */
async function goLive(page: Page, title: string): Promise<string> {
  await page.getByRole('textbox', { name: 'Title' }).fill(title);
  const opened = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().endsWith('/v1/rooms'),
  );
  await page.getByRole('button', { name: 'Go live' }).click();
  const { id } = (await (await opened).json()) as { id: string };
  await until(
    'the room is live',
    async () => (await lianmai.rest.ok<{ state: string }>('GET', `/v1/rooms/${id}`)).state === 'live',
    PATIENT_MS,
  );
  return id;
}

interface Watched {
  frames: number;
  /** Colours at the left edge, and at the right one, a third from the bottom. */
  left: ColourName | null;
  right: ColourName | null;
  /** Told apart from another connection's element. */
  engine: string;
  /** How often the video got another source. */
  sources: number;
}

/** What the viewer's player shows. */
async function watched(page: Page): Promise<Watched | null> {
  const seen = await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('video[data-player]');
    if (!video || video.videoWidth === 0) return null;
    const canvas = document.createElement('canvas');
    canvas.width = 100;
    canvas.height = 100;
    const drawing = canvas.getContext('2d');
    drawing?.drawImage(video, 0, 0, 100, 100);
    const at = (x: number, y: number) => [...(drawing?.getImageData(x, y, 1, 1).data ?? [])].slice(0, 3);
    const counted = video as HTMLVideoElement & { sources?: number };
    if (counted.sources === undefined) {
      counted.sources = 0;
      for (const event of ['emptied', 'loadstart']) video.addEventListener(event, () => counted.sources!++);
    }
    return {
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      left: at(10, 50),
      right: at(95, 75),
      engine: video.dataset['player'] ?? '',
      sources: counted.sources,
    };
  });
  return seen && { ...seen, left: nameOf(seen.left), right: nameOf(seen.right) };
}

function nameOf(pixel: number[]): ColourName | null {
  const names = Object.keys(COLOURS) as ColourName[];
  return names.find((name) => COLOURS[name].every((value, i) => Math.abs(value - (pixel[i] ?? 0)) < 70)) ?? null;
}

const shows = (page: Page, what: string, test: (it: Watched) => boolean) =>
  until(
    what,
    async () => {
      const now = await watched(page);
      return now && test(now) ? now : null;
    },
    PATIENT_MS,
  );

/** Decoded pictures of a member on air, as this page sees it. */
async function seesMember(page: Page, nickname: string): Promise<void> {
  const count = () =>
    page.evaluate(
      (name) =>
        document
          .querySelector<HTMLVideoElement>(`[data-member="${name}"][data-state="picture"] video`)
          ?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      nickname,
    );
  const from = await count();
  await until(`${nickname} is seen`, async () => (await count()) > from + 10, PATIENT_MS);
}

const say = async (page: Page, text: string) => {
  await page.getByPlaceholder('Say something').fill(text);
  await page.keyboard.press('Enter');
};
const reads = (page: Page, text: string) =>
  page.getByRole('log').getByText(text, { exact: true }).waitFor({ timeout: PATIENT_MS });

describe('an evening in the app', () => {
  let anna: Page;
  let bo: Page;
  let eve: Page;
  let roomId: string;
  let before: Watched;

  it('an anchor signs up, sees the own picture, and goes live', async () => {
    anna = await browsers.anna.open(address('/golive'), PHONE);
    await anna.getByRole('main').getByRole('button', { name: 'Log in' }).click();
    await shot(anna, 'log-in-phone');
    await signUp(anna, 'Anna');
    await until('the own picture moves', () =>
      anna.evaluate(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 3),
    );
    await shot(anna, 'set-up-phone');
    roomId = await goLive(anna, 'Evening songs <b>live</b>');
    await anna.getByText('Live', { exact: true }).first().waitFor();
    await shot(anna, 'anchor-phone');
  });

  it('a viewer finds the room in the list and watches it, without an account', async () => {
    eve = await browsers.eve.open(address('/'), DESKTOP);
    const card = eve.getByRole('link', { name: /Evening songs <b>live<\/b>/ });
    await card.waitFor();
    await shot(eve, 'list-desktop');
    await eve.getByRole('searchbox').fill('nothing like it');
    await eve.getByText('Nothing found').waitFor();
    await eve.getByRole('searchbox').fill('EVENING');
    await card.click();
    before = await shows(eve, 'the anchor alone', (it) => it.left === 'red' && it.right === 'red' && it.frames > 10);
    await shot(eve, 'room-desktop');
  });

  it('another logs in where it is needed, both chat, tags stay text, likes are counted', async () => {
    bo = await browsers.bo.open(address(`/room/${roomId}`), PHONE);
    await shows(bo, 'the anchor', (it) => it.left === 'red');
    await bo.getByRole('button', { name: 'Log in to chat' }).click();
    await signUp(bo, 'Bo');
    await say(bo, '<img src=x onerror="document.title=1"> 你好');
    await reads(anna, '<img src=x onerror="document.title=1"> 你好');
    await say(anna, 'Welcome!');
    await reads(bo, 'Welcome!');
    assert.equal(await anna.locator('[role=log] img').count(), 0);
    for (let i = 0; i < 5; i++) await bo.getByRole('button', { name: 'Like', exact: true }).click();
    await until('the likes are counted', async () => {
      const { likes } = await lianmai.rest.ok<{ likes: number }>('GET', `/v1/rooms/${roomId}`);
      return likes === 5;
    });
    await shot(bo, 'room-phone');
    await bo.getByRole('button', { name: 'Gifts' }).click();
    await bo.getByRole('dialog').getByRole('button', { name: /Rose/ }).click();
    await shot(bo, 'gifts-phone');
    await bo.keyboard.press('Escape');
    await anna.getByRole('log').getByText('gave Rose × 1').waitFor();
  });

  it('a viewer asks to come on air, is let in, and is in the picture; nobody’s player connects anew', async (t) => {
    await bo.getByRole('button', { name: 'Come on air' }).click();
    await bo.getByText('Asked. Waiting for Anna.').waitFor();
    await shot(bo, 'asking-phone');
    await anna.getByRole('button', { name: 'Requests (1)' }).click();
    await shot(anna, 'requests-phone');
    await anna.getByRole('button', { name: 'Accept Bo' }).click();
    await anna.keyboard.press('Escape');
    await bo.getByRole('button', { name: 'Go on air' }).waitFor();
    await shot(bo, 'check-phone');
    await bo.getByRole('button', { name: 'Go on air' }).click();
    const from = performance.now();
    await shows(eve, 'both', (it) => it.left === 'red' && it.right === 'green');
    t.diagnostic(`the viewer saw both after ${Math.round(performance.now() - from)} ms`);
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    await bo.getByText('On air', { exact: true }).waitFor();
    await shot(bo, 'guest-phone');
    await shot(anna, 'with-guest-phone');
    await shot(eve, 'mix-desktop');
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
    const other = await goLive(bo, 'Bo plays');
    await anna.getByRole('button', { name: 'Battle', exact: true }).click();
    await shot(anna, 'pk-picker-phone');
    await anna.getByRole('button', { name: 'Challenge Bo' }).click();
    await bo.getByText('Anna challenges you to a battle').waitFor();
    await shot(bo, 'pk-invited-phone');
    await bo.getByRole('button', { name: 'Accept', exact: true }).click();
    await Promise.all([seesMember(anna, 'Bo'), seesMember(bo, 'Anna')]);
    await shows(eve, 'side by side', (it) => it.left === 'red' && it.right === 'green');
    await shot(anna, 'pk-phone');
    await shot(eve, 'pk-desktop');
    await shows(eve, 'home again', (it) => it.left === 'red' && it.right === 'red');
    await lianmai.rest.call('DELETE', `/v1/rooms/${other}`);
    await bo.getByText('Well done').waitFor({ timeout: PATIENT_MS });
  });

  it('an anchor whose tab was killed comes back to the room', async () => {
    // Without a goodbye: the page is gone before the navigation is.
    await anna.goto('chrome://crash').catch(() => undefined);
    anna = await browsers.anna.open(address('/golive'), PHONE);
    await anna.getByRole('log').waitFor();
    await until(
      'live again',
      async () => (await lianmai.rest.ok<{ state: string }>('GET', `/v1/rooms/${roomId}`)).state === 'live',
      PATIENT_MS,
    );
    // Another connection counts its pictures from nothing.
    let last = Number.POSITIVE_INFINITY;
    await shows(eve, 'the anchor, moving', (it) => {
      const moves = it.left === 'red' && it.frames > last + 5;
      last = Math.min(last, it.frames);
      return moves;
    });
  });

  it('the end is asked for once more, told to who watches, and summed up', async () => {
    await anna.getByRole('button', { name: 'End', exact: true }).last().click();
    await shot(anna, 'end-phone');
    await anna.getByRole('button', { name: 'End it' }).click();
    await anna.getByText('Well done').waitFor();
    await shot(anna, 'summary-phone');
    await eve.getByText('The broadcast has ended').first().waitFor({ timeout: PATIENT_MS });
    await shot(eve, 'over-desktop');
  });
});

it('no page complained of a mistake of its own', () => {
  const all = Object.values(browsers).flatMap(({ complaints }) => complaints);
  assert.deepEqual(
    all.filter((line) => !/status of (4|5)\d\d|net::ERR_|WebSocket connection/.test(line)),
    [],
  );
});
