import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import {
  colourOf,
  DESKTOP,
  goLive,
  PATIENT_MS,
  PHONE,
  pixelAt,
  register,
  say,
  seesMember,
  shownPicture,
  shows,
  visit,
} from './peers/app-page.ts';
import { ChatClient } from './peers/chat-client.ts';
import { Browser } from './peers/chromium.ts';
import type { ColourName } from './peers/coloured.ts';
import { writeFakeCamera } from './peers/fake-camera.ts';
import { push } from './peers/ffmpeg.ts';
import { Looks } from './peers/looks.ts';
import type { Program } from './peers/program.ts';
import { until } from './until.ts';

/* What an anchor does during a broadcast, and what that looks like to a guest and to a viewer. */

let lianmai: Lianmai;
let folder: string;
let browsers: { anna: Browser; bo: Browser };
let anna: Page;
let bo: Page;
/** Only watches; in Anna's browser. */
let eve: Page;
let roomId: string;
const gallery = new Looks('on-air');
const pushers: Program[] = [];
const chatters: ChatClient[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianmai-cameras-'));
  lianmai = await Lianmai.start({
    workers: 1,
    settings: { mixers: '1', 'cohost-answer-ms': '20000', 'picture-sources': 'http://127.0.0.1:*' },
  });
  const camera = (colour: ColourName) => writeFakeCamera(join(folder, `${colour}.y4m`), colour);
  browsers = {
    anna: await Browser.start({ camera: await camera('red') }),
    bo: await Browser.start({ camera: await camera('green') }),
  };
});
after(async () => {
  for (const chatter of chatters) chatter[Symbol.dispose]();
  for (const pusher of pushers) await pusher[Symbol.asyncDispose]();
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(folder, { recursive: true, force: true });
});

const address = (path: string) => `${lianmai.http}${path}?lang=en`;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const closeSheet = async (page: Page) => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

/** A picture of one colour, as a file to be chosen. */
async function pictureFile(page: Page, colour: string) {
  const data = await page.evaluate((fill) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 500 });
    const drawing = canvas.getContext('2d')!;
    drawing.fillStyle = fill;
    drawing.fillRect(0, 0, 800, 500);
    return canvas.toDataURL('image/png').split(',')[1]!;
  }, colour);
  return { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
}

/** Waits for a colour at a place of what Eve sees. */
const eveSees = (what: string, x: number, y: number, colour: ColourName) =>
  until(what, async () => colourOf((await pixelAt(eve, x, y)) ?? []) === colour, PATIENT_MS);

describe('pictures of one’s own', () => {
  it('a cover is chosen, and is in the list', async () => {
    const { session } = await register(lianmai, 'Anna');
    anna = await browsers.anna.open('about:blank', PHONE);
    await visit(anna, address('/golive'), session);
    await anna.locator('input[type=file]').setInputFiles(await pictureFile(anna, '#00f'));
    await anna.getByText('Change cover').waitFor();
    await gallery.at(anna, 'set-up-cover-phone');
    roomId = await goLive(anna, lianmai, 'With a cover');
    eve = await browsers.anna.open(address('/'), DESKTOP);
    await eve.getByRole('link', { name: /With a cover/ }).waitFor();
    const { width, colour } = await shownPicture(eve, `a[href="/room/${roomId}"] img`);
    assert.deepEqual([width, colour], [960, 'blue']);
    await eve.getByRole('link', { name: /With a cover/ }).click();
    await shows(eve, 'the anchor', (it) => it.left === 'red');
  });

  it('an avatar is chosen, and others see it in the chat’s list of people', async () => {
    const { session } = await register(lianmai, 'Bo');
    bo = await browsers.bo.open('about:blank', PHONE);
    await visit(bo, address('/'), session);
    await button(bo, 'Your profile: Bo').click();
    await bo
      .getByRole('dialog')
      .locator('input[type=file]')
      .setInputFiles(await pictureFile(bo, '#ff0'));
    await bo.getByText('Saved').waitFor();
    await gallery.at(bo, 'profile-avatar-phone');
    await closeSheet(bo);
    await bo.goto(address(`/room/${roomId}`));
    await shows(bo, 'the anchor', (it) => it.left === 'red');
    await say(bo, 'Here I am');
    await button(anna, 'Viewers').click();
    await anna.getByRole('dialog').getByText('Bo').waitFor();
    const { width, colour } = await shownPicture(anna, 'dialog img');
    assert.deepEqual([width, colour], [256, 'yellow']);
    await closeSheet(anna);
  });

  it('one that a customer’s own server has is shown, and that server does not learn on which page', async (t) => {
    const { buffer } = await pictureFile(anna, '#080');
    const asked: IncomingHttpHeaders[] = [];
    const theirs = createServer((request, response) => {
      asked.push(request.headers);
      response.writeHead(200, { 'content-type': 'image/png' }).end(buffer);
    }).listen(0, '127.0.0.1');
    t.after(() => {
      theirs.close();
      theirs.closeAllConnections();
    });
    await once(theirs, 'listening');
    const avatar = `http://127.0.0.1:${(theirs.address() as AddressInfo).port}/gil.png`;
    const { token } = await lianmai.rest.ok<{ token: string }>('POST', '/v1/users/token', {
      userId: 'gil',
      nickname: 'Gil',
      avatar,
    });
    using gil = await ChatClient.connect(lianmai.http, token);
    await gil.call('room.enter', { roomId });
    await button(anna, 'Viewers').click();
    await anna.getByRole('dialog').getByText('Gil').waitFor();
    const width = await anna.locator(`dialog img[src="${avatar}"]`).evaluate(async (element) => {
      await (element as HTMLImageElement).decode();
      return (element as HTMLImageElement).naturalWidth;
    });
    assert.equal(width, 800);
    assert.deepEqual(
      asked.map(({ referer }) => referer),
      [undefined],
    );
    gil[Symbol.dispose]();
    // Gone, and not to be mistaken for whom the next tests are about.
    await anna.getByRole('dialog').getByText('Gil').waitFor({ state: 'detached', timeout: PATIENT_MS });
  });
});

