import { LiveError, type MixCanvas, type MixInput, type MixLayout, type MixTile } from '@lianmai/contract';
import type { MixLayoutWish, MixTileWish } from '@lianmai/contract/rest';
import { readColor } from './read-color.ts';
import { findInput } from './read-inputs.ts';
import { checkTiles } from './spec.ts';

const MAX_LAYER = 16;
const WHITE = '#ffffff';

/** The layout as a mixer takes it. @throws LiveError BAD_REQUEST, naming the field. */
export function readLayout(wish: MixLayoutWish, inputs: readonly MixInput[], canvas: MixCanvas): MixLayout {
  if (typeof wish === 'string') return { template: wish };
  if (Array.isArray(wish)) return readTiles(wish, inputs, canvas, 'layout');
  const { template, tiles } = wish;
  if ((template === undefined) === (tiles === undefined)) throw bad('layout', 'needs one of template and tiles');
  return tiles === undefined ? { template: template ?? 'grid' } : readTiles(tiles, inputs, canvas, 'layout/tiles');
}

/**
 * What becomes of a layout when the inputs or the canvas change under it: tiles of inputs that are gone are dropped.
 * @param swapped two inputs that changed places: in a list of tiles, so do they.
 * @throws LiveError BAD_REQUEST when nothing is left to show, or a tile is outside of the new canvas.
 */
export function keepLayout(
  layout: MixLayout,
  inputs: readonly MixInput[],
  canvas: MixCanvas,
  swapped: readonly [string, string] | null,
): MixLayout {
  if ('template' in layout) return layout;
  const [a, b] = swapped ?? [];
  const other = (id: string) => (id === a ? (b ?? id) : id === b ? (a ?? id) : id);
  const tiles = layout.tiles
    .map((tile) => ({ ...tile, input: other(tile.input) }))
    .filter((tile) => inputs.some(({ id }) => id === tile.input));
  if (tiles.length === 0) throw bad('layout', 'none of its tiles has an input that is left: give a layout too');
  checkTiles(tiles, canvas, 'layout');
  return { tiles };
}

function readTiles(
  wishes: readonly MixTileWish[],
  inputs: readonly MixInput[],
  canvas: MixCanvas,
  field: string,
): MixLayout {
  const tiles = wishes.map((wish, i) => readTile(wish, i, inputs, `${field}/${i}`));
  for (const [i, { input }] of tiles.entries())
    if (tiles.findIndex((tile) => tile.input === input) !== i)
      throw bad(`${field}/${i}/input`, `"${input}" has a tile already: list it twice in inputs to show it twice`);
  checkTiles(tiles, canvas, field);
  return { tiles };
}

function readTile(wish: MixTileWish, index: number, inputs: readonly MixInput[], field: string): MixTile {
  const { x, y, width, height, fit = 'cover', radius = 0, label = true, crop, border } = wish;
  const unit = wish.unit ?? (Math.max(x, y, width, height) <= 1 ? 'fraction' : 'px');
  const partly = (['x', 'y', 'width', 'height'] as const).find((name) => {
    const value = wish[name];
    return unit === 'px' && value < 1 && !Number.isInteger(value);
  });
  if (partly) throw bad(`${field}/${partly}`, 'is a fraction beside pixels: give all four in one unit');
  if (unit === 'fraction' && Math.max(x, y, width, height) > 1) {
    const over = (['x', 'y', 'width', 'height'] as const).find((name) => wish[name] > 1) ?? 'x';
    throw bad(`${field}/${over}`, 'is no fraction: at most 1');
  }
  const exact = unit === 'px' ? Math.round : (value: number) => value;
  return {
    input: tileInput(wish.input, inputs, `${field}/input`).id,
    unit,
    x: exact(x),
    y: exact(y),
    width: exact(width),
    height: exact(height),
    layer: wish.layer ?? Math.min(index + 1, MAX_LAYER),
    fit,
    crop: crop ? readCrop(crop, `${field}/crop`) : null,
    radius,
    border: border
      ? { width: border.width, color: border.color === undefined ? WHITE : readColor(border.color) }
      : null,
    label,
  };
}

function tileInput(ref: string | number, inputs: readonly MixInput[], field: string): MixInput {
  if (typeof ref === 'string') return findInput(inputs, ref, field);
  const input = inputs[ref];
  if (!input) throw bad(field, `there is no input ${ref}: they count from 0 to ${inputs.length - 1}`);
  return input;
}

function readCrop(crop: NonNullable<MixTile['crop']>, field: string): MixTile['crop'] {
  const { x, y, width, height } = crop;
  for (const [name, from, size] of [
    ['width', x, width],
    ['height', y, height],
  ] as const) {
    if (size === 0) throw bad(`${field}/${name}`, 'must be more than 0');
    if (from + size > 1.000001) throw bad(`${field}/${name}`, `${from} + ${size} is more than the whole input`);
  }
  return { x, y, width, height };
}

const bad = (field: string, sentence: string): LiveError =>
  new LiveError('BAD_REQUEST', `${field}: ${sentence}`, field);
