import type { MixCanvas, MixInput, MixLayout } from '@lianmai/contract';
import type { VideoFrame } from '@lianmai/media';
import type { Frame } from 'node-av/lib';
import type { Logger } from 'pino';
import { placeTiles } from '../layout/place.ts';
import { overlap, type PlacedTile } from '../layout/tile.ts';
import { samePlaces, tween } from '../layout/tween.ts';
import { ActiveSpeaker } from './active-speaker.ts';
import { cardColour, parseColour, type Yuv } from './colour.ts';
import { Decoration, type LoadPicture, type Still } from './decoration.ts';
import { InputPicture, type PictureState, type Playhead } from './input-picture.ts';
import { ownPicture, type Picture } from './picture-pool.ts';
import { allocatePicture, Backing, fillRect, type Planes, planesOf } from './planes.ts';
import { blend, type Sprite } from './sprite.ts';
import { TileView } from './tile-view.ts';

export interface CompositorOptions {
  canvas: MixCanvas;
  fps: number;
  /** Bytes of a PNG, JPEG or WebP. */
  pictures: LoadPicture;
  log: Pick<Logger, 'warn'>;
}

interface Input {
  wish: MixInput;
  stream: InputPicture | null;
  /** Of an input that is a picture: null while it loads. */
  still: Picture | null;
}

interface Slide {
  from: readonly PlacedTile[];
  sinceMs: number;
}

interface Watermark {
  sprite: Sprite;
  backing: Backing;
}

const HIGHLIGHT_COLOUR = '#ff6f61';
/** Of the canvas' shorter side. */
const HIGHLIGHT_SHARE = 1 / 120;
/**
 * A tile with so few of its picture's pixels does not show what a saving decoder leaves out. With two fifths of them (nine inputs) it does: its
 * errors grow from picture to picture, a whole decibel for a twelfth of the work.
 */
const SAVING_SCALE = 0.2;
const UNKNOWN: PictureState = { state: 'waiting', width: null, height: null, fps: null, delayMs: null };

/**
 * Puts streams, pictures and colours on one canvas. Each call of {@link compose} draws only tiles that show something new
 * (and what lies on them); changes of layout touch only the table of tiles. Synchronous but for names and pictures, which
 * are drawn aside and appear when they are there.
 */
export class Compositor {
  /** An input's stream cannot be shown without a key frame. */
  onKeyFrameWanted: (input: string) => void = () => undefined;
  readonly #canvas: Frame;
  readonly #decoration: Decoration;
  readonly #speakers = new ActiveSpeaker();
  readonly #inputs = new Map<string, Input>();
  /** Not wished for any more; their last pictures are seen until the tiles have come to rest. */
  readonly #leaving = new Map<string, Input>();
  readonly #log: Pick<Logger, 'warn'>;
  #planes: Planes;
  #wish: MixCanvas;
  #layout: MixLayout = { tiles: [] };
  #views: TileView[] = [];
  /** Where tiles are going to, and how they looked when that was decided. */
  #goal: PlacedTile[] | null = null;
  #isWishNew = true;
  #voices = '';
  #slide: Slide | null = null;
  #background: Still | null = null;
  #watermark: Watermark | null = null;
  #isAllDirty = true;
  #isUndecorated = true;
  #isClosed = false;

