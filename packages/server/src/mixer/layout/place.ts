import type { MixLayout, MixTemplate, MixTile } from '@lianmai/contract';
import { templateRects } from './templates.ts';
import { clip, evenRect, type PlacedTile, type Rect, type Size } from './tile.ts';

/** Templates with one main picture and smaller ones over or beside it. */
const WITH_MAIN: ReadonlySet<MixTemplate> = new Set<MixTemplate>([
  'full',
  'pip-top-left',
  'pip-top-right',
  'pip-bottom-left',
  'pip-bottom-right',
  'cohost',
  'speaker',
]);
/** Small pictures that lie on the main one have corners so round, of the canvas' shorter side. */
const RADIUS_SHARE = 1 / 90;
/** Nobody sees what is smaller, and scalers do not take it. */
const LEAST_SIDE = 8;

/**
 * The tiles of a layout, lowest first.
 *
 * @param inputs ids in their order
 * @param speaker who speaks, for the template of that name; null: the first
 */
export function placeTiles(
  inputs: readonly string[],
  layout: MixLayout,
  canvas: Size,
  speaker: string | null,
): PlacedTile[] {
  const tiles =
    'template' in layout
      ? placeTemplate(inputs, layout.template, canvas, speaker)
      : layout.tiles.flatMap((tile) => (inputs.includes(tile.input) ? placeCustom(tile, canvas) : []));
  return tiles
    .filter(({ width, height }) => width >= LEAST_SIDE && height >= LEAST_SIDE)
    .sort((a, b) => a.layer - b.layer);
}

function placeTemplate(
  inputs: readonly string[],
  template: MixTemplate,
  canvas: Size,
  speaker: string | null,
): PlacedTile[] {
  const isSpeakerFirst = template === 'speaker' && speaker !== null && inputs.includes(speaker);
  const order = isSpeakerFirst ? [speaker, ...inputs.filter((id) => id !== speaker)] : inputs;
  const hasMain = WITH_MAIN.has(template);
  const areOver = hasMain && template !== 'speaker';
  const radius = Math.round(Math.min(canvas.width, canvas.height) * RADIUS_SHARE);
  return templateRects(template, inputs.length, canvas).map((rect, i) => ({
    ...rect,
    input: order[i] as string,
    layer: areOver && i > 0 ? 2 : 1,
    fit: hasMain && i === 0 ? 'auto' : 'cover',
    crop: null,
    radius: areOver && i > 0 ? radius : 0,
    border: null,
    label: true,
    picture: template !== 'audio',
  }));
}

function placeCustom(tile: MixTile, canvas: Size): PlacedTile[] {
  const { unit, input, layer, fit, crop, radius, border, label } = tile;
  const scale: Size = unit === 'fraction' ? canvas : { width: 1, height: 1 };
  const wanted: Rect = {
    x: tile.x * scale.width,
    y: tile.y * scale.height,
    width: tile.width * scale.width,
    height: tile.height * scale.height,
  };
  const visible = clip(evenRect(wanted), canvas);
  return visible ? [{ ...visible, input, layer, fit, crop, radius, border, label, picture: true }] : [];
}
