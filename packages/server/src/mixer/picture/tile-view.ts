import { AV_PIX_FMT_YUV420P, SWS_BICUBLIN } from 'node-av/constants';
import { avImageCopy2, FFmpegError, type Frame, SoftwareScaleContext } from 'node-av/lib';
import { fitPicture } from '../layout/fit.ts';
import { overlap, type PlacedTile, type Rect } from '../layout/tile.ts';
import type { Yuv } from './colour.ts';
import { Edge } from './corners.ts';
import { allocatePicture, fillRect, type Planes, planesFrom, planesOf } from './planes.ts';
import { blend, type Sprite } from './sprite.ts';

/** What a tile shows. */
export type TileContent =
  | { kind: 'picture'; frame: Frame; bars: Yuv }
  | { kind: 'card'; colour: Yuv; disc: Sprite | null };

interface Scaler {
  key: string;
  source: Rect;
  target: Rect;
  /** The source's memory from its corner on, … */
  from: Planes;
  /** … and the canvas' from the target's; null: another canvas' memory is used than before. */
  into: { canvas: Planes; planes: Planes } | null;
  /** null: as large as it is, a copy will do. */
  context: SoftwareScaleContext | null;
  /** Where to scale to when not right into the canvas. */
  scratch: { frame: Frame; planes: Planes } | null;
}

/**
 * A picture where it can be read from. Looking into a decoder's own picture makes JavaScript hold views of it, of a megabyte each
 * three times: the garbage collector, which takes them for its memory, runs twice a second and more for every mix.
 */
interface Copy {
  frame: Frame;
  planes: Planes;
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
  #copy: Copy | null = null;

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
    if (content.kind === 'picture') this.#drawPicture(planes, content.frame, content.bars);
    else this.#drawCard(planes, content.colour, content.disc);
    this.#edge.draw(planes);
    if (!this.label) return;
    const { sprite, margin } = this.label;
    blend(planes, sprite, tile.x + margin, tile.y + tile.height - margin - sprite.height, tile);
  }

  close(): void {
    this.#closeScaler();
    this.#copy?.frame.free();
    this.#copy = null;
  }

  #closeScaler(): void {
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

  #drawPicture(planes: Planes, frame: Frame, bars: Yuv): void {
    const tile = this.#tile;
    if (tile.width < LEAST_SIDE || tile.height < LEAST_SIDE) return;
    const scaler = this.#scalerFor(frame);
    const { context, scratch, source, target, from } = scaler;
    FFmpegError.throwIfError(this.#copyFor(frame).frame.copy(frame), 'copying');
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

  #scalerFor(frame: Frame): Scaler {
    const tile = this.#tile;
    const { width, height } = frame;
    const { num, den } = frame.sampleAspectRatio;
    const key = [
      width,
      height,
      num,
      den,
      tile.x,
      tile.y,
      tile.width,
      tile.height,
      tile.fit,
      JSON.stringify(tile.crop),
    ].join();
    if (this.#scaler?.key === key) return this.#scaler;
    const pixelAspect = num > 0 && den > 0 ? num / den : 1;
    const { source, target } = fitPicture(tile, { width, height, pixelAspect });
    const from = planesFrom(this.#copyFor(frame).planes, source.x, source.y);
    const old = this.#scaler;
    const places = { key, source, target, from, into: null };
    if (old && sameSize(old.source, source) && sameSize(old.target, target)) {
      this.#scaler = { ...old, ...places };
    } else {
      this.#closeScaler();
      this.#scaler = { ...places, ...openScaler(source, target) };
    }
    return this.#scaler;
  }

  /** Memory for a picture of this size. */
  #copyFor({ width, height }: Frame): Copy {
    const known = this.#copy;
    if (known?.frame.width === width && known.frame.height === height) return known;
    known?.frame.free();
    this.#copy = null;
    const frame = allocatePicture({ width, height });
    this.#copy = { frame, planes: planesOf(frame) };
    return this.#copy;
  }
}

const sameSize = (a: Rect, b: Rect) => a.width === b.width && a.height === b.height;

function openScaler(source: Rect, target: Rect): Pick<Scaler, 'context' | 'scratch'> {
  if (sameSize(source, target)) return { context: null, scratch: null };
  const context = new SoftwareScaleContext();
  const format = AV_PIX_FMT_YUV420P;
  context.getContext(source.width, source.height, format, target.width, target.height, format, SCALING);
  if (target.width % VECTOR === 0) return { context, scratch: null };
  const frame = allocatePicture(target);
  return { context, scratch: { frame, planes: planesOf(frame) } };
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
