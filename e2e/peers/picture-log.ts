import type { Page } from 'playwright-core';
import { COLOURS, type ColourName } from './coloured.ts';

interface PictureLog {
  /** The stream's time of each picture shown, ms. */
  times: number[];
}

/** Begins to note every picture that the page's video shows; false while it shows none. */
export function watchPictures(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video || video.videoWidth === 0 || video.currentTime === 0) return false;
    const log: PictureLog = { times: [] };
    Object.assign(window, { pictureLog: log });
    const shown = (_now: number, { mediaTime, rtpTimestamp }: VideoFrameCallbackMetadata) => {
      log.times.push(rtpTimestamp === undefined ? mediaTime * 1000 : rtpTimestamp / 90);
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
    return true;
  });
}

/** What was noted, by the stream's own times. */
export async function picturesOf(page: Page): Promise<{ count: number; longestStepMs: number }> {
  const { times } = await page.evaluate(() => (window as unknown as { pictureLog: PictureLog }).pictureLog);
  const steps = times.slice(1).map((time, i) => time - times[i]!);
  return { count: times.length, longestStepMs: Math.max(0, ...steps) };
}

/** In how many pieces the media element holds what it was sent. At a hole its picture stands still. */
export const piecesOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector('video')?.buffered.length ?? 0);

/** The colour in the middle of the picture's right half; null: none of those that are pushed. */
export async function seenRight(page: Page): Promise<ColourName | null> {
  const pixel = await page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video || video.videoWidth === 0) return null;
    const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
    const context = canvas.getContext('2d');
    context?.drawImage(video, 0, 0, 8, 8);
    return [...(context?.getImageData(6, 4, 1, 1).data ?? [])];
  });
  if (!pixel) return null;
  const [name] =
    Object.entries(COLOURS).find(([, colour]) => colour.every((value, i) => Math.abs(value - (pixel[i] ?? 0)) < 60)) ??
    [];
  return (name as ColourName | undefined) ?? null;
}
