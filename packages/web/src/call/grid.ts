export interface Size {
  width: number;
  height: number;
}

export interface Grid {
  columns: number;
  rows: number;
  /** Of each tile. */
  tile: Size;
}

/** So much of a picture may be cut off for it to fill its tile. */
const MOST_CUT = 0.45;

/**
 * The arrangement in which pictures are seen largest.
 * @param gap between tiles, in pixels.
 * @param shape of the pictures, width to height.
 */
export function arrange(count: number, { width, height }: Size, gap: number, shape: number): Grid {
  let best: Grid = { columns: 1, rows: 1, tile: { width, height } };
  let bestSeen = -1;
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const tile = {
      width: Math.max(0, (width - gap * (columns - 1)) / columns),
      height: Math.max(0, (height - gap * (rows - 1)) / rows),
    };
    const seen = Math.min(tile.width, tile.height * shape);
    if (seen > bestSeen) {
      best = { columns, rows, tile };
      bestSeen = seen;
    }
  }
  return best;
}

/** The shape that stands for all of them: laptops' pictures lie, phones' stand. @param stage decides when there are none. */
export function shapeOf(pictures: readonly Size[], stage: Size): number {
  if (pictures.length === 0) return stage.width >= stage.height ? 4 / 3 : 3 / 4;
  const sum = pictures.reduce((total, { width, height }) => total + Math.log(width / height), 0);
  return Math.exp(sum / pictures.length);
}

/** How a picture goes into its tile: filling it, or whole when too much would be lost. */
export function fit(picture: Size, tile: Size): 'cover' | 'contain' {
  const shapes = [picture.width * tile.height, picture.height * tile.width];
  const kept = Math.min(...shapes) / Math.max(...shapes);
  return kept >= 1 - MOST_CUT ? 'cover' : 'contain';
}

/**
 * Where the tile stands in a grid of twice as many columns, in which each tile spans two: the last row is centred.
 * @param index from 0. @returns the line it begins at, from 1.
 */
export function columnOf(index: number, count: number, { columns, rows }: Grid): number {
  const row = Math.floor(index / columns);
  const inRow = row === rows - 1 ? count - row * columns : columns;
  return 1 + (index % columns) * 2 + (columns - inRow);
}
