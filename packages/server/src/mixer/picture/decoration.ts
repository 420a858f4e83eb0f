import type { MixInput, PictureId } from '@lianmai/contract';
import type { Logger } from 'pino';
import { fitPicture } from '../layout/fit.ts';
import { nearestEven, type Rect, type Size } from '../layout/tile.ts';
import { flatten, initialDisc, namePill, roundPicture } from './cards.ts';
import { cardColour, parseColour } from './colour.ts';
import { readPicture, resize } from './picture-file.ts';
import { type Rgba, type Sprite, spriteOf } from './sprite.ts';
import { SpriteShelf } from './sprite-shelf.ts';
import { drawText, type TextMask } from './text.ts';

/** PNG, JPEG or WebP; null: there is no such picture. */
export type LoadPicture = (id: PictureId) => Promise<Buffer | null>;

/** Letters, as shares of the tile's height and of the canvas' shorter side. */
const LETTERS_OF_TILE = 1 / 12;
const LETTERS_OF_CANVAS = 1 / 28;
const LEAST_LETTERS = 12;
/** In smaller tiles a name hides more than it tells. */
const LEAST_LABELLED = { width: 64, height: 48 };
/** The avatar's share of its tile's shorter side, and the initial's of the avatar. */
const DISC_SHARE = 0.45;
const INITIAL_SHARE = 0.5;
const LEAST_DISC = 16;

/** Opaque planes as `planesOf` has them, rows without padding. */
export interface Still extends Size {
  planes: [Uint8Array, Uint8Array, Uint8Array];
}

/** Names, avatars, logos and stills: drawn aside by what they show, given when they are there. */
export class Decoration {
  readonly #load: LoadPicture;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #shelf: SpriteShelf;
  readonly #loading = new Set<Promise<unknown>>();
  #lastText: Promise<TextMask | null> = Promise.resolve(null);

  /** @param ready something that was asked for before is there now */
  constructor(load: LoadPicture, log: Pick<Logger, 'warn'>, ready: () => void) {
    this.#load = load;
    this.#log = log;
    this.#shelf = new SpriteShelf(ready);
  }

  /** What is not asked for from now on is not needed any more. */
  nextRound(): void {
    this.#shelf.nextRound();
  }

  label(text: string, tile: Size, canvas: Size): { sprite: Sprite; margin: number } | null {
    if (tile.width < LEAST_LABELLED.width || tile.height < LEAST_LABELLED.height) return null;
    const most = Math.min(canvas.width, canvas.height) * LETTERS_OF_CANVAS;
    const size = Math.round(Math.max(LEAST_LETTERS, Math.min(most, tile.height * LETTERS_OF_TILE)));
    const margin = Math.max(4, nearestEven(size * 0.5));
    const room = tile.width - 2 * margin - size;
    const sprite = this.#shelf.get(`label ${size} ${room} ${text}`, async () => {
      const drawn = await this.#text(text, size, room);
      return drawn && spriteOf(namePill(drawn));
    });
    return sprite && { sprite, margin };
  }

  /** The avatar, or a disc with the first character of the name. */
  disc(input: Pick<MixInput, 'id' | 'label' | 'avatar'>, tile: Size): Sprite | null {
    const side = nearestEven(Math.min(tile.width, tile.height) * DISC_SHARE);
    if (side < LEAST_DISC) return null;
    const { label, avatar } = input;
    const name = label?.trim() ?? '';
    return this.#shelf.get(`disc ${side} ${avatar} ${name || input.id}`, async () => {
      const picture = avatar === null ? null : await this.picture(avatar);
      if (picture) return spriteOf(roundPicture(resize(picture, square(picture), { width: side, height: side })));
      const [first] = new Intl.Segmenter().segment(name);
      const initial = first ? first.segment.toLocaleUpperCase() : '';
      const drawn = initial ? await this.#text(initial, Math.round(side * INITIAL_SHARE), side) : null;
      return spriteOf(initialDisc(side, lighter(cardColour(name || input.id)), drawn));
    });
  }

  /** A picture as it is, so wide. */
  logo(id: PictureId, width: number): Sprite | null {
    const wide = Math.max(2, nearestEven(width));
    return this.#shelf.get(`logo ${wide} ${id}`, async () => {
      const picture = await this.picture(id);
      if (!picture) return null;
      const height = Math.max(2, nearestEven((wide * picture.height) / picture.width));
      return spriteOf(resize(picture, whole(picture), { width: wide, height }));
    });
  }

  /**
   * An opaque picture, on a colour where it is transparent.
   *
   * @param size cut to fill it; null: its own
   */
  async still(id: PictureId, background: string, size: Size | null): Promise<Still | null> {
    const picture = await this.picture(id);
    if (!picture) return null;
    const { width, height } = picture;
    const tile = size && { x: 0, y: 0, width: size.width, height: size.height, fit: 'cover' as const, crop: null };
    const fitted = tile && fitPicture(tile, { width, height, pixelAspect: 1 });
    const image = fitted && size ? resize(picture, fitted.source, size) : picture;
    return { width: image.width, height: image.height, planes: flatten(image, parseColour(background)) };
  }

  /** @returns null: there is no such picture, or it cannot be read; then the log tells why */
  picture(id: PictureId): Promise<Rgba | null> {
    const loading = this.#read(id).finally(() => this.#loading.delete(loading));
    this.#loading.add(loading);
    return loading;
  }

  /** All that was asked for is there. */
  async idle(): Promise<void> {
    await this.#shelf.idle();
    while (this.#loading.size > 0) await Promise.all(this.#loading);
  }

  close(): void {
    this.#shelf.close();
  }

  async #read(id: PictureId): Promise<Rgba | null> {
    try {
      const bytes = await this.#load(id);
      if (bytes) return await readPicture(bytes);
      this.#log.warn({ picture: id }, 'a mix shows a picture that is not there');
    } catch (error) {
      this.#log.warn({ picture: id, err: error }, 'a picture of a mix cannot be read');
    }
    return null;
  }

  /** One after the other: many names at once would take all threads from whoever else needs some. */
  #text(text: string, size: number, room: number): Promise<TextMask | null> {
    const drawn = this.#lastText.then(() => drawText(text, size, room));
    this.#lastText = drawn.catch((error: unknown) => {
      this.#log.warn({ text, err: error }, 'a name cannot be drawn');
      return null;
    });
    return this.#lastText;
  }
}

const whole = ({ width, height }: Size): Rect => ({ x: 0, y: 0, width, height });

function square({ width, height }: Size): Rect {
  const side = Math.min(width, height);
  return { x: (width - side) >> 1, y: (height - side) >> 1, width: side, height: side };
}

function lighter(colour: string): [number, number, number] {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255].map((part) => Math.round(part + (255 - part) * 0.3)) as [
    number,
    number,
    number,
  ];
}
