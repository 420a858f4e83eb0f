import { evenRect, type Rect } from './tile.ts';

export interface CellOptions {
  /** Width by height that the pictures probably have. */
  shape: number;
  /** Cells at most so narrow or low as a picture of that shape, the block in the middle; otherwise they fill the box. */
  snug?: boolean;
}

/**
 * Cuts a box into `count` cells of one size, in as many columns as show pictures of `shape` largest; a last row that
 * is not full stands in the middle. Edges are even.
 */
export function cells(count: number, box: Rect, { shape, snug = false }: CellOptions): Rect[] {
  if (count <= 0) return [];
  const columns = bestColumns(count, box, shape);
  const rows = Math.ceil(count / columns);
  let width = box.width / columns;
  let height = box.height / rows;
  if (snug) {
    width = Math.min(width, height * shape);
    height = Math.min(height, width / shape);
  }
  const top = box.y + (box.height - rows * height) / 2;
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = box.x + (box.width - inRow * width) / 2;
    return evenRect({ x: left + (i % columns) * width, y: top + row * height, width, height });
  });
}

function bestColumns(count: number, box: Rect, shape: number): number {
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const shownWidth = Math.min(box.width / columns, (box.height / rows) * shape);
    // Of two that show as much, the wider arrangement of a lying box, the higher one of a standing box.
    const isBetter = shownWidth > bestWidth * 1.001 || (shownWidth > bestWidth * 0.999 && box.width >= box.height);
    if (!isBetter) continue;
    best = columns;
    bestWidth = Math.max(bestWidth, shownWidth);
  }
  return best;
}
