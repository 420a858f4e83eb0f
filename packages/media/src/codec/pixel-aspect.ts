import type { BitReader } from './bit-reader.ts';

export interface PixelAspect {
  width: number;
  height: number;
}

const EXTENDED_SAR = 255;

/** ISO 14496-10 table E-1 and ISO 23008-2 table E.1, aspect_ratio_idc 1 to 16. */
const RATIOS = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;

/** Reads a VUI's aspect_ratio_idc and what belongs to it; null when pixels are square or nothing is said. */
export function aspectOf(reader: BitReader): PixelAspect | null {
  const index = reader.bits(8);
  const [width, height] =
    index === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : (RATIOS[index - 1] ?? ([0, 0] as const));
  return width === 0 || height === 0 || width === height ? null : { width, height };
}
