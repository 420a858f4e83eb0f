import type { Page } from 'playwright-core';

/** Numbers are painted as this many upright bars, dark for 0 and light for 1, the lowest bit first. */
const BITS = 9;
const EVERY_MS = 40;

/** A number and when it was painted or seen, Unix ms by the page's clock. */
export type Moment = [number: number, atMs: number];

/** Lets the page's next WHIP publisher send pictures that each show a number, and a quiet tone. */
export function paintNumbers(page: Page): Promise<void> {
  return page.evaluate(
    async ({ bits, everyMs }) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
      const context = canvas.getContext('2d');
      const sound = new AudioContext({ sampleRate: 48_000 });
      await sound.resume();
      const tone = new OscillatorNode(sound, { frequency: 440 });
      const out = new MediaStreamAudioDestinationNode(sound);
      tone.connect(new GainNode(sound, { gain: 0.05 })).connect(out);
      tone.start();
      const painted: Moment[] = [];
      let number = 0;
      const bar = 640 / bits;
      const paint = () => {
        number = (number + 1) % (1 << bits);
        for (let bit = 0; bit < bits && context; bit++) {
          context.fillStyle = (number >> bit) & 1 ? 'rgb(230 230 230)' : 'rgb(20 20 20)';
          context.fillRect(bit * bar, 0, bar + 1, 360);
        }
        painted.push([number, performance.timeOrigin + performance.now()]);
      };
      setInterval(paint, everyMs);
      const tracks = [...canvas.captureStream(1000 / everyMs).getVideoTracks(), ...out.stream.getAudioTracks()];
      Object.assign(window, { whipMedia: new MediaStream(tracks), paintedNumbers: painted });
    },
    { bits: BITS, everyMs: EVERY_MS },
  );
}

/** Notes each number that the page's video shows from now on, and when it is to be seen. */
export function watchNumbers(page: Page): Promise<void> {
  return page.evaluate(
    ({ bits }) => {
      const seen: Moment[] = [];
      Object.assign(window, { seenNumbers: seen });
      const canvas = Object.assign(document.createElement('canvas'), { width: bits * 16, height: 16 });
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const next = (video: HTMLVideoElement) =>
        video.requestVideoFrameCallback((_now, { expectedDisplayTime }) => {
          context?.drawImage(video, 0, 0, bits * 16, 16);
          const row = context?.getImageData(0, 8, bits * 16, 1).data;
          let number = 0;
          for (let bit = 0; bit < bits; bit++) if ((row?.[(bit * 16 + 8) * 4] ?? 0) > 125) number |= 1 << bit;
          const atMs = performance.timeOrigin + Math.max(expectedDisplayTime, performance.now());
          if (seen.at(-1)?.[0] !== number) seen.push([number, atMs]);
          next(video);
        });
      const video = document.querySelector('video');
      if (video) next(video);
    },
    { bits: BITS },
  );
}

export const seenNumbers = (page: Page): Promise<Moment[]> =>
  page.evaluate(() => (window as unknown as { seenNumbers: Moment[] }).seenNumbers);
export const paintedNumbers = (page: Page): Promise<Moment[]> =>
  page.evaluate(() => (window as unknown as { paintedNumbers: Moment[] }).paintedNumbers);

/** From painting to seeing, ms, of each number that was seen. */
export function delays(painted: readonly Moment[], seen: readonly Moment[]): number[] {
  return seen.flatMap(([number, seenMs]) => {
    const before = painted.findLast(([one, paintedMs]) => one === number && paintedMs <= seenMs);
    return before ? [seenMs - before[1]] : [];
  });
}
