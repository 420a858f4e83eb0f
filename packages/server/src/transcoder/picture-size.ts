export interface PictureSize {
  width: number;
  height: number;
}

const LONGEST_SIDE = 1920;
const SHORTEST_SIDE = 1080;

/** The size a picture is encoded at: even, as 4:2:0 needs, its shape kept, at most 1080p lying or standing. */
export function encodedSize({ width, height }: PictureSize): PictureSize {
  const fit = Math.min(1, LONGEST_SIDE / Math.max(width, height), SHORTEST_SIDE / Math.min(width, height));
  return { width: even(width * fit), height: even(height * fit) };
}

/** The size of a small picture, its shape kept: even, and no wider than this. */
export function sizeWithin({ width, height }: PictureSize, widest: number): PictureSize {
  const fit = Math.min(1, widest / width);
  return { width: even(width * fit), height: even(height * fit) };
}

const even = (pixels: number) => Math.max(2, 2 * Math.floor((pixels + 1e-6) / 2));
