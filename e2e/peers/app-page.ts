import type { Page } from 'playwright-core';
import { en } from '../../packages/web/src/i18n/en.ts';
import { zh } from '../../packages/web/src/i18n/zh.ts';
import type { Lianmai } from '../lianmai.ts';
import { Rest } from '../rest.ts';
import { PATIENT_MS, until } from '../until.ts';
import { COLOURS, type ColourName } from './coloured.ts';

export { PATIENT_MS };
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };
/** The words that the pages are found by. */
export const WORDS = { en, zh };
export type Words = typeof en | typeof zh;
export const PASSWORD = 'correct horse';

/** Whoever is logged in, as the pages keep it. */
export interface AppSession {
  token: string;
  user: { userId: string; nickname: string };
}

/** Somebody new, by REST. */
export async function register(lianmai: Lianmai, nickname: string): Promise<{ rest: Rest; session: AppSession }> {
  const nobody = new Rest(lianmai.http, 'nobody');
  const session = await nobody.ok<AppSession>('POST', '/v1/users/register', { nickname, password: PASSWORD });
  return { rest: new Rest(lianmai.http, session.token), session };
}

/** Opens a page of the app with somebody logged in already; null: nobody. */
export async function visit(page: Page, url: string, session: AppSession | null): Promise<void> {
  await page.goto(new URL('/icon.svg', url).href);
  await page.evaluate((kept) => {
    localStorage.clear();
    if (kept) localStorage.setItem('lianmai.session', kept);
  }, session && JSON.stringify(session));
  await page.goto(url);
}

/** Signs up in the sheet that is open. */
export async function signUp(page: Page, nickname: string, words: Words = en): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(words.account.nickname).fill(nickname);
  await dialog.getByLabel(words.account.password).fill(PASSWORD);
  await dialog.getByRole('button', { name: words.account.register, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Goes live with the camera. @returns the room's id. */
export async function goLive(page: Page, lianmai: Lianmai, title: string, words: Words = en): Promise<string> {
  await page.getByRole('textbox', { name: words.golive.roomTitle }).fill(title);
  const opened = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().endsWith('/v1/rooms'),
  );
  await page.getByRole('button', { name: words.golive.start }).click();
  const { id } = (await (await opened).json()) as { id: string };
  await isLive(lianmai, id);
  return id;
}

export async function isLive(lianmai: Lianmai, roomId: string): Promise<void> {
  await until(
    'the room is live',
    async () => (await lianmai.rest.ok<{ state: string }>('GET', `/v1/rooms/${roomId}`)).state === 'live',
    PATIENT_MS,
  );
}

export interface Watched {
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
export async function watched(page: Page): Promise<Watched | null> {
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
  return seen && { ...seen, left: colourOf(seen.left), right: colourOf(seen.right) };
}

/** A pixel of the viewer's player, at fractions of the picture; null: there is none. */
export function pixelAt(page: Page, x: number, y: number): Promise<number[] | null> {
  return page.evaluate(
    ([x, y]) => {
      const video = document.querySelector<HTMLVideoElement>('video[data-player]');
      if (!video || video.videoWidth === 0) return null;
      const drawing = Object.assign(document.createElement('canvas'), { width: 100, height: 100 }).getContext('2d');
      drawing?.drawImage(video, 0, 0, 100, 100);
      return [...(drawing?.getImageData(x * 100, y * 100, 1, 1).data ?? [])].slice(0, 3);
    },
    [x, y] as const,
  );
}

/** Which of the cameras' colours a pixel is; null: none. */
export function colourOf(pixel: readonly number[]): ColourName | null {
  const names = Object.keys(COLOURS) as ColourName[];
  return names.find((name) => COLOURS[name].every((value, i) => Math.abs(value - (pixel[i] ?? 0)) < 70)) ?? null;
}

/** The width of a picture of the page, and the colour in its middle. */
export const shownPicture = async (
  page: Page,
  selector: string,
): Promise<{ width: number; colour: ColourName | null }> => {
  const { width, pixel } = await page
    .locator(selector)
    .first()
    .evaluate(async (element) => {
      const image = element as HTMLImageElement;
      await image.decode();
      const drawing = Object.assign(document.createElement('canvas'), { width: 4, height: 4 }).getContext('2d')!;
      drawing.drawImage(image, 0, 0, 4, 4);
      return { width: image.naturalWidth, pixel: [...drawing.getImageData(2, 2, 1, 1).data].slice(0, 3) };
    });
  return { width, colour: colourOf(pixel) };
};

/** Waits until the viewer's player shows what the test wants. */
export const shows = (page: Page, what: string, test: (it: Watched) => boolean): Promise<Watched> =>
  until(
    what,
    async () => {
      const now = await watched(page);
      return now && test(now) ? now : null;
    },
    PATIENT_MS,
  );

/** Waits until it moves, too: another connection counts its pictures from nothing. */
export async function showsMoving(page: Page, what: string, test: (it: Watched) => boolean): Promise<Watched> {
  let last = Number.POSITIVE_INFINITY;
  return shows(page, what, (it) => {
    const moves = it.frames > last + 5;
    last = Math.min(last, it.frames);
    return moves && test(it);
  });
}

/** Waits for more decoded pictures of a member on air, as this page sees it. */
export async function seesMember(page: Page, nickname: string): Promise<void> {
  const count = () =>
    page.evaluate(
      (name) =>
        document
          .querySelector<HTMLVideoElement>(`[data-member="${name}"][data-state="picture"] video`)
          ?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      nickname,
    );
  let last = await count();
  let more = 0;
  await until(
    `${nickname} is seen`,
    async () => {
      const now = await count();
      more += now >= last ? now - last : now;
      last = now;
      return more > 10;
    },
    PATIENT_MS,
  );
}

/** Writes in the chat. */
export async function say(page: Page, text: string, words: Words = en): Promise<void> {
  await page.getByPlaceholder(words.chat.placeholder).fill(text);
  await page.keyboard.press('Enter');
}

/** Waits until the chat shows it. */
export const reads = (page: Page, text: string): Promise<void> =>
  page.getByRole('log').getByText(text, { exact: true }).waitFor({ timeout: PATIENT_MS });

/** Keeps what appears on the page from now on: much of it is gone in some seconds, before a busy machine has looked. */
export async function keepWords(page: Page): Promise<void> {
  await page.evaluate(() => {
    const words: string[] = [];
    Object.assign(window, { words });
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes)
        for (const node of [...addedNodes, ...(target instanceof Text ? [target] : [])])
          words.push(node.textContent ?? '');
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

/** Waits until the text has appeared since {@link keepWords}, wherever on the page. */
export const appeared = (page: Page, text: string): Promise<true> =>
  until(`it said: ${text}`, () =>
    page.evaluate(
      (wanted) => (window as unknown as { words: string[] }).words.some((word) => word.includes(wanted)),
      text,
    ),
  );
