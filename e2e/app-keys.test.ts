import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { isLive, PASSWORD, reads, register, visit } from './peers/app-page.ts';
import { ChatClient } from './peers/chat-client.ts';
import { Browser } from './peers/chromium.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { until } from './until.ts';

/** More than any page has to tab through. */
const MOST_TABS = 60;

let lianmai: Lianmai;
let folder: string;
let browser: Browser;
let page: Page;
let viewer: ChatClient;
let roomId: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({ workers: 1, settings: { 'cohost-answer-ms': '60000' } });
  browser = await Browser.start({ camera: await writeFakeCamera(join(folder, 'red.y4m'), 'red') });
});
after(async () => {
  viewer?.[Symbol.dispose]();
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a screen reader would say of what has the focus. */
const focused = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const label = element.id === '' ? null : document.querySelector(`label[for="${CSS.escape(element.id)}"]`);
    const name = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? '';
    return { name: name.trim(), inDialog: element.closest('dialog') !== null };
  });

/** Goes on by the tabulator until something of this name has the focus. */
async function tabTo(name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < MOST_TABS; i++) {
    const now = await focused();
    if (now && name.test(now.name)) return;
    passed.push(now?.name ?? '–');
    await page.keyboard.press('Tab');
  }
  assert.fail(`${name} was not reached; there are: ${passed.join(' | ')}`);
}

async function press(name: RegExp): Promise<void> {
  await tabTo(name);
  await page.keyboard.press('Enter');
}

/** The focus is in the sheet, and does not leave it. */
async function staysInSheet(): Promise<void> {
  await page.getByRole('dialog').waitFor();
  assert.equal((await focused())?.inDialog, true, 'the sheet has the focus');
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const now = await focused();
    // Between the last and the first one, browsers have their own controls.
    assert.ok(now === null || now.inDialog, `${now?.name} is behind the sheet`);
  }
}

describe('an anchor without a pointer', () => {
  it('signs up', async () => {
    page = await browser.open(`${lianmai.http}/golive?lang=en`);
    await page.getByText('Your room carries your name.').waitFor();
    await page.locator('main').evaluate((main) => {
      main.tabIndex = -1;
      main.focus();
    });
    await press(/^Log in$/);
    await page.getByRole('dialog').waitFor();
    assert.equal((await focused())?.name, 'Nickname', 'what is to be filled in first');
    await page.keyboard.type('Anna');
    await tabTo(/^Password$/);
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('goes live', async () => {
    await tabTo(/^Title$/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('By keys alone');
    await until('the camera is there', () => page.getByRole('button', { name: 'Go live' }).isEnabled());
    const opened = page.waitForResponse((answer) => answer.url().endsWith('/v1/rooms'));
    await press(/^Go live$/);
    ({ id: roomId } = (await (await opened).json()) as { id: string });
    await isLive(lianmai, roomId);
  });

  it('hears of a request, and accepts it in a sheet that gives the focus back', async () => {
    const { session } = await register(lianmai, 'Bo');
    viewer = await ChatClient.connect(lianmai.http, session.token);
    await viewer.call('room.enter', { roomId });
    await viewer.call('cohost.request', { roomId });
    await page.getByRole('button', { name: 'Requests (1)' }).waitFor();
    await press(/^Requests \(1\)$/);
    await staysInSheet();
    await press(/^Accept Bo$/);
    await viewer.event('cohost.answered', ({ accepted }) => accepted);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.match((await focused())?.name ?? '', /^Requests/);
  });

  it('chats', async () => {
    await tabTo(/^Say something$/);
    await page.keyboard.type('Hello by keys');
    await page.keyboard.press('Enter');
    await reads(page, 'Hello by keys');
    assert.equal((await focused())?.name, 'Say something', 'the next line can follow at once');
  });

  it('ends, and is asked once more, with staying as what the first key does', async () => {
    await press(/^End$/);
    await page.getByRole('dialog').waitFor();
    assert.equal((await focused())?.name, 'Stay live');
    await staysInSheet();
    await press(/^End it$/);
    await page.getByText('Well done').waitFor();
  });
});

describe('a viewer who wants nothing to move', () => {
  it('reads danmaku in the chat, and nothing flies or breathes', async () => {
    const { rest, session } = await register(lianmai, 'Cy');
    const { id } = await rest.ok<{ id: string }>('POST', '/v1/rooms', { title: 'Still' });
    const still = await browser.open('about:blank');
    await still.emulateMedia({ reducedMotion: 'reduce' });
    await visit(still, `${lianmai.http}/room/${id}?lang=en`, null);
    await still.getByText('it starts by itself').waitFor();
    using chatter = await ChatClient.connect(lianmai.http, session.token);
    await chatter.call('room.enter', { roomId: id });
    await chatter.call('room.send', { roomId: id, kind: 'danmaku', body: 'It would fly' });
    await chatter.call('room.send', { roomId: id, kind: 'like', body: { count: 20 } });
    await reads(still, 'It would fly');
    await still.getByRole('button', { name: 'Like 20' }).waitFor();
    assert.deepEqual(
      await still.evaluate(() =>
        document
          .getAnimations()
          .filter(({ playState }) => playState === 'running')
          .map(({ effect }) => String((effect as KeyframeEffect).target?.outerHTML).slice(0, 200)),
      ),
      [],
    );
    await still.close();
  });
});

it('no page complained of a mistake of its own', () => {
  assert.deepEqual(
    browser.complaints.filter((line) => !/status of (4|5)\d\d|net::ERR_|WebSocket connection/.test(line)),
    [],
  );
});
