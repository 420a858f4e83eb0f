import type { Page } from 'playwright-core';
import { PATIENT_MS, until } from '../until.ts';
import type { Browser } from './chromium.ts';

/** The lobby of a call, with this name in the field. */
export async function lobby(
  browser: Browser,
  url: string,
  nickname: string,
  size = { width: 1440, height: 900 },
): Promise<Page> {
  const page = await browser.open(url, size);
  await page.getByRole('textbox').fill(nickname);
  return page;
}

/** Decoded pictures of the member; null while it is not shown by video. */
export function pictures(page: Page, nickname: string): Promise<number | null> {
  return page.evaluate((name) => {
    const tile = [...document.querySelectorAll('main li')].find((item) => item.textContent?.includes(name));
    const video = tile?.querySelector('video');
    if (video?.dataset['hidden'] !== 'false' || video.videoWidth === 0) return null;
    return video.getVideoPlaybackQuality().totalVideoFrames;
  }, nickname);
}

/** Waits until so many more pictures of the member were decoded. */
export async function sees(page: Page, nickname: string, more: number, timeoutMs = PATIENT_MS): Promise<void> {
  await sawMore(`${more} more pictures of ${nickname}`, more, () => pictures(page, nickname), timeoutMs);
}

/** Waits until the page's only player has decoded so many more pictures. */
export async function shows(page: Page, more: number, timeoutMs = PATIENT_MS): Promise<void> {
  const count = () =>
    page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? null);
  await sawMore(`${more} more pictures`, more, count, timeoutMs);
}

/** @param count begins anew with each connection. */
async function sawMore(
  what: string,
  more: number,
  count: () => Promise<number | null>,
  timeoutMs: number,
): Promise<void> {
  let before = (await count()) ?? 0;
  let seen = 0;
  await until(
    what,
    async () => {
      const now = await count();
      if (now === null) return false;
      seen += now >= before ? now - before : now;
      before = now;
      return seen >= more;
    },
    timeoutMs,
  );
}
