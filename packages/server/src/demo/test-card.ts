import { Canvas, type Colour, colour, fromRgb } from './canvas.ts';
import { type Mask, paintMask, StrokeFont } from './stroke-font.ts';

const INK = colour('#f6f2ff');
const QUIET = colour('#a79fc4');
const CORAL = colour('#ff6f5b');
const BARS = ['#f2f2f2', '#e8d44d', '#3cc8d6', '#4cc46a', '#c65bd0', '#e5484d', '#4568e0', '#101018'].map(colour);
/** The flash fades for so long after each whole second. */
const FLASH_MS = 240;

/**
 * A picture to judge a stream by: the wall clock with milliseconds (delay), a hand that goes round once a second and
 * flashes with the beep at the top (sound in time), a ball at constant speed (smoothness), a frame count (losses), bars
 * and a ramp (colours). Nothing in it needs an installed font.
 */
export class TestCard {
  readonly #picture: Canvas;
  readonly #background: Canvas;
  readonly #unit: number;
  readonly #clock: StrokeFont;
  readonly #small: StrokeFont;
  readonly #disc: Mask;
  readonly #hand: Mask;
  readonly #ball: Mask;
  readonly #centre: { x: number; y: number };
  readonly #radius: number;

  /** @param labels short lines for the top right corner. */
  constructor(width: number, height: number, labels: readonly string[]) {
    const unit = Math.min(width / 960, height / 540);
    this.#unit = unit;
    this.#radius = 150 * unit;
    this.#centre = { x: width / 2, y: height * 0.41 };
    this.#clock = new StrokeFont(38 * unit, 0.13);
    this.#small = new StrokeFont(13 * unit, 0.13);
    this.#disc = discMask(this.#radius - 14 * unit);
    this.#hand = discMask(9 * unit);
    this.#ball = discMask(11 * unit);
    this.#background = new Canvas(width, height);
    this.#picture = new Canvas(width, height);
    this.#paintBackground(labels);
    this.#background.data.copy(this.#picture.data);
  }

  /**
   * The picture of a moment: YUV 4:2:0 planes one after another, without padding, overwritten by the next call.
   * @param atMs wall clock in Unix ms, which the picture shows.
   */
  draw(frame: number, atMs: number): Buffer {
    this.#drawClock(atMs);
    this.#drawTrack(frame, atMs);
    return this.#picture.data;
  }

