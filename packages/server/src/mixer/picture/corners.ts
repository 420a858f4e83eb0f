import type { MixTile } from '@lianmai/contract';
import { nearestEven, type Rect, type Size } from '../layout/tile.ts';
import { parseColour } from './colour.ts';
import { Backing, fillRect, type Planes } from './planes.ts';

/** Shares of 256 for the pixels of a corner. */
interface Mask {
  luma: Uint16Array;
  chroma: Uint16Array;
}

/** Which corner: 1 set: right, 2 set: bottom. */
type Corner = 0 | 1 | 2 | 3;
const CORNERS: readonly Corner[] = [0, 1, 2, 3];

/**
 * A tile's edge: what is under its rounded corners shows there, and its border lies on the picture. What is under the
 * corners is kept, so that a new picture in the tile does not need the tiles below to be drawn again.
 */
export class Edge {
  readonly #rect: Rect;
  readonly #thickness: number;
  readonly #colour: string;
  readonly #side: number;
  readonly #backings: Backing[];
  readonly #outside: Mask[];
  readonly #ring: Mask[] | null;

  /** @param border its width is rounded to an even number: colours are for two pixels each. */
  constructor(rect: Rect, radius: number, border: MixTile['border']) {
    const most = Math.floor(Math.min(rect.width, rect.height) / 2);
    const round = Math.min(radius, most);
    this.#rect = rect;
    this.#thickness = border ? Math.min(Math.max(2, nearestEven(border.width)), most & ~1) : 0;
    this.#colour = border?.color ?? '';
    this.#side = Math.min(Math.max(round + (round & 1), this.#thickness), most & ~1);
    const side = this.#side;
    const masks = side > 0 && round > 0;
    this.#backings = masks
      ? CORNERS.map((corner) => new Backing({ ...this.#at(corner), width: side, height: side }))
      : [];
    this.#outside = masks ? CORNERS.map((corner) => mask(side, corner, (x, y) => outside(x, y, round))) : [];
    const inner = Math.max(0, round - this.#thickness);
    this.#ring =
      border && side > 0
        ? CORNERS.map((corner) =>
            mask(side, corner, (x, y) => outside(x - this.#thickness, y - this.#thickness, inner)),
          )
        : null;
  }

  /** Keeps what is under the corners; the tile is not drawn yet. */
  save(planes: Planes): void {
    for (const backing of this.#backings) backing.save(planes);
  }

  /** Puts back what was under the corners, as if the tile had not been drawn. */
  restore(planes: Planes): void {
    for (const backing of this.#backings) backing.restore(planes);
  }

  /** Draws the border and cuts the corners out of the tile's picture. */
  draw(planes: Planes): void {
    if (this.#ring) this.#drawBorder(planes, this.#ring);
    for (const [i, backing] of this.#backings.entries()) cut(planes, backing, this.#outside[i] as Mask);
  }

  #drawBorder(planes: Planes, ring: Mask[]): void {
    const { x, y, width, height } = this.#rect;
    const colour = parseColour(this.#colour);
    const [side, thickness] = [this.#side, this.#thickness];
    const across = { x: x + side, width: width - 2 * side, height: thickness };
    fillRect(planes, { ...across, y }, colour);
    fillRect(planes, { ...across, y: y + height - thickness }, colour);
    const down = { y: y + side, width: thickness, height: height - 2 * side };
    fillRect(planes, { ...down, x }, colour);
    fillRect(planes, { ...down, x: x + width - thickness }, colour);
    for (const corner of CORNERS) paint(planes, { ...this.#at(corner), width: side }, ring[corner] as Mask, colour);
  }

  #at(corner: Corner): { x: number; y: number } {
    const { x, y, width, height } = this.#rect;
    return { x: corner & 1 ? x + width - this.#side : x, y: corner & 2 ? y + height - this.#side : y };
  }
}

/** How much (0 to 1) of a pixel is outside of a rounded corner at the upper left; coordinates of its middle. */
function outside(x: number, y: number, radius: number): number {
  if (x < 0 || y < 0) return 1;
  if (x >= radius || y >= radius) return 0;
  return Math.min(1, Math.max(0, Math.hypot(radius - x, radius - y) - radius + 0.5));
}

function mask(side: number, corner: Corner, share: (x: number, y: number) => number): Mask {
  const luma = new Uint16Array(side * side);
  const chroma = new Uint16Array((side * side) / 4);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const value = 256 * share((corner & 1 ? side - 1 - x : x) + 0.5, (corner & 2 ? side - 1 - y : y) + 0.5);
      luma[y * side + x] = Math.round(value);
      chroma[((y >> 1) * side) / 2 + (x >> 1)]! += Math.round(value / 4);
    }
  return { luma, chroma };
}

function cut({ data, linesize }: Planes, backing: Backing, { luma, chroma }: Mask): void {
  const { x, y, width, height } = backing.rect;
  for (const index of [0, 1, 2] as const) {
    const shift = index === 0 ? 0 : 1;
    const under = backing.plane(index);
    const shares = index === 0 ? luma : chroma;
    const plane = data[index];
    for (let row = 0, i = 0; row < height >> shift; row++) {
      let to = ((y >> shift) + row) * linesize[index] + (x >> shift);
      for (const end = to + (width >> shift); to < end; to++, i++) {
        const share = shares[i] as number;
        plane[to] = ((plane[to] as number) * (256 - share) + (under[i] as number) * share + 128) >> 8;
      }
    }
  }
}

function paint(
  { data, linesize }: Planes,
  { x, y, width }: Pick<Rect, 'x' | 'y'> & Pick<Size, 'width'>,
  { luma, chroma }: Mask,
  colour: { y: number; u: number; v: number },
): void {
  const values = [colour.y, colour.u, colour.v] as const;
  for (const index of [0, 1, 2] as const) {
    const shift = index === 0 ? 0 : 1;
    const shares = index === 0 ? luma : chroma;
    const plane = data[index];
    for (let row = 0, i = 0; row < width >> shift; row++) {
      let to = ((y >> shift) + row) * linesize[index] + (x >> shift);
      for (const end = to + (width >> shift); to < end; to++, i++) {
        const share = shares[i] as number;
        plane[to] = ((plane[to] as number) * (256 - share) + values[index] * share + 128) >> 8;
      }
    }
  }
}
