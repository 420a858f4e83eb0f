import { yuvOf } from './colour.ts';
import type { Rgba } from './sprite.ts';
import type { TextMask } from './text.ts';

const INK = [255, 255, 255] as const;
const PILL = { colour: [0, 0, 0] as const, alpha: 0.5 };

/** A name on a half-transparent dark pill. */
export function namePill(text: TextMask): Rgba {
  const side = Math.round(text.height * 0.45);
  const height = evenUp(text.height + 2 * Math.round(text.height * 0.12));
  const width = evenUp(text.width + 2 * side);
  const radius = height / 2;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      put(data, y * width + x, PILL.colour, PILL.alpha * insideRounded(x + 0.5, y + 0.5, width, height, radius));
  const image = { width, height, data };
  overlay(image, text, (width - text.width) >> 1, (height - text.height) >> 1);
  return image;
}

/** A round avatar: the picture cut to a circle. @param picture as wide as high */
export function roundPicture(picture: Rgba): Rgba {
  const { width, height } = picture;
  const data = Uint8Array.from(picture.data);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4 + 3;
      data[at] = Math.round((data[at] as number) * insideRounded(x + 0.5, y + 0.5, width, height, width / 2));
    }
  return { width, height, data };
}

/** A disc in a colour, with a character (or nothing) in its middle. */
export function initialDisc(side: number, rgb: readonly [number, number, number], initial: TextMask | null): Rgba {
  const data = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) put(data, y * side + x, rgb, insideRounded(x + 0.5, y + 0.5, side, side, side / 2));
  const image = { width: side, height: side, data };
  if (initial) overlay(image, initial, (side - initial.width) >> 1, (side - initial.height) >> 1);
  return image;
}

/** Opaque planes of a picture (even sides), laid on a colour where it is transparent. */
export function flatten(
  image: Rgba,
  background: { y: number; u: number; v: number },
): [Uint8Array, Uint8Array, Uint8Array] {
  const { width, height, data } = image;
  const luma = new Uint8Array(width * height);
  const u = new Uint8Array((width * height) / 4);
  const v = new Uint8Array((width * height) / 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const share = (data[from + 3] as number) / 255;
      const yuv = yuvOf(data[from] as number, data[from + 1] as number, data[from + 2] as number);
      luma[y * width + x] = Math.round(yuv.y * share + background.y * (1 - share));
      if (x & 1 || y & 1) continue;
      const at = ((y >> 1) * width) / 2 + (x >> 1);
      u[at] = Math.round(yuv.u * share + background.u * (1 - share));
      v[at] = Math.round(yuv.v * share + background.v * (1 - share));
    }
  return [luma, u, v];
}

const evenUp = (value: number) => value + (value & 1);

function put(data: Uint8Array, pixel: number, [r, g, b]: readonly [number, number, number], alpha: number): void {
  data.set([r, g, b, Math.round(255 * alpha)], pixel * 4);
}

function overlay(image: Rgba, text: TextMask, left: number, top: number): void {
  for (let y = 0; y < text.height; y++)
    for (let x = 0; x < text.width; x++) {
      const share = (text.alpha[y * text.width + x] as number) / 255;
      const [toX, toY] = [left + x, top + y];
      if (share === 0 || toX < 0 || toY < 0 || toX >= image.width || toY >= image.height) continue;
      const at = (toY * image.width + toX) * 4;
      const under = ((image.data[at + 3] as number) / 255) * (1 - share);
      const alpha = share + under;
      for (const channel of [0, 1, 2] as const)
        image.data[at + channel] = Math.round(
          (INK[channel] * share + (image.data[at + channel] as number) * under) / alpha,
        );
      image.data[at + 3] = Math.round(255 * alpha);
    }
}

/** How much (0 to 1) of a pixel is inside a rounded box. */
function insideRounded(x: number, y: number, width: number, height: number, radius: number): number {
  const dx = Math.max(radius - x, x - (width - radius), 0);
  const dy = Math.max(radius - y, y - (height - radius), 0);
  return Math.min(1, Math.max(0, radius - Math.hypot(dx, dy) + 0.5));
}
