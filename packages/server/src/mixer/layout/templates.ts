import type { MixTemplate } from '@lianmai/contract';
import { cells } from './cells.ts';
import { evenRect, type Rect, type Size } from './tile.ts';

/** The canvas for which the co-anchor stack was designed; others scale it. */
const COHOST = { width: 540, height: 960, tileWidth: 160, tileHeight: 240, bottom: 90 };
/** The canvas of a PK: two halves beside each other. */
const PK_SHAPE = 720 / 640;
const LYING = 16 / 9;
const STANDING = 9 / 16;
/** So many small pictures stand in one strip; more make it two. */
const MOST_IN_STRIP = 5;
/** So many halves stand beside each other (or above); more make a grid. */
const MOST_IN_LINE = 4;

const whole = ({ width, height }: Size): Rect => ({ x: 0, y: 0, width, height });
const isLying = ({ width, height }: Size) => width >= height;
const pictureShape = (canvas: Size) => (isLying(canvas) ? LYING : STANDING);

/**
 * Where a template puts its first, second ... input; every input gets a place, except in `full`.
 *
 * @returns even rectangles inside the canvas, lower ones first
 */
export function templateRects(template: MixTemplate, count: number, canvas: Size): Rect[] {
  if (count <= 0) return [];
  const box = whole(canvas);
  switch (template) {
    case 'full':
      return [box];
    case 'side-by-side':
      return inLine(count, box, 'columns');
    case 'top-bottom':
      return inLine(count, box, 'rows');
    case 'pip-top-left':
    case 'pip-top-right':
    case 'pip-bottom-left':
    case 'pip-bottom-right':
      return [box, ...corner(count - 1, canvas, template.includes('top'), template.includes('left'))];
    case 'cohost':
      return [box, ...coAnchors(count - 1, canvas)];
    case 'pk':
      return count === 1 ? [box] : inLine(count, pkBand(canvas), 'columns');
    case 'grid':
    case 'audio':
      return cells(count, box, { shape: pictureShape(canvas) });
    case 'speaker':
      return speaker(count, canvas);
  }
}

function inLine(count: number, box: Rect, line: 'columns' | 'rows'): Rect[] {
  if (count > MOST_IN_LINE) return cells(count, box, { shape: pictureShape(box) });
  return Array.from({ length: count }, (_, i) => {
    const width = line === 'columns' ? box.width / count : box.width;
    const height = line === 'rows' ? box.height / count : box.height;
    return evenRect({
      x: box.x + (line === 'columns' ? i * width : 0),
      y: box.y + (line === 'rows' ? i * height : 0),
      width,
      height,
    });
  });
}

/** On a canvas higher than the PK's, a band in its middle; on wider ones all of it. */
function pkBand(canvas: Size): Rect {
  const height = Math.min(canvas.height, canvas.width / PK_SHAPE);
  return { x: 0, y: (canvas.height - height) / 2, width: canvas.width, height };
}

/** Small pictures, a quarter of the canvas each, in a strip along its side from a corner on; smaller when they are many. */
function corner(count: number, canvas: Size, fromTop: boolean, fromLeft: boolean): Rect[] {
  const gap = Math.min(canvas.width, canvas.height) / 36;
  const strips = count > MOST_IN_STRIP ? 2 : 1;
  const perStrip = Math.ceil(count / strips);
  const height = Math.min(canvas.height / 4, (canvas.height - gap) / perStrip - gap);
  const width = (height * canvas.width) / canvas.height;
  return Array.from({ length: count }, (_, i) => {
    const across = gap + Math.floor(i / perStrip) * (width + gap);
    const along = gap + (i % perStrip) * (height + gap);
    return evenRect({
      x: fromLeft ? across : canvas.width - across - width,
      y: fromTop ? along : canvas.height - along - height,
      width,
      height,
    });
  });
}

/** Stacked upward along the right edge, the first one a little above the bottom. */
function coAnchors(count: number, canvas: Size): Rect[] {
  const scale = Math.min(canvas.width / COHOST.width, canvas.height / COHOST.height);
  const floor = canvas.height - COHOST.bottom * scale;
  const stacks = count > MOST_IN_STRIP ? 2 : 1;
  const perStack = Math.ceil(count / stacks);
  const height = Math.min(COHOST.tileHeight * scale, floor / perStack);
  const width = (height * COHOST.tileWidth) / COHOST.tileHeight;
  return Array.from({ length: count }, (_, i) =>
    evenRect({
      x: canvas.width - (Math.floor(i / perStack) + 1) * width,
      y: floor - ((i % perStack) + 1) * height,
      width,
      height,
    }),
  );
}

/** One large, the others in a strip at the right of a lying canvas, below on a standing one. */
function speaker(count: number, canvas: Size): Rect[] {
  const others = count - 1;
  if (others === 0) return [whole(canvas)];
  const share = others > MOST_IN_STRIP ? 0.3 : 0.2;
  const shape = pictureShape(canvas);
  if (isLying(canvas)) {
    const main = evenRect({ x: 0, y: 0, width: canvas.width * (1 - share), height: canvas.height });
    const strip = { x: main.width, y: 0, width: canvas.width - main.width, height: canvas.height };
    return [main, ...cells(others, strip, { shape, snug: true })];
  }
  const main = evenRect({ x: 0, y: 0, width: canvas.width, height: canvas.height * (1 - share) });
  const strip = { x: 0, y: main.height, width: canvas.width, height: canvas.height - main.height };
  return [main, ...cells(others, strip, { shape, snug: true })];
}
