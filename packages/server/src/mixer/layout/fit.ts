import { nearestEven, type PlacedTile, type Rect } from './tile.ts';

/** A decoded picture; `pixelAspect` is a pixel's width by its height. */
export interface PictureShape {
  width: number;
  height: number;
  pixelAspect: number;
}

/** Which part of a picture goes where on the canvas. Even numbers. */
export interface Fitted {
  source: Rect;
  target: Rect;
}

/** `auto` covers while so much of the picture stays visible. */
const AUTO_COVER_SHOWS = 0.75;
/** Nobody sees so little stretching, and nothing has to be cut or barred for tiles whose sides were rounded. */
const STRETCH = 0.01;

export function fitPicture(tile: Pick<PlacedTile, keyof Rect | 'fit' | 'crop'>, picture: PictureShape): Fitted {
  const part = cropped(picture, tile.crop);
  const partShape = (part.width * picture.pixelAspect) / part.height;
  const tileShape = tile.width / tile.height;
  const shownWhenCut = partShape > tileShape ? tileShape / partShape : partShape / tileShape;
  if (shownWhenCut > 1 - STRETCH) return { source: inside(part, part.width, part.height), target: place(tile) };
  if (tile.fit === 'cover' || (tile.fit === 'auto' && shownWhenCut >= AUTO_COVER_SHOWS)) {
    const width = partShape > tileShape ? part.width * shownWhenCut : part.width;
    const height = partShape > tileShape ? part.height : part.height * shownWhenCut;
    return { source: inside(part, width, height), target: place(tile) };
  }
  const width = partShape > tileShape ? tile.width : tile.width * shownWhenCut;
  const height = partShape > tileShape ? tile.height * shownWhenCut : tile.height;
  return { source: inside(part, part.width, part.height), target: inside(tile, width, height) };
}

const place = ({ x, y, width, height }: Rect): Rect => ({ x, y, width, height });

function cropped({ width, height }: PictureShape, crop: Rect | null): Rect {
  if (!crop) return { x: 0, y: 0, width, height };
  const x = Math.min(Math.max(0, crop.x * width), width - 2);
  const y = Math.min(Math.max(0, crop.y * height), height - 2);
  return {
    x,
    y,
    width: Math.max(2, Math.min(crop.width * width, width - x)),
    height: Math.max(2, Math.min(crop.height * height, height - y)),
  };
}

/** A rectangle of that size in the middle of another, on even pixels, and not beyond it. */
function inside(box: Rect, width: number, height: number): Rect {
  const across = alongOne(box.x, box.width, width);
  const down = alongOne(box.y, box.height, height);
  return { x: across.start, y: down.start, width: across.length, height: down.length };
}

function alongOne(from: number, length: number, wanted: number): { start: number; length: number } {
  const least = 2 * Math.ceil(from / 2);
  const most = 2 * Math.floor((from + length) / 2);
  const even = Math.max(2, Math.min(nearestEven(wanted), most - least));
  // An odd pixel at the right or lower end of a picture is not missed.
  const middle = nearestEven(from + (length - wanted) / 2);
  const start = Math.max(0, Math.min(Math.max(least, middle), most - even));
  return { start, length: even };
}
