import { AV_PIX_FMT_YUV420P, SWS_BICUBLIN } from 'node-av/constants';
import { avImageCopy2, FFmpegError, SoftwareScaleContext } from 'node-av/lib';
import { fitPicture, type PictureShape } from '../layout/fit.ts';
import { overlap, type PlacedTile, type Rect, type Size } from '../layout/tile.ts';
import type { Yuv } from './colour.ts';
import { Edge } from './corners.ts';
import { ownPicture, type Picture } from './picture-pool.ts';
import { fillRect, type Planes, planesFrom } from './planes.ts';
import { blend, type Sprite } from './sprite.ts';

/** What a tile shows. */
export type TileContent =
  | { kind: 'picture'; picture: Picture; bars: Yuv }
  | { kind: 'card'; colour: Yuv; disc: Sprite | null };

interface Scaler {
  /** Of the pictures it is for. */
  shape: PictureShape;
  source: Rect;
  target: Rect;
  /** The canvas' memory from the target's corner on; null: another canvas' memory is used than before. */
  into: { canvas: Planes; planes: Planes } | null;
  /** null: as large as it is, a copy will do. */
  context: SoftwareScaleContext | null;
  /** Where to scale to when not right into the canvas. */
  scratch: Picture | null;
}

/** swscale writes whole vectors: what is no multiple of them in each plane is written beyond the tile, onto its neighbour. */
const VECTOR = 64;
/** Scalers do not take less; a tile that has just been born is so small. */
const LEAST_SIDE = 8;
/** Bicubic brightness, bilinear colour: four fifths of the work of all of it bicubic, and hardly to be told from it (luma is the same). */
const SCALING = SWS_BICUBLIN;

/** One tile on the canvas: scales its picture right into the canvas' memory. */
export class TileView {
  /** To be drawn again. */
  isDirty = true;
  /** The name that lies on it, and how far from its left and lower edge. */
  label: { sprite: Sprite; margin: number } | null = null;
  /** Tiles that it lies on. */
  below: readonly TileView[] = [];
  #tile: PlacedTile;
  #edge: Edge;
  #scaler: Scaler | null = null;
  /** The scaler is for another place. */
  #hasMoved = false;

  constructor(tile: PlacedTile) {
    this.#tile = tile;
    this.#edge = new Edge(tile, tile.radius, tile.border);
  }

  get tile(): PlacedTile {
    return this.#tile;
  }

  /** Pixels on the canvas for one of the picture; null: it shows none. */
  get scale(): number | null {
    if (!this.#scaler) return null;
    const { source, target } = this.#scaler;
    return (target.width * target.height) / (source.width * source.height);
  }

  /** Another place or look; everything has to be drawn again. */
  place(tile: PlacedTile): void {
    this.#tile = tile;
    this.#edge = new Edge(tile, tile.radius, tile.border);
    this.#hasMoved = true;
    this.isDirty = true;
  }

  isOver(other: Rect): boolean {
    return overlap(this.#tile, other);
  }

  /** Takes its rounded corners off the canvas: what is below shows there again. */
  lift(planes: Planes): void {
    this.#edge.restore(planes);
  }

  /** What is below has been drawn; see {@link lift}. */
  draw(planes: Planes, content: TileContent): void {
    this.isDirty = false;
    const tile = this.#tile;
    this.#edge.save(planes);
    if (content.kind === 'picture') this.#drawPicture(planes, content.picture, content.bars);
    else this.#drawCard(planes, content.colour, content.disc);
    this.#edge.draw(planes);
    if (!this.label) return;
    const { sprite, margin } = this.label;
    blend(planes, sprite, tile.x + margin, tile.y + tile.height - margin - sprite.height, tile);
  }

  close(): void {
    this.#scaler?.context?.freeContext();
    this.#scaler?.scratch?.frame.free();
    this.#scaler = null;
  }

  #drawCard(planes: Planes, colour: Yuv, disc: Sprite | null): void {
    const tile = this.#tile;
    this.close();
    fillRect(planes, tile, colour);
    if (!disc) return;
    const left = tile.x + 2 * Math.floor((tile.width - disc.width) / 4);
    const top = tile.y + 2 * Math.floor((tile.height - disc.height) / 4);
    blend(planes, disc, left, top, tile);
  }

  #drawPicture(planes: Planes, picture: Picture, bars: Yuv): void {
    const tile = this.#tile;
    if (tile.width < LEAST_SIDE || tile.height < LEAST_SIDE) return;
    const scaler = this.#scalerFor(picture);
    const { context, scratch, source, target } = scaler;
    const from = planesFrom(picture.planes, source.x, source.y);
    if (target.width !== tile.width || target.height !== tile.height) fillAround(planes, tile, target, bars);
    if (scaler.into?.canvas !== planes)
      scaler.into = { canvas: planes, planes: planesFrom(planes, target.x, target.y) };
    const to = scaler.into.planes;
    const scaled = scratch?.planes ?? to;
    if (context) {
      const rows = context.scaleSync(from.data, from.linesize, 0, source.height, scaled.data, scaled.linesize);
      FFmpegError.throwIfError(rows, 'scaling');
    }
    if (!context || scratch) copy(context ? scaled : from, to, target);
  }

  #scalerFor({ width, height, pixelAspect }: Picture): Scaler {
    const old = this.#scaler;
    const shape = { width, height, pixelAspect };
    if (old && !this.#hasMoved && sameSize(old.shape, shape) && old.shape.pixelAspect === pixelAspect) return old;
    const { source, target } = fitPicture(this.#tile, shape);
    const places = { shape, source, target, into: null };
    if (old && sameSize(old.source, source) && sameSize(old.target, target)) {
      this.#scaler = { ...old, ...places };
    } else {
      this.close();
      this.#scaler = { ...places, ...openScaler(source, target) };
    }
    this.#hasMoved = false;
    return this.#scaler;
  }
}

const sameSize = (a: Size, b: Size) => a.width === b.width && a.height === b.height;

function openScaler(source: Rect, target: Rect): Pick<Scaler, 'context' | 'scratch'> {
  if (sameSize(source, target)) return { context: null, scratch: null };
  const scratch = target.width % VECTOR === 0 ? null : ownPicture(target);
  const context = new SoftwareScaleContext();
  const format = AV_PIX_FMT_YUV420P;
  try {
    context.getContext(source.width, source.height, format, target.width, target.height, format, SCALING);
  } catch (error) {
    context.freeContext();
    scratch?.frame.free();
    throw error;
  }
  return { context, scratch };
}

function copy(from: Planes, to: Planes, { width, height }: Rect): void {
  avImageCopy2(to.data, to.linesize, from.data, from.linesize, AV_PIX_FMT_YUV420P, width, height);
}

/** The part of a tile that its picture leaves empty. */
function fillAround(planes: Planes, tile: Rect, inner: Rect, colour: Yuv): void {
  const { x, y, width, height } = tile;
  const right = inner.x + inner.width;
  const bottom = inner.y + inner.height;
  fillRect(planes, { x, y, width, height: inner.y - y }, colour);
  fillRect(planes, { x, y: bottom, width, height: y + height - bottom }, colour);
  fillRect(planes, { x, y: inner.y, width: inner.x - x, height: inner.height }, colour);
  fillRect(planes, { x: right, y: inner.y, width: x + width - right, height: inner.height }, colour);
}