  #drawClock(atMs: number): void {
    const { x, y } = this.#centre;
    const picture = this.#picture;
    const reach = this.#radius + this.#hand.width;
    picture.restore(this.#background, x - reach, y - reach, 2 * reach, 2 * reach);

    const msOfSecond = ((atMs % 1000) + 1000) % 1000;
    const flash = Math.max(0, 1 - msOfSecond / FLASH_MS);
    if (flash > 0) this.#blendAt(this.#disc, x, y, CORAL, flash * 0.85);
    const angle = (msOfSecond / 1000) * 2 * Math.PI;
    for (let tail = 5; tail >= 0; tail--) {
      const at = angle - tail * 0.09;
      const handX = x + this.#radius * Math.sin(at);
      const handY = y - this.#radius * Math.cos(at);
      this.#blendAt(this.#hand, handX, handY, CORAL, tail === 0 ? 1 : 0.36 - tail * 0.06);
    }

    const { date, time, ms } = clockText(atMs);
    const u = this.#unit;
    picture.write(this.#clock, time, x, y - 34 * u, INK, 'centre');
    picture.write(this.#clock, `.${ms}`, x, y + 26 * u, flash > 0 ? INK : CORAL, 'centre');
    picture.write(this.#small, date, x, y - 76 * u, flash > 0 ? INK : QUIET, 'centre');
  }

  #drawTrack(frame: number, atMs: number): void {
    const { width, height } = this.#picture;
    const u = this.#unit;
    const y = height * 0.755;
    const ball = this.#ball;
    this.#picture.restore(this.#background, 0, y - 14 * u, width, 28 * u);
    const from = 60 * u;
    const span = width - 2 * from;
    // There and back in 8 s at constant speed.
    const phase = (((atMs % 8000) + 8000) % 8000) / 4000;
    this.#blendAt(ball, from + span * (phase < 1 ? phase : 2 - phase), y, INK, 1);
    const count = `FRAME ${String(frame).padStart(6, '0')}`;
    this.#picture.restore(this.#background, width - 220 * u, height * 0.8, 220 * u, 30 * u);
    this.#picture.write(this.#small, count, width - 40 * u, height * 0.8 + 6 * u, QUIET, 'right');
  }

  #blendAt(mask: Mask, x: number, y: number, ink: Colour, opacity: number): void {
    this.#picture.blend(mask, Math.round(x - mask.width / 2), Math.round(y - mask.height / 2), ink, opacity);
  }

  #paintBackground(labels: readonly string[]): void {
    const card = this.#background;
    const { width, height } = card;
    const u = this.#unit;
    paintGlow(card);
    for (let x = width / 2 - Math.floor(width / 2 / (60 * u)) * 60 * u; x < width; x += 60 * u)
      shade(card, x, 0, 2, height);
    for (let y = 0; y < height; y += 60 * u) shade(card, 0, y, width, 2);
    this.#paintDial();
    shade(card, 40 * u, height * 0.755, width - 80 * u, 2);

    const left = 40 * u;
    const logo = discMask(12 * u);
    card.blend(logo, left, 34 * u, CORAL);
    card.blend(logo, left + 16 * u, 34 * u, INK, 0.92);
    card.write(new StrokeFont(20 * u, 0.15), 'LIANMAI', left + 56 * u, 36 * u, INK);
    card.write(this.#small, 'TEST PICTURE', left, 78 * u, QUIET);
    for (const [i, label] of labels.entries())
      card.write(this.#small, label, width - left, (40 + i * 24) * u, QUIET, 'right');
    this.#paintBars(left);
  }

  #paintDial(): void {
    const { x, y } = this.#centre;
    const u = this.#unit;
    for (let tick = 0; tick < 60; tick++) {
      const long = tick % 5 === 0;
      const dotMask = discMask((long ? 3.2 : 1.8) * u);
      const angle = (tick / 60) * 2 * Math.PI;
      const left = x + this.#radius * Math.sin(angle) - dotMask.width / 2;
      const top = y - this.#radius * Math.cos(angle) - dotMask.height / 2;
      this.#background.blend(dotMask, Math.round(left), Math.round(top), long ? INK : QUIET, long ? 0.9 : 0.6);
    }
  }

  #paintBars(left: number): void {
    const card = this.#background;
    const u = this.#unit;
    const top = Math.round(card.height * 0.87);
    const span = card.width - 2 * left;
    const ramp = 12 * u;
    for (let x = 0; x < span; x += 2)
      card.fill(left + x, top, 2, ramp, fromRgb((x / span) * 255, (x / span) * 255, (x / span) * 255));
    for (const [i, bar] of BARS.entries()) {
      const from = left + (span * i) / BARS.length;
      card.fill(from, top + ramp + 2, span / BARS.length, card.height - top - ramp - 24 * u, bar);
    }
  }
}

/** Night sky with a coral glow from below right; dithered, or the encoder would show bands. */
function paintGlow(card: Canvas): void {
  const { width, height } = card;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cool = Math.max(0, 1 - Math.hypot(x / width - 0.2, y / height - 0.1) / 1.1);
      const warm = Math.max(0, 1 - Math.hypot(x / width - 0.95, y / height - 0.95) / 0.8) ** 2;
      const dither = BAYER[(y & 3) * 4 + (x & 3)]! / 16 - 0.5;
      const [luma, u, v] = fromRgb(12 + 36 * cool + 96 * warm, 10 + 26 * cool + 30 * warm, 26 + 70 * cool + 42 * warm);
      card.set(x, y, [luma + 0.5 + dither, u + 0.5 + dither, v + 0.5 + dither]);
    }
}
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

/** A faint line. */
function shade(card: Canvas, x: number, y: number, width: number, height: number): void {
  card.blend(
    paintMask(Math.round(width), Math.round(height), () => 1),
    Math.round(x),
    Math.round(y),
    INK,
    0.055,
  );
}

function discMask(radius: number): Mask {
  const size = Math.ceil(radius * 2) + 2;
  return paintMask(size, size, (x, y) => radius - Math.hypot(x - size / 2, y - size / 2) + 0.5);
}

function clockText(atMs: number): { date: string; time: string; ms: string } {
  const at = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, '0');
  const offset = -at.getTimezoneOffset();
  const zone = `UTC${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}  ${zone}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    ms: String(at.getMilliseconds()).padStart(3, '0'),
  };
}
