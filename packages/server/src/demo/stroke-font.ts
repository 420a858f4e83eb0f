/** How much of each pixel a shape covers, 0-255; `chroma` is the same at half the size, for 4:2:0 planes. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly luma: Uint8Array;
  readonly chroma: Uint8Array;
}

type Point = readonly [x: number, y: number];
type Stroke = readonly Point[];
interface Glyph {
  /** Advance without the gap to the next glyph; capitals are {@link CAP_HEIGHT} high. */
  readonly width: number;
  readonly strokes: readonly Stroke[];
}

const CAP_HEIGHT = 10;
const GAP = 2.4;

/** Points of an elliptic arc; degrees clockwise from the right. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] {
  const steps = Math.ceil(Math.abs(to - from) / 15);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });
}

const glyph = (width: number, ...strokes: Stroke[]): Glyph => ({ width, strokes });
const six = glyph(6, arc(3, 6.8, 3, 3.2, 0, 360), [
  [0, 6.8],
  [0.4, 4.6],
  [1.6, 2.4],
  [4.4, 0],
]);
const turned = ({ width, strokes }: Glyph): Glyph =>
  glyph(width, ...strokes.map((stroke) => stroke.map(([x, y]): Point => [width - x, CAP_HEIGHT - y])));
const dot = (x: number, y: number): Stroke => [
  [x, y],
  [x, y],
];
/** `x y x y …` */
const line = (...xy: number[]): Stroke =>
  Array.from({ length: xy.length / 2 }, (_, i) => [xy[2 * i] ?? 0, xy[2 * i + 1] ?? 0] as const);

/** The signs the test card writes: drawn, so that no font needs to be installed. */
const GLYPHS: Readonly<Record<string, Glyph>> = {
  '0': glyph(6, arc(3, 5, 3, 5, 0, 360)),
  '1': glyph(6, line(1, 2.2, 3.6, 0, 3.6, 10)),
  '2': glyph(6, [...arc(3, 3, 3, 3, -165, 35), [0.2, 10], [6, 10]]),
  '3': glyph(6, arc(2.8, 2.5, 2.7, 2.5, -150, 90), arc(2.8, 7.5, 3.2, 2.5, -90, 150)),
  '4': glyph(6, line(4.6, 10, 4.6, 0, 0, 7, 6, 7)),
  '5': glyph(6, [[5.4, 0], [1.1, 0], [0.8, 4.5], ...arc(2.9, 6.7, 3.1, 3.3, -132, 145)]),
  '6': six,
  '7': glyph(6, line(0, 0, 6, 0, 2, 10)),
  '8': glyph(6, arc(3, 2.4, 2.5, 2.4, 0, 360), arc(3, 7.4, 3, 2.6, 0, 360)),
  '9': turned(six),
  A: glyph(6.6, line(0, 10, 3.3, 0, 6.6, 10), line(1.1, 6.8, 5.5, 6.8)),
  C: glyph(6, arc(3.4, 5, 3.4, 5, -48, -312)),
  E: glyph(5, line(5, 0, 0, 0, 0, 10, 5, 10), line(0, 5, 4.3, 5)),
  F: glyph(5, line(5, 0, 0, 0, 0, 10), line(0, 5, 4.3, 5)),
  H: glyph(6, line(0, 0, 0, 10), line(6, 0, 6, 10), line(0, 5, 6, 5)),
  I: glyph(0.6, line(0.3, 0, 0.3, 10)),
  L: glyph(4.8, line(0, 0, 0, 10, 4.8, 10)),
  M: glyph(7.4, line(0, 10, 0, 0, 3.7, 6.4, 7.4, 0, 7.4, 10)),
  N: glyph(6.2, line(0, 10, 0, 0, 6.2, 10, 6.2, 0)),
  P: glyph(5.6, [[0, 10], [0, 0], [2.8, 0], ...arc(2.8, 2.8, 2.8, 2.8, -90, 90), [0, 5.6]]),
  R: glyph(5.8, [[0, 10], [0, 0], [2.8, 0], ...arc(2.8, 2.7, 2.7, 2.7, -90, 90), [0, 5.4]], line(2.6, 5.4, 5.8, 10)),
  S: glyph(6, [...arc(3, 2.6, 2.7, 2.6, -25, -270), ...arc(3, 7.6, 3, 2.4, -90, 155)]),
  T: glyph(6, line(0, 0, 6, 0), line(3, 0, 3, 10)),
  U: glyph(6, [[0, 0], ...arc(3, 7, 3, 3, 180, 0), [6, 0]]),
  ':': glyph(0.6, dot(0.3, 3.2), dot(0.3, 7.6)),
  '.': glyph(0.6, dot(0.3, 9.8)),
  '+': glyph(5, line(0.2, 5.4, 4.8, 5.4), line(2.5, 3.1, 2.5, 7.7)),
  '-': glyph(4, line(0.2, 5.4, 3.8, 5.4)),
  '×': glyph(4.4, line(0.4, 3.6, 4, 7.2), line(4, 3.6, 0.4, 7.2)),
  ' ': glyph(3),
};

