import type { MixCanvas, MixInput, MixJob, MixLayout, MixOutput } from '@lianmai/contract';
import { placeTiles } from '../layout/place.ts';

/** What is composed: a mix without its names, rights and viewers. Two mixes of the same plan are made once. */
export interface MixPlan {
  inputs: readonly MixInput[];
  layout: MixLayout;
  canvas: MixCanvas;
  output: MixOutput;
}

export function planOf({ inputs, layout, canvas, output }: MixJob): MixPlan {
  return { inputs, layout, canvas, output };
}

/** The same for plans that look and sound the same. */
export function planKey({ inputs, layout, canvas, output }: MixPlan): string {
  // Who hears the mix without itself is the streams' matter: they are made when asked for.
  const composed = inputs.map((input) => ({ ...input, mixMinus: false }));
  return JSON.stringify(sorted({ inputs: composed, layout, canvas, output }));
}

/** Values that are equal give the same text, in whatever order their fields were written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/**
 * The stream that a mix can pass on as it is: its only input, seen whole and heard as it comes; null: something must be made.
 * Whether the stream's codecs and shape allow it is {@link fitsShape}, among others,'s to say.
 */
export function passableStream({ inputs, layout, canvas }: MixPlan): string | null {
  const [input] = inputs;
  if (!input || inputs.length > 1 || !('stream' in input.source)) return null;
  const { video, muted, volume, mixMinus } = input;
  if (!video || muted || volume !== 1 || mixMinus || canvas.watermark || canvas.highlightSpeaker) return null;
  return coversCanvas(layout, input, canvas) ? input.source.stream : null;
}

function coversCanvas(layout: MixLayout, { id, label }: MixInput, canvas: MixCanvas): boolean {
  const tiles = placeTiles([id], layout, canvas, null);
  const [tile] = tiles;
  if (!tile || tiles.length > 1 || !tile.picture) return false;
  const { x, y, width, height, crop, radius, border } = tile;
  const isWhole = x === 0 && y === 0 && width === canvas.width && height === canvas.height;
  return isWhole && crop === null && radius === 0 && border === null && (label === null || !tile.label);
}

interface Shape {
  width: number;
  height: number;
  /** Width by height of one pixel when it is not square. */
  pixelAspect?: { width: number; height: number };
}

/** A little more of one side is seen by nobody. */
const SHAPE_TOLERANCE = 0.02;

/** Whether a picture of this size has the canvas' shape: else passing it on would show something else than composing it. */
export function fitsShape({ width, height, pixelAspect }: Shape, canvas: Shape): boolean {
  if (width <= 0 || height <= 0) return false;
  const aspect = pixelAspect ? pixelAspect.width / pixelAspect.height : 1;
  const ratio = ((width * aspect) / height) * (canvas.height / canvas.width);
  return Math.abs(ratio - 1) <= SHAPE_TOLERANCE;
}
