import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { lobby, pictures, sees } from './peers/call-page.ts';
import { Browser } from './peers/chromium.ts';
import { until } from './until.ts';

const NAMES = ['Anna', 'Bo', 'Cy', 'Dee'];
/** Four browsers on one busy machine. */
const SLOW_MS = 60_000;

let lianmai: Lianmai;
const browsers: Browser[] = [];
const pages = new Map<string, Page>();

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '0' } });
  for (const _ of NAMES) browsers.push(await Browser.start());
});
after(async () => {
  for (const browser of browsers) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
});

/** Cameras that are little work: sixteen connections share the machine. */
async function smallCamera(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const camera = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = ({ audio, video }: MediaStreamConstraints = {}) =>
      camera({ ...(audio && { audio }), ...(video && { video: { width: 160, height: 120, frameRate: 10 } }) });
  });
}

describe('a call of four browsers', () => {
  it('everybody sees everybody: all tiles play', async () => {
    for (const [i, name] of NAMES.entries()) {
      const browser = browsers[i];
      if (!browser) throw new Error('a browser for each');
      const blank = await browser.open('about:blank', { width: 640, height: 480 });
      await smallCamera(blank);
      await blank.goto(`${lianmai.http}/call/four?lang=en`);
      await blank.getByRole('textbox').fill(name);
      await blank.getByRole('button', { name: 'Join' }).click();
      pages.set(name, blank);
    }
    for (const [name, page] of pages)
      await Promise.all(NAMES.filter((other) => other !== name).map((other) => sees(page, other, 20, SLOW_MS)));
  });

  it('one leaves: its tile goes, the others play on', async () => {
    const gone = pages.get('Dee');
    await gone?.getByRole('button', { name: 'Leave' }).click();
    pages.delete('Dee');
    for (const [name, page] of pages) {
      await until('Dee is gone', async () => (await pictures(page, 'Dee')) === null, SLOW_MS);
      await Promise.all(
        [...pages.keys()].filter((other) => other !== name).map((other) => sees(page, other, 5, SLOW_MS)),
      );
    }
  });

  it('there is room for another', async () => {
    const browser = browsers[3];
    if (!browser) throw new Error('a browser for each');
    const page = await lobby(browser, `${lianmai.http}/call/four?lang=en`, 'Eve', { width: 640, height: 480 });
    await page.getByRole('button', { name: 'Join' }).click();
    await sees(page, 'Anna', 5, SLOW_MS);
  });
});
