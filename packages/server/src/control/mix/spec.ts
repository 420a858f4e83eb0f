import type { MixCanvas, MixInput, MixLayout, MixOutput, MixTile } from '@lianmai/contract';
import { LiveError } from '@lianmai/contract';

/** All that a mix is but its name, its owner and its channels: what a mixer is told, and what the database keeps as JSON. */
export interface MixSpec {
  inputs: readonly MixInput[];
  layout: MixLayout;
  canvas: MixCanvas;
  output: MixOutput;
}

export const DEFAULT_CANVAS: MixCanvas = {
  width: 1280,
  height: 720,
  background: '#000000',
  backgroundPicture: null,
  watermark: null,
  highlightSpeaker: false,
  transitionMs: 300,
};

export const DEFAULT_OUTPUT: MixOutput = {
  fps: 25,
  videoKbps: 1500,
  audioKbps: 128,
  gopMs: 2000,
  preset: 'quality',
};

/** Equal for mixes that one composition and one encode can serve. */
export const compositionOf = ({ inputs, layout, canvas, output }: MixSpec): string =>
  JSON.stringify([inputs, layout, canvas, output]);

/** The pictures that it shows, each with the field of the request that names it. */
export function picturesOf({ inputs, canvas }: MixSpec): { field: string; id: string }[] {
  const shown = inputs.flatMap(({ source, avatar }, i) => [
    ...('picture' in source ? [{ field: `inputs/${i}/picture`, id: source.picture }] : []),
    ...(avatar === null ? [] : [{ field: `inputs/${i}/avatar`, id: avatar }]),
  ]);
  if (canvas.backgroundPicture !== null)
    shown.push({ field: 'output/backgroundPicture', id: canvas.backgroundPicture });
  if (canvas.watermark) shown.push({ field: 'output/watermark/picture', id: canvas.watermark.picture });
  return shown;
}

/** The streams it takes. */
export const streamsOf = ({ inputs }: Pick<MixSpec, 'inputs'>): { index: number; stream: string }[] =>
  inputs.flatMap(({ source }, index) => ('stream' in source ? [{ index, stream: source.stream }] : []));

/** A tolerance for fractions like 1/3 + 2/3. */
const ROUNDING = 1e-6;

/** @throws LiveError BAD_REQUEST when a tile reaches beyond the canvas. */
export function checkTiles(tiles: readonly MixTile[], { width, height }: MixCanvas, field: string): void {
  for (const [i, tile] of tiles.entries()) {
    const [right, bottom] = tile.unit === 'fraction' ? [1, 1] : [width, height];
    const beyond =
      tile.x + tile.width > right + ROUNDING ? 'width' : tile.y + tile.height > bottom + ROUNDING ? 'height' : null;
    if (beyond === null) continue;
    const [from, size, end] = beyond === 'width' ? [tile.x, tile.width, right] : [tile.y, tile.height, bottom];
    const name = `${field}/${i}/${beyond}`;
    throw new LiveError(
      'BAD_REQUEST',
      `${name} reaches beyond the canvas: ${from} + ${size} is more than ${end}${tile.unit === 'px' ? ' px' : ''}`,
      name,
    );
  }
}
