import { evenRect, type PlacedTile, type Rect } from './tile.ts';

/** A tile that joins grows from this share of its size; one that leaves shrinks to it. */
const BORN_AT = 0.3;

/**
 * The tiles between two tables, lowest first: those in both slide, new ones grow out of their middle, those that leave shrink into it
 * below their equals. Everything but place, size and corner is the new table's already.
 *
 * @param progress 0 to 1 of the time; it slows down towards the end
 */
export function tween(from: readonly PlacedTile[], to: readonly PlacedTile[], progress: number): PlacedTile[] {
  if (progress >= 1) return [...to];
  const share = easeOut(Math.max(0, progress));
  const left = [...from];
  const here = to.map((tile) => {
    const index = left.findIndex(({ input }) => input === tile.input);
    const [start] = index < 0 ? [undefined] : left.splice(index, 1);
    const rect = evenRect(between(start ?? shrunk(tile), tile, share));
    const radius = Math.round((start?.radius ?? tile.radius) * (1 - share) + tile.radius * share);
    return { ...tile, ...rect, radius };
  });
  const leaving = left.map((tile): PlacedTile => {
    const rect = evenRect(between(tile, shrunk(tile), share));
    return { ...tile, ...rect, label: false, isLeaving: true };
  });
  return [...leaving, ...here].sort((a, b) => a.layer - b.layer);
}

/** Whether two tables put the same inputs to the same places. */
export function samePlaces(a: readonly PlacedTile[], b: readonly PlacedTile[]): boolean {
  return a.length === b.length && a.every((tile, i) => isSamePlace(tile, b[i]));
}

const isSamePlace = (a: PlacedTile, b: PlacedTile | undefined) =>
  b !== undefined && a.input === b.input && a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

const easeOut = (time: number) => 1 - (1 - time) ** 3;

function between(a: Rect, b: Rect, share: number): Rect {
  const at = (from: number, to: number) => from + (to - from) * share;
  return {
    x: at(a.x, b.x),
    y: at(a.y, b.y),
    width: at(a.width, b.width),
    height: at(a.height, b.height),
  };
}

const shrunk = ({ x, y, width, height }: Rect): Rect => ({
  x: x + (width * (1 - BORN_AT)) / 2,
  y: y + (height * (1 - BORN_AT)) / 2,
  width: width * BORN_AT,
  height: height * BORN_AT,
});
