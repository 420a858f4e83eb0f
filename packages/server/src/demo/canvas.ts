import type { Mask, StrokeFont } from './stroke-font.ts';

/** Y, Cb, Cr of ITU-R BT.709, limited range. */
export type Colour = readonly [y: number, u: number, v: number];

/** @param hex `#rrggbb`. */
export function colour(hex: string): Colour {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return fromRgb(r, g, b);
}

/** ITU-R BT.709-6 3.2-3.4: 0-255 RGB to limited range. */
export function fromRgb(r: number, g: number, b: number): Colour {
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return [16 + (219 / 255) * y, 128 + (224 / 255) * ((b - y) / 1.8556), 128 + (224 / 255) * ((r - y) / 1.5748)];
}

/** A picture in planar YUV 4:2:0. Coordinates and sizes given to its methods are rounded to even pixels; what sticks out is cut. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** The three planes one after another, without padding. */
  readonly data: Buffer;
  readonly planes: readonly [y: Buffer, u: Buffer, v: Buffer];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const luma = width * height;
    this.data = Buffer.alloc((luma * 3) / 2, 128);
    this.planes = [
      this.data.subarray(0, luma).fill(16),
      this.data.subarray(luma, luma + luma / 4),
      this.data.subarray(luma + luma / 4),
    ];
  }

  set(x: number, y: number, [luma, u, v]: Colour): void {
    this.planes[0][y * this.width + x] = luma;
    const at = (y >> 1) * (this.width >> 1) + (x >> 1);
    this.planes[1][at] = u;
    this.planes[2][at] = v;
  }

  fill(x: number, y: number, width: number, height: number, [luma, u, v]: Colour): void {
    const area = this.#cut(x, y, width, height);
    const values = [luma, u, v] as const;
    for (const [i, plane] of this.planes.entries()) {
      const { left, top, right, bottom, stride } = area(i);
      for (let row = top; row < bottom; row++) plane.fill(values[i] ?? 0, row * stride + left, row * stride + right);
    }
  }

  /** Puts the same area of another picture of this size here. */
  restore(from: Canvas, x: number, y: number, width: number, height: number): void {
    const area = this.#cut(x, y, width, height);
    for (const [i, plane] of this.planes.entries()) {
      const { left, top, right, bottom, stride } = area(i);
      for (let row = top; row < bottom; row++)
        from.planes[i]?.copy(plane, row * stride + left, row * stride + left, row * stride + right);
    }
  }

  /** Paints a shape with its top left corner at (x, y). @param opacity 0-1. */
  blend(mask: Mask, x: number, y: number, [luma, u, v]: Colour, opacity = 1): void {
    const left = (x >> 1) << 1;
    const top = (y >> 1) << 1;
    const weight = Math.round(opacity * 256);
    const { width, height } = this;
    blendPlane(this.planes[0], width, height, mask.luma, mask.width, left, top, luma, weight);
    const args = [width >> 1, height >> 1, mask.chroma, mask.width >> 1, left >> 1, top >> 1] as const;
    blendPlane(this.planes[1], ...args, u, weight);
    blendPlane(this.planes[2], ...args, v, weight);
  }

  /** @param align where `x` is in the text. @param y the top of the capitals. */
  write(
    font: StrokeFont,
    text: string,
    x: number,
    y: number,
    ink: Colour,
    align: 'left' | 'centre' | 'right' = 'left',
  ): void {
    const width = align === 'left' ? 0 : font.measure(text);
    const left = x - font.margin - (align === 'centre' ? width / 2 : width);
    for (const { mask, x: offset } of font.layout(text)) this.blend(mask, left + offset, y - font.margin, ink);
  }

  #cut(x: number, y: number, width: number, height: number) {
    return (plane: number) => {
      const shift = plane === 0 ? 0 : 1;
      return {
        left: Math.max(0, (x >> 1) << 1) >> shift,
        top: Math.max(0, (y >> 1) << 1) >> shift,
        right: Math.min(this.width, ((x + width + 1) >> 1) << 1) >> shift,
        bottom: Math.min(this.height, ((y + height + 1) >> 1) << 1) >> shift,
        stride: this.width >> shift,
      };
    };
  }
}

function blendPlane(
  plane: Buffer,
  planeWidth: number,
  planeHeight: number,
  mask: Uint8Array,
  maskWidth: number,
  left: number,
  top: number,
  value: number,
  weight: number,
): void {
  const fromX = Math.max(0, -left);
  const toX = Math.min(maskWidth, planeWidth - left);
  const toY = Math.min(mask.length / maskWidth, planeHeight - top);
  for (let y = Math.max(0, -top); y < toY; y++) {
    let at = y * maskWidth + fromX;
    let out = (top + y) * planeWidth + left + fromX;
    for (let x = fromX; x < toX; x++, at++, out++) {
      const cover = mask[at]!;
      if (cover === 0) continue;
      const below = plane[out]!;
      plane[out] = below + (((value - below) * cover * weight) >> 16);
    }
  }
}
