/** Limited range, BT.709, as all of a mix is. */
export interface Yuv {
  y: number;
  u: number;
  v: number;
}

/** BT.709-6 3.2 and 3.3: weights of red and blue in luma. */
const KR = 0.2126;
const KB = 0.0722;
const KG = 1 - KR - KB;

/** @param r, g, b 0 to 255 */
export function yuvOf(r: number, g: number, b: number): Yuv {
  const luma = KR * r + KG * g + KB * b;
  return {
    y: Math.round(16 + (luma * 219) / 255),
    u: Math.round(128 + ((b - luma) * 112) / (255 * (1 - KB))),
    v: Math.round(128 + ((r - luma) * 112) / (255 * (1 - KR))),
  };
}

/** @param colour `#rrggbb`; anything else is black. */
export function parseColour(colour: string): Yuv {
  const rgb = /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : 0;
  return yuvOf(rgb >> 16, (rgb >> 8) & 255, rgb & 255);
}

/** Quiet colours behind avatars; by the name, so that somebody keeps theirs. */
const CARD_COLOURS = ['#33415c', '#4a3f5c', '#2f5d62', '#5c4033', '#3d5a3d', '#5c3347', '#3b4a6b', '#54482e'];

export function cardColour(name: string): string {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) | 0;
  return CARD_COLOURS[(hash >>> 0) % CARD_COLOURS.length] as string;
}