  /** @throws Error no memory for the canvas */
  constructor({ canvas, pictures, log }: CompositorOptions) {
    this.#canvas = allocatePicture(canvas);
    this.#planes = planesOf(this.#canvas);
    this.#wish = canvas;
    this.#log = log;
    this.#decoration = new Decoration(pictures, log, () => {
      this.#isUndecorated = true;
    });
  }

  /**
   * The whole wish; only what differs from the one before costs. Tiles slide for `canvas.transitionMs`.
   *
   * @param canvas of the size this was made for
   */
  arrange(inputs: readonly MixInput[], layout: MixLayout, canvas: MixCanvas, nowMs: number): void {
    const ids = new Set(inputs.map(({ id }) => id));
    for (const [id, input] of this.#inputs) {
      if (ids.has(id)) continue;
      this.#inputs.delete(id);
      this.#speakers.forget(id);
      this.#leaving.set(id, input);
    }
    for (const id of ids) this.#forget(id);
    const before = new Map(this.#inputs);
    this.#inputs.clear();
    for (const wish of inputs) this.#inputs.set(wish.id, this.#input(wish, before.get(wish.id)));
    this.#changeCanvas(canvas);
    this.#layout = layout;
    this.#isWishNew = true;
    this.#place(nowMs);
    if (!this.#slide) for (const id of this.#leaving.keys()) this.#forget(id);
    for (const [id, { stream, wish }] of this.#inputs) {
      const tiles = this.#goal?.filter((tile) => tile.input === id) ?? [];
      stream?.watch(wish.video && (tiles.length === 0 || tiles.some(({ picture }) => picture)));
    }
  }

  /** A frame of an input's stream, configurations too; decoded at once, shown when the clock says that it is due. */
  write(input: string, frame: VideoFrame, clock: Playhead, nowMs: number): void {
    this.#inputs.get(input)?.stream?.write(frame, clock, nowMs);
  }

  /** An input's stream ended or changed its source. */
  reset(input: string): void {
    this.#inputs.get(input)?.stream?.reset();
  }

  /** How loud inputs are, 0 to 1: for the frame around who speaks and the layout that shows them large. */
  speaking(levels: ReadonlyMap<string, number>): void {
    this.#speakers.listen(levels);
  }

  /** The canvas as it looks now; valid until the next call. @throws FFmpegError no memory */
  compose(nowMs: number): Frame {
    this.#ensureWritable();
    this.#speakers.advance(nowMs);
    this.#place(nowMs);
    for (const [id, { stream }] of this.#inputs) if (stream?.advance(nowMs)) this.#touch(id);
    if (this.#isUndecorated) this.#decorate();
    if (this.#isAllDirty) this.#drawAll();
    else this.#drawDirty();
    this.#saveWork();
    return this.#canvas;
  }

  state(input: string): PictureState {
    const { stream, wish } = this.#inputs.get(input) ?? {};
    if (!wish) return UNKNOWN;
    return stream && wish.video ? stream.state() : { ...UNKNOWN, state: 'live' };
  }

  /** Names, avatars and pictures asked for so far are there; the next {@link compose} shows them. */
  async idle(): Promise<void> {
    await this.#decoration.idle();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const input of [...this.#inputs.values(), ...this.#leaving.values()]) closeInput(input);
    this.#inputs.clear();
    this.#leaving.clear();
    for (const view of this.#views) view.close();
    this.#views = [];
    this.#decoration.close();
    this.#canvas.free();
  }

  #input(wish: MixInput, before: Input | undefined): Input {
    const isSame = before && JSON.stringify(before.wish.source) === JSON.stringify(wish.source);
    if (before && isSame) {
      before.wish = wish;
      this.#touch(wish.id);
      return before;
    }
    // A stream in place of another keeps the last picture until the new one has its first.
    const stream = 'stream' in wish.source ? (before?.stream ?? this.#newStream(wish.id)) : null;
    if (before?.stream && stream) stream.reset();
    else if (before) closeInput(before);
    const input: Input = { wish, stream, still: null };
    if ('picture' in wish.source) void this.#loadStill(input, wish.source.picture);
    this.#touch(wish.id);
    return input;
  }

  #newStream(id: string): InputPicture {
    return new InputPicture(() => this.onKeyFrameWanted(id));
  }

  async #loadStill(input: Input, picture: string): Promise<void> {
    const still = await this.#decoration.still(picture, this.#wish.background, null);
    if (!still || this.#isClosed || this.#inputs.get(input.wish.id) !== input) return;
    input.still = ownPicture(still);
    copyStill(still, input.still.planes);
    this.#touch(input.wish.id);
  }

  #changeCanvas(canvas: MixCanvas): void {
    const before = this.#wish;
    this.#wish = canvas;
    if (canvas.background !== before.background) this.#isAllDirty = true;
    const { backgroundPicture } = canvas;
    if (backgroundPicture === null) {
      if (this.#background) this.#isAllDirty = true;
      this.#background = null;
    } else if (
      backgroundPicture !== before.backgroundPicture ||
      canvas.background !== before.background ||
      !this.#goal
    ) {
      void this.#loadBackground(backgroundPicture);
    }
  }

  async #loadBackground(picture: string): Promise<void> {
    const still = await this.#decoration.still(picture, this.#wish.background, this.#wish);
    if (this.#isClosed || this.#wish.backgroundPicture !== picture) return;
    this.#background = still;
    this.#isAllDirty = true;
  }

  /** Makes the table of tiles what it has to be now. */
  #place(nowMs: number): void {
    const voices = this.#voicesNow(nowMs);
    if (this.#isWishNew || voices !== this.#voices) {
      this.#isWishNew = false;
      this.#voices = voices;
      this.#aim(this.#lookNow(nowMs), nowMs);
    }
    if (!this.#slide || !this.#goal) return;
    const { transitionMs } = this.#wish;
    const progress = transitionMs > 0 ? (nowMs - this.#slide.sinceMs) / transitionMs : 1;
    this.#setTiles(tween(this.#slide.from, this.#goal, progress));
    if (progress < 1) return;
    this.#slide = null;
    for (const id of this.#leaving.keys()) this.#forget(id);
  }

  /** Of those that leave. */
  #forget(id: string): void {
    const input = this.#leaving.get(id);
    if (!input) return;
    this.#leaving.delete(id);
    closeInput(input);
  }

  /** As the tile will be when it has come to rest. */
  #goalOf(view: TileView): PlacedTile {
    if (view.tile.isLeaving) return view.tile;
    const staying = this.#views.filter(({ tile }) => !tile.isLeaving);
    return this.#goal?.[staying.indexOf(view)] ?? view.tile;
  }

  /** Tiles are to go there from now on. */
  #aim(goal: PlacedTile[], nowMs: number): void {
    const before = this.#goal;
    const moves = before !== null && !samePlaces(before, goal);
    if (moves && this.#wish.transitionMs > 0)
      this.#slide = { from: this.#views.map(({ tile }) => tile), sinceMs: nowMs };
    this.#goal = goal;
    if (!this.#slide) this.#setTiles(goal);
  }

  /** What the look depends on besides the wish: who speaks. */
  #voicesNow(nowMs: number): string {
    const isSpeakerLarge = 'template' in this.#layout && this.#layout.template === 'speaker';
    const large = isSpeakerLarge ? this.#speakers.speaker : null;
    if (!this.#wish.highlightSpeaker) return large ?? '';
    return [large, ...[...this.#inputs.keys()].filter((id) => this.#speakers.isSpeaking(id, nowMs))].join();
  }

  #lookNow(nowMs: number): PlacedTile[] {
    const tiles = placeTiles([...this.#inputs.keys()], this.#layout, this.#wish, this.#speakers.speaker);
    if (!this.#wish.highlightSpeaker) return tiles;
    const width = Math.max(2, Math.round(Math.min(this.#wish.width, this.#wish.height) * HIGHLIGHT_SHARE));
    const border = { width, color: HIGHLIGHT_COLOUR };
    return tiles.map((tile) => (this.#speakers.isSpeaking(tile.input, nowMs) ? { ...tile, border } : tile));
  }

  #setTiles(tiles: readonly PlacedTile[]): void {
    const old = [...this.#views];
    this.#views = tiles.map((tile) => {
      const index = old.findIndex((view) => view.tile.input === tile.input);
      const [view] = index < 0 ? [undefined] : old.splice(index, 1);
      view?.place(tile);
      return view ?? new TileView(tile);
    });
    for (const view of old) view.close();
    for (const [i, view] of this.#views.entries())
      view.below = this.#views.slice(0, i).filter((lower) => view.isOver(lower.tile));
    this.#isAllDirty = true;
    this.#isUndecorated = true;
  }

  #touch(id: string): void {
    for (const view of this.#views) if (view.tile.input === id) view.isDirty = true;
  }

  /** Names and logo for the tiles as they will be when they have come to rest. */
  #decorate(): void {
    this.#isUndecorated = false;
    this.#isAllDirty = true;
    this.#decoration.nextRound();
    for (const view of this.#views) {
      const goal = this.#goalOf(view);
      const text = this.#inputs.get(goal.input)?.wish.label?.trim();
      view.label = goal.label && text ? this.#decoration.label(text, goal, this.#wish) : null;
    }
    const { watermark } = this.#wish;
    const sprite = watermark && this.#decoration.logo(watermark.picture, watermark.width);
    this.#watermark = watermark && sprite && placeWatermark(sprite, watermark, this.#wish);
  }

  #drawAll(): void {
    this.#isAllDirty = false;
    const planes = this.#planes;
    if (this.#background) copyStill(this.#background, planes);
    else fillRect(planes, { x: 0, y: 0, ...sizeOf(this.#wish) }, parseColour(this.#wish.background));
    for (const view of this.#views) this.#drawView(view);
    this.#drawWatermark();
  }

  #drawDirty(): void {
    const views = this.#views;
    for (const view of views) if (!view.isDirty) view.isDirty = view.below.some(({ isDirty }) => isDirty);
    const mark = this.#watermark;
    const isMarked = mark !== null && views.some(({ isDirty, tile }) => isDirty && overlap(tile, mark.backing.rect));
    if (isMarked) mark.backing.restore(this.#planes);
    for (let i = views.length - 1; i >= 0; i--) if (views[i]?.isDirty) views[i]?.lift(this.#planes);
    for (const view of views) if (view.isDirty) this.#drawView(view);
    if (isMarked) this.#drawWatermark();
  }

  #drawView(view: TileView): void {
    const { input: id } = view.tile;
    const input = this.#inputs.get(id) ?? this.#leaving.get(id);
    if (!input) return;
    const { stream, still, wish } = input;
    const isPictured = view.tile.picture && wish.video;
    const picture = isPictured ? (stream?.picture ?? still) : null;
    try {
      if (picture) view.draw(this.#planes, { kind: 'picture', picture, bars: parseColour(this.#wish.background) });
      else view.draw(this.#planes, { kind: 'card', ...this.#card(view, wish) });
    } catch (error) {
      this.#log.warn({ input: wish.id, err: error }, 'a tile cannot be drawn');
    }
  }

  #card(view: TileView, wish: MixInput): { colour: Yuv; disc: Sprite | null } {
    if ('color' in wish.source) return { colour: parseColour(wish.source.color), disc: null };
    const goal = this.#goalOf(view);
    const colour = parseColour(cardColour(wish.label?.trim() || wish.id));
    return { colour, disc: this.#decoration.disc(wish, goal) };
  }

  #drawWatermark(): void {
    if (!this.#watermark) return;
    const { sprite, backing } = this.#watermark;
    backing.save(this.#planes);
    blend(this.#planes, sprite, backing.rect.x, backing.rect.y, backing.rect);
  }

  /** Decoders of streams that are shown small, or not at all, do less. */
  #saveWork(): void {
    for (const [id, { stream }] of this.#inputs)
      stream?.save(!this.#views.some(({ tile, scale }) => tile.input === id && (scale ?? 0) > SAVING_SCALE));
  }

  /** An encoder that still holds the canvas keeps its copy. */
  #ensureWritable(): void {
    if (this.#canvas.isWritable) return;
    this.#canvas.makeWritable();
    this.#planes = planesOf(this.#canvas);
  }
}

const sizeOf = ({ width, height }: { width: number; height: number }) => ({ width, height });

function closeInput({ stream, still }: Input): void {
  stream?.close();
  still?.frame.free();
}

function placeWatermark(sprite: Sprite, at: { x: number; y: number }, canvas: MixCanvas): Watermark | null {
  const x = Math.max(0, 2 * Math.round(at.x / 2));
  const y = Math.max(0, 2 * Math.round(at.y / 2));
  const width = Math.min(sprite.width, canvas.width - x);
  const height = Math.min(sprite.height, canvas.height - y);
  return width > 0 && height > 0 ? { sprite, backing: new Backing({ x, y, width, height }) } : null;
}

function copyStill({ width, height, planes }: Still, to: Planes): void {
  for (const index of [0, 1, 2] as const) {
    const shift = index === 0 ? 0 : 1;
    const [wide, high] = [width >> shift, height >> shift];
    for (let row = 0; row < high; row++)
      to.data[index].set(planes[index].subarray(row * wide, (row + 1) * wide), row * to.linesize[index]);
  }
}
