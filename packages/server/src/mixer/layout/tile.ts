import type { MixTile } from '@lianmai/contract';

/** Pixels; x and y from the upper left corner. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Size = Pick<Rect, 'width' | 'height'>;

/** A tile as it is drawn: even whole pixels inside the canvas, because 4:2:0 has one colour sample for two by two of them. */
export interface PlacedTile extends Rect {
  input: string;
  /** Higher ones cover lower ones; of equals the later covers. */
  layer: number;
  /** auto: cover when that cuts little of the picture, otherwise contain. */
  fit: MixTile['fit'] | 'auto';
  /** In fractions of the picture. */
  crop: Rect | null;
  radius: number;
  border: MixTile['border'];
  /** Whether the input's name is drawn. */
  label: boolean;
  /** false: avatar and name only, whatever the input sends. */
  picture: boolean;
  /** In no layout any more, and shrinking. */
  isLeaving?: true;
}

/** Never -0. */
export const nearestEven = (value: number): number => 2 * Math.round(value / 2) + 0;

/** The edges rounded, not the size: neighbours stay neighbours. */
export function evenRect({ x, y, width, height }: Rect): Rect {
  const left = nearestEven(x);
  const top = nearestEven(y);
  return { x: left, y: top, width: nearestEven(x + width) - left, height: nearestEven(y + height) - top };
}

/** The part of it that is on the canvas; null: nothing is. */
export function clip(rect: Rect, canvas: Size): Rect | null {
  const x = Math.max(0, rect.x);
  const y = Math.max(0, rect.y);
  const width = Math.min(canvas.width, rect.x + rect.width) - x;
  const height = Math.min(canvas.height, rect.y + rect.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

export const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