/** A size and weight of the drawn letters; every sign is rasterised once. */
export class StrokeFont {
  readonly #scale: number;
  readonly #weight: number;
  readonly #masks = new Map<string, { mask: Mask; advance: number }>();

  /** @param capHeight pixels; @param weight stroke width as a part of the height. */
  constructor(capHeight: number, weight = 0.12) {
    this.#scale = capHeight / CAP_HEIGHT;
    this.#weight = weight * CAP_HEIGHT;
  }

  /** Places each sign; digits are all as wide as each other, so that a running clock stands still. Unknown signs are blank. */
  *layout(text: string): Generator<{ mask: Mask; x: number }> {
    let x = 0;
    for (const sign of text) {
      const { mask, advance } = this.#sign(sign);
      yield { mask, x: Math.round(x) };
      x += advance;
    }
  }

  /** Width in pixels of the written text. */
  measure(text: string): number {
    let width = 0;
    for (const sign of text) width += this.#sign(sign).advance;
    return Math.max(0, width - GAP * this.#scale);
  }

  /** Pixels a mask reaches beyond the letters' left and top. */
  get margin(): number {
    return Math.ceil((this.#weight * this.#scale) / 2) + 1;
  }

  #sign(sign: string): { mask: Mask; advance: number } {
    let known = this.#masks.get(sign);
    if (!known) {
      const { width, strokes } = GLYPHS[sign] ?? glyph(3);
      known = { mask: this.#rasterise(width, strokes), advance: (width + GAP) * this.#scale };
      this.#masks.set(sign, known);
    }
    return known;
  }

  #rasterise(glyphWidth: number, strokes: readonly Stroke[]): Mask {
    const { margin } = this;
    const isDots = strokes.every(([first, ...rest]) => rest.every((point) => first && point.join() === first.join()));
    // Thinner than a pixel a line is still there, a dot is gone.
    const radius = isDots ? Math.max(1, (this.#weight * this.#scale) / 1.7) : (this.#weight * this.#scale) / 2;
    return paintMask(
      Math.ceil(glyphWidth * this.#scale) + 2 * margin,
      Math.ceil(CAP_HEIGHT * this.#scale) + 2 * margin,
      (px, py) => {
        const x = (px - margin) / this.#scale;
        const y = (py - margin) / this.#scale;
        let nearest = Number.POSITIVE_INFINITY;
        for (const stroke of strokes)
          for (let i = 1; i < stroke.length; i++)
            nearest = Math.min(nearest, distanceToSegment(x, y, stroke[i - 1] ?? [0, 0], stroke[i] ?? [0, 0]));
        return radius - nearest * this.#scale + 0.5;
      },
    );
  }
}

function distanceToSegment(x: number, y: number, [ax, ay]: Point, [bx, by]: Point): number {
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** A mask from a function of each pixel's centre to its coverage (0-1, clamped). The size is rounded up to even. */
export function paintMask(width: number, height: number, coverage: (x: number, y: number) => number): Mask {
  const w = width + (width & 1);
  const h = height + (height & 1);
  const luma = new Uint8Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) luma[y * w + x] = 255 * Math.min(1, Math.max(0, coverage(x + 0.5, y + 0.5)));
  const chroma = new Uint8Array((w * h) / 4);
  for (let y = 0; y < h; y += 2)
    for (let x = 0; x < w; x += 2) {
      const at = y * w + x;
      const sum = luma[at]! + luma[at + 1]! + luma[at + w]! + luma[at + w + 1]!;
      chroma[(y >> 1) * (w >> 1) + (x >> 1)] = sum >> 2;
    }
  return { width: w, height: h, luma, chroma };
}
