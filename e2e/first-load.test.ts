import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { DESKTOP, PATIENT_MS, PHONE, register, visit } from './peers/app-page.ts';
import { ChatClient } from './peers/chat-client.ts';
import { Browser } from './peers/chromium.ts';
import { push } from './peers/ffmpeg.ts';
import type { Program } from './peers/program.ts';
import { until } from './until.ts';

/** JavaScript before a player library is needed, gzip. */
const LIMIT_KB = 220;
/** Player libraries come when there is something to play. */
const LIBRARIES = /\/(flv|hls)-[^/]+\.js$/;
/** Of the page's height and width that moved by itself: what Web Vitals call good is 0.1. */
const MOST_SHIFT = 0.05;

interface Room {
  id: string;
  channel: { stream: string; push: { rtmp: string } };
}

let lianmai: Lianmai;
let browser: Browser;
let publisher: Program;
let room: Room;
let chatter: ChatClient;

before(async () => {
  lianmai = await Lianmai.start({ workers: 1 });
  browser = await Browser.start();
  const { rest, session } = await register(lianmai, 'Anna');
  room = await rest.ok<Room>('POST', '/v1/rooms', { title: 'A room with a title that takes two lines in the list' });
  publisher = push(room.channel.push.rtmp, { size: '320x180', fps: 10, gop: 10, bitrateKbps: 100 });
  chatter = await ChatClient.connect(lianmai.http, session.token);
  await chatter.call('room.enter', { roomId: room.id });
  for (let i = 0; i < 30; i++) await chatter.call('room.send', { roomId: room.id, kind: 'text', body: `Line ${i}` });
  await until(
    'live',
    async () => (await lianmai.rest.ok<{ state: string }>('GET', `/v1/rooms/${room.id}`)).state === 'live',
    PATIENT_MS,
  );
});
after(async () => {
  chatter?.[Symbol.dispose]();
  await publisher?.[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

/** The scripts that a page has loaded so far. */
const scriptsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js')),
  );

async function gzipKb(urls: readonly string[]): Promise<number> {
  const sizes = urls.map(async (url) => {
    const answer = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
    await answer.arrayBuffer();
    assert.equal(answer.headers.get('content-encoding'), 'gzip', url);
    return Number(answer.headers.get('content-length')) / 1000;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** How far things have moved by themselves since the page began to load. */
const shiftOf = (page: Page): Promise<{ shift: number; moved: string[] }> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        interface Shift extends PerformanceEntry {
          value: number;
          hadRecentInput: boolean;
          sources: { node: Node | null }[];
        }
        let shift = 0;
        const moved: string[] = [];
        const observer = new PerformanceObserver((list) => {
          for (const { value, hadRecentInput, sources } of list.getEntries() as Shift[]) {
            if (hadRecentInput) continue;
            shift += value;
            for (const { node } of sources) if (node instanceof Element) moved.push(node.outerHTML.slice(0, 120));
          }
        });
        observer.observe({ type: 'layout-shift', buffered: true });
        // Buffered entries come in a task of their own.
        setTimeout(() => resolve({ shift, moved }), 100);
      }),
  );

for (const size of [PHONE, DESKTOP])
  describe(`pages that are opened for the first time, ${size.width} px wide`, () => {
    for (const [name, path, shown] of [
      ['the list', () => '/', (page: Page) => page.getByRole('link', { name: /A room with/ }).waitFor()],
      ['a room', () => `/room/${room.id}`, (page: Page) => page.getByText('Line 29').waitFor()],
      ['a channel', () => `/watch/${room.channel.stream}`, (page: Page) => page.getByRole('toolbar').waitFor()],
    ] as const)
      it(`${name} loads little before a player is needed, and nothing jumps`, async (t) => {
        const page = await browser.open('about:blank', size);
        await visit(page, `${lianmai.http}${path()}${'?lang=en'}`, null);
        await shown(page);
        if (name !== 'the list')
          await page.waitForFunction(
            () => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 5,
          );
        const scripts = await scriptsOf(page);
        const kb = await gzipKb(scripts.filter((url) => !LIBRARIES.test(url)));
        t.diagnostic(`${kb.toFixed(1)} kB of JavaScript, ${(await gzipKb(scripts)).toFixed(1)} kB with a player`);
        assert.ok(kb > 0 && kb <= LIMIT_KB, `${kb} kB`);
        const { shift, moved } = await shiftOf(page);
        t.diagnostic(`moved by ${shift.toFixed(3)}`);
        assert.ok(shift <= MOST_SHIFT, `${shift}: ${moved.join('\n')}`);
        await page.close();
      });
  });
