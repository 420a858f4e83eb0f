import type { Rect, Size } from '../layout/tile.ts';
import { yuvOf } from './colour.ts';
import type { Planes } from './planes.ts';

/** Pixels of red, green, blue and alpha, rows without padding. */
export interface Rgba extends Size {
  data: Uint8Array;
}

/**
 * Something drawn once and laid over the canvas often. Colours are multiplied by their alpha already and what stays of
 * the canvas (0 to 256) is kept beside them, so that a pixel costs one multiplication.
 */
export interface Sprite extends Size {
  readonly luma: Layer;
  readonly u: Layer;
  readonly v: Layer;
}

interface Layer {
  readonly colour: Uint8Array;
  readonly stays: Uint16Array;
}

/** @param image its sides are cut to even ones. */
export function spriteOf(image: Rgba): Sprite {
  const width = image.width & ~1;
  const height = image.height & ~1;
  const luma = layer(width * height);
  const u = layer((width * height) / 4);
  const v = layer((width * height) / 4);
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      let [alpha, sumU, sumV] = [0, 0, 0];
      for (const [dx, dy] of BLOCK) {
        const from = ((y + dy) * image.width + x + dx) * 4;
        const [r, g, b, a] = [image.data[from], image.data[from + 1], image.data[from + 2], image.data[from + 3]];
        const share = (a as number) / 255;
        const yuv = yuvOf(r as number, g as number, b as number);
        set(luma, (y + dy) * width + x + dx, yuv.y, share);
        alpha += share;
        sumU += yuv.u * share;
        sumV += yuv.v * share;
      }
      const at = ((y >> 1) * width) / 2 + (x >> 1);
      set(u, at, alpha > 0 ? sumU / alpha : 0, alpha / 4);
      set(v, at, alpha > 0 ? sumV / alpha : 0, alpha / 4);
    }
  return { width, height, luma, u, v };
}

/** How much memory it takes. */
export const spriteBytes = ({ width, height }: Size): number => (width * height * 9) / 2;

const BLOCK = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

const layer = (length: number): Layer => ({ colour: new Uint8Array(length), stays: new Uint16Array(length) });

function set({ colour, stays }: Layer, at: number, value: number, alpha: number): void {
  colour[at] = Math.round(value * alpha);
  stays[at] = Math.round(256 * (1 - alpha));
}

/** Lays it over the canvas with its upper left corner at an even pixel, only within `box` (even). */
export function blend(planes: Planes, sprite: Sprite, left: number, top: number, box: Rect): void {
  const fromX = Math.max(0, box.x - left);
  const fromY = Math.max(0, box.y - top);
  const toX = Math.min(sprite.width, box.x + box.width - left);
  const toY = Math.min(sprite.height, box.y + box.height - top);
  if (toX <= fromX || toY <= fromY) return;
  const { data, linesize } = planes;
  const part = { fromX, fromY, toX, toY };
  const half = { fromX: fromX >> 1, fromY: fromY >> 1, toX: toX >> 1, toY: toY >> 1 };
  blendLayer(data[0], linesize[0], sprite.luma, sprite.width, left, top, part);
  blendLayer(data[1], linesize[1], sprite.u, sprite.width >> 1, left >> 1, top >> 1, half);
  blendLayer(data[2], linesize[2], sprite.v, sprite.width >> 1, left >> 1, top >> 1, half);
}

interface Part {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
}

function blendLayer(
  plane: Uint8Array,
  linesize: number,
  { colour, stays }: Layer,
  width: number,
  left: number,
  top: number,
  { fromX, fromY, toX, toY }: Part,
): void {
  for (let y = fromY; y < toY; y++) {
    let from = y * width + fromX;
    let to = (top + y) * linesize + left + fromX;
    for (const end = to + toX - fromX; to < end; to++, from++)
      plane[to] = (colour[from] as number) + (((plane[to] as number) * (stays[from] as number) + 128) >> 8);
  }
}