describe('somebody is invited', () => {
  it('from the list of viewers, says yes, and is on air', async () => {
    await anna.getByRole('dialog').getByRole('button', { name: 'Invite on air' }).click();
    await bo.getByText('Anna invites you on air').waitFor();
    await gallery.at(bo, 'invited-phone');
    await button(bo, 'Accept').click();
    await gallery.at(bo, 'check-phone');
    await button(bo, 'Go on air').click();
    await Promise.all([seesMember(bo, 'Anna'), seesMember(anna, 'Bo')]);
    await eveSees('Bo at the side', 0.95, 0.75, 'green');
    await eveSees('Anna beside', 0.6, 0.3, 'red');
  });

  it('the layout changes while they are on air, in the same connection', async () => {
    const before = await shows(eve, 'both', (it) => it.right === 'green');
    await button(anna, 'More').click();
    await button(anna, 'Side by side').click();
    await eveSees('Bo has a half', 0.6, 0.3, 'green');
    await eveSees('and Anna the other', 0.4, 0.3, 'red');
    await until(
      'the choice is marked',
      async () => (await button(anna, 'Side by side').getAttribute('aria-pressed')) === 'true',
    );
    await gallery.at(anna, 'layouts-phone');
    await button(anna, 'Guests at the side').click();
    await eveSees('as before', 0.6, 0.3, 'red');
    await closeSheet(anna);
    const after = await shows(eve, 'both', (it) => it.right === 'green');
    assert.deepEqual([after.engine, after.sources], [before.engine, before.sources]);
  });

  it('is taken off air, and told so', async () => {
    await button(anna, 'Take Bo off air').click();
    await bo.getByText('The anchor ended your time on air.').waitFor();
    await eveSees('Anna alone', 0.95, 0.75, 'red');
    await button(bo, 'Come on air').waitFor();
  });

  it('without leave to use the camera is told how to give it, and may think better of it', async () => {
    await bo.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await button(anna, 'Viewers').click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Invite on air' }).click();
    await button(bo, 'Accept').click();
    await bo.getByText(/Press the icon left of the address/).waitFor();
    await gallery.at(bo, 'check-refused-phone');
    await button(bo, 'Not now').click();
    await bo.getByRole('dialog').waitFor({ state: 'detached' });
    await button(bo, 'Come on air').waitFor();
  });
});

describe('the anchor’s tools', () => {
  it('the screen takes the camera’s place, and gives it back', async () => {
    await button(anna, 'More').click();
    await button(anna, 'Share screen').click();
    // The browser's fake screen is of a green that no camera here has.
    await until(
      'the screen',
      async () => {
        const [r = 255, g = 0, b = 255] = (await pixelAt(eve, 0.5, 0.5)) ?? [];
        return g > 200 && r < 140 && b < 140;
      },
      PATIENT_MS,
    );
    await gallery.at(anna, 'screen-phone');
    await button(anna, 'Stop sharing').click();
    await eveSees('the camera', 0.5, 0.5, 'red');
    await closeSheet(anna);
  });

  it('a battle is offered to one of several, who declines', async () => {
    const rivals = await Promise.all(
      ['Cy', 'Dee', 'Fay'].map(async (nickname) => {
        const { rest, session } = await register(lianmai, nickname);
        const room = await rest.ok<{ id: string; channel: { push: { rtmp: string } } }>('POST', '/v1/rooms', {
          title: `${nickname} plays`,
        });
        pushers.push(push(room.channel.push.rtmp, { size: '320x180', fps: 10, gop: 10, bitrateKbps: 100 }));
        const chatter = await ChatClient.connect(lianmai.http, session.token);
        chatters.push(chatter);
        await chatter.call('room.enter', { roomId: room.id });
        return { chatter, id: room.id };
      }),
    );
    await button(anna, 'Battle').click();
    await anna.getByRole('dialog').getByRole('listitem').nth(2).waitFor({ timeout: PATIENT_MS });
    await gallery.at(anna, 'pk-several-phone');
    await button(anna, 'Challenge Dee').click();
    const { chatter } = rivals[1]!;
    const { session } = await chatter.event('pk.invited');
    await anna.getByText('Waiting for Dee').waitFor();
    await gallery.at(anna, 'pk-waiting-phone');
    await chatter.call('pk.respond', { sessionId: session.id, accept: false });
    await anna.getByText('Dee said not now.').waitFor();
  });

  it('who disturbs is muted, then sent out, and told both', async () => {
    await button(anna, 'Viewers').click();
    await button(anna, 'Mute in chat').click();
    await bo.getByPlaceholder('You are muted in this room.').waitFor();
    await gallery.at(bo, 'muted-phone');
    await button(anna, 'Let write again').click();
    await say(bo, 'Thank you');
    await button(anna, 'Send out').click();
    await anna.getByText('Send Bo out of the room?').waitFor();
    await gallery.at(anna, 'kick-sure-phone');
    await button(anna, 'Send out').click();
    await bo.getByPlaceholder('You were sent out of this room.').waitFor();
    await closeSheet(anna);
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
