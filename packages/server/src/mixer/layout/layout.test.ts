import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_MIX_INPUTS, MIX_TEMPLATES, type MixTemplate, type MixTile } from '@lianmai/contract';
import fc from 'fast-check';
import { fitPicture } from './fit.ts';
import { placeTiles } from './place.ts';
import { overlap, type PlacedTile, type Rect, type Size } from './tile.ts';
import { samePlaces, tween } from './tween.ts';

const HD = { width: 1280, height: 720 };
const PHONE = { width: 540, height: 960 };

const ids = (count: number) => Array.from({ length: count }, (_, i) => `in-${i}`);
const canvases = fc.record({
  width: fc.integer({ min: 80, max: 960 }).map((half) => half * 2),
  height: fc.integer({ min: 80, max: 960 }).map((half) => half * 2),
});
const counts = fc.integer({ min: 1, max: MAX_MIX_INPUTS });
const templates = fc.constantFrom(...MIX_TEMPLATES);

const place = (template: MixTemplate, count: number, canvas: Size, speaker: string | null = null) =>
  placeTiles(ids(count), { template }, canvas, speaker);
const rect = ({ x, y, width, height }: Rect) => [x, y, width, height];

function assertDrawable(tile: Rect, canvas: Size): void {
  for (const value of rect(tile)) assert.equal(value % 2, 0, `even: ${rect(tile)}`);
  assert.ok(tile.x >= 0 && tile.y >= 0 && tile.width > 0 && tile.height > 0, `there: ${rect(tile)}`);
  assert.ok(tile.x + tile.width <= canvas.width, `not beyond the right: ${rect(tile)}`);
  assert.ok(tile.y + tile.height <= canvas.height, `not below: ${rect(tile)}`);
}

const custom = (input: string, more: Partial<MixTile> = {}): MixTile => ({
  input,
  unit: 'px',
  x: 0,
  y: 0,
  width: 100,
  height: 100,
  layer: 1,
  fit: 'cover',
  crop: null,
  radius: 0,
  border: null,
  label: false,
  ...more,
});

describe('templates', () => {
  it('put even tiles inside the canvas, one for each input but in full', () => {
    fc.assert(
      fc.property(templates, counts, canvases, (template, count, canvas) => {
        const tiles = place(template, count, canvas);
        for (const tile of tiles) assertDrawable(tile, canvas);
        const expected = template === 'full' ? ids(1) : ids(count);
        assert.deepEqual(tiles.map(({ input }) => input).sort(), expected.sort());
      }),
    );
  });

  it('let no tiles cover each other, except small ones the main picture', () => {
    fc.assert(
      fc.property(templates, counts, canvases, (template, count, canvas) => {
        const tiles = place(template, count, canvas);
        const areOver = template.startsWith('pip') || template === 'cohost';
        const beside = areOver ? tiles.slice(1) : tiles;
        for (const [i, a] of beside.entries())
          for (const b of beside.slice(i + 1)) assert.ok(!overlap(a, b), `${rect(a)} and ${rect(b)}`);
      }),
    );
  });

  it('stack co-anchors at the right, upward from a little above the bottom', () => {
    const tiles = place('cohost', 4, PHONE);
    assert.deepEqual(tiles.map(rect), [
      [0, 0, 540, 960],
      [380, 630, 160, 240],
      [380, 390, 160, 240],
      [380, 150, 160, 240],
    ]);
  });

  it('make a PK of two halves', () => {
    assert.deepEqual(place('pk', 2, { width: 720, height: 640 }).map(rect), [
      [0, 0, 360, 640],
      [360, 0, 360, 640],
    ]);
    assert.deepEqual(place('pk', 2, HD).map(rect), [
      [0, 0, 640, 720],
      [640, 0, 640, 720],
    ]);
    assert.deepEqual(place('pk', 2, PHONE).map(rect), [
      [0, 240, 270, 480],
      [270, 240, 270, 480],
    ]);
  });

  it('fill the canvas with grids of four and nine', () => {
    assert.deepEqual(place('grid', 4, HD).map(rect), [
      [0, 0, 640, 360],
      [640, 0, 640, 360],
      [0, 360, 640, 360],
      [640, 360, 640, 360],
    ]);
    const nine = place('grid', 9, HD);
    const area = nine.reduce((sum, { width, height }) => sum + width * height, 0);
    assert.equal(area, HD.width * HD.height);
  });

  it('put small pictures to the corner that the name says', () => {
    const [, topLeft] = place('pip-top-left', 2, HD);
    assert.deepEqual(rect(topLeft as PlacedTile), [20, 20, 320, 180]);
    const [, bottomRight] = place('pip-bottom-right', 2, HD);
    assert.deepEqual(rect(bottomRight as PlacedTile), [940, 520, 320, 180]);
  });

  it('give the large tile to whoever speaks', () => {
    const [main, ...others] = place('speaker', 4, HD, 'in-2');
    assert.equal(main?.input, 'in-2');
    assert.deepEqual(
      others.map(({ input }) => input),
      ['in-0', 'in-1', 'in-3'],
    );
    assert.ok((main?.width ?? 0) > 3 * (others[0]?.width ?? 0));
  });

  it('show no pictures in audio', () => {
    assert.ok(place('audio', 5, HD).every(({ picture }) => !picture));
  });
});

describe('custom tiles', () => {
  const numbers = fc.double({ min: -0.5, max: 1.5, noNaN: true });

  it('are even and inside the canvas wherever they were wanted', () => {
    fc.assert(
      fc.property(canvases, fc.array(fc.tuple(numbers, numbers, numbers, numbers)), (canvas, wishes) => {
        const tiles = wishes.map(([x, y, width, height]) =>
          custom('in-0', { unit: 'fraction', x, y, width: Math.abs(width), height: Math.abs(height) }),
        );
        for (const tile of placeTiles(ids(1), { tiles }, canvas, null)) assertDrawable(tile, canvas);
      }),
    );
  });

  it('stay neighbours when fractions do not divide evenly', () => {
    const third = 1 / 3;
    const tiles = [0, 1, 2].map((i) => custom(`in-${i}`, { unit: 'fraction', x: i * third, width: third, height: 1 }));
    const [a, b, c] = placeTiles(ids(3), { tiles }, HD, null) as [PlacedTile, PlacedTile, PlacedTile];
    assert.deepEqual([a.x + a.width, b.x + b.width, c.x + c.width], [b.x, c.x, HD.width]);
  });

  it('are drawn by layer, and not for inputs that are not there', () => {
    const tiles = [custom('in-0', { layer: 5 }), custom('gone'), custom('in-1', { layer: 2 })];
    const placed = placeTiles(ids(2), { tiles }, HD, null);
    assert.deepEqual(
      placed.map(({ input }) => input),
      ['in-1', 'in-0'],
    );
  });
});

describe('a picture in its tile', () => {
  const tile = (more: Partial<PlacedTile>) =>
    ({ x: 0, y: 0, width: 640, height: 360, fit: 'cover', crop: null, ...more }) as const;
  const square = { width: 400, height: 400, pixelAspect: 1 };

  it('is never read or drawn outside, and never oddly', () => {
    const sides = fc.integer({ min: 2, max: 2000 });
    const fractions = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(sides, sides, fc.double({ min: 0.1, max: 10, noNaN: true })),
        fc.tuple(fractions, fractions, fractions, fractions),
        fc.tuple(fc.constantFrom('cover', 'contain', 'auto'), fc.boolean()),
        canvases,
        ([width, height, pixelAspect], [x, y, w, h], [fit, isCropped], canvas) => {
          const crop = isCropped ? { x, y, width: Math.min(w, 1 - x), height: Math.min(h, 1 - y) } : null;
          const { source, target } = fitPicture({ x: 0, y: 0, ...canvas, fit, crop }, { width, height, pixelAspect });
          assertDrawable(source, { width, height });
          assertDrawable(target, canvas);
        },
      ),
    );
  });

  it('covers by being cut in the middle', () => {
    const { source, target } = fitPicture(tile({}), square);
    assert.deepEqual(rect(source), [0, 88, 400, 226]);
    assert.deepEqual(rect(target), [0, 0, 640, 360]);
  });

  it('is contained whole, with bars beside it', () => {
    const { source, target } = fitPicture(tile({ fit: 'contain' }), square);
    assert.deepEqual(rect(source), [0, 0, 400, 400]);
    assert.deepEqual(rect(target), [140, 0, 360, 360]);
  });

  it('covers by itself when little is cut, otherwise is contained', () => {
    const wide = { width: 640, height: 300, pixelAspect: 1 };
    assert.equal(fitPicture(tile({ fit: 'auto' }), wide).target.height, 360);
    assert.equal(fitPicture(tile({ fit: 'auto' }), square).target.width, 360);
  });

  it('keeps its shape when its pixels are not square', () => {
    const anamorphic = { width: 720, height: 576, pixelAspect: 64 / 45 };
    const { target } = fitPicture(tile({ fit: 'contain' }), anamorphic);
    assert.deepEqual(rect(target), [0, 0, 640, 360]);
  });
});

describe('a change of layout', () => {
  it('slides from the old places to the new ones, inside the canvas all the way', () => {
    fc.assert(
      fc.property(templates, templates, counts, counts, canvases, (from, to, before, after, canvas) => {
        const [a, b] = [place(from, before, canvas), place(to, after, canvas)];
        for (const progress of [0, 0.3, 0.7, 0.99])
          for (const { x, y, width, height } of tween(a, b, progress)) {
            assert.ok([x, y, width, height].every((value) => value % 2 === 0 && value >= 0));
            assert.ok(x + width <= canvas.width && y + height <= canvas.height);
          }
        assert.ok(samePlaces(tween(a, b, 1), b));
        const staying = tween(a, b, 0.5).filter(({ isLeaving }) => !isLeaving);
        assert.deepEqual(
          staying.map(({ input }) => input),
          b.map(({ input }) => input),
        );
      }),
    );
  });

  it('begins where tiles were and slows down towards the end', () => {
    const tiles = (x: number) => placeTiles(ids(1), { tiles: [custom('in-0', { x })] }, HD, null);
    const at = (progress: number) => tween(tiles(0), tiles(1000), progress)[0]?.x;
    assert.deepEqual([at(0), at(0.5), at(1)], [0, 876, 1000]);
  });

  it('lets a new tile grow out of its middle', () => {
    const [born] = tween([], placeTiles(ids(1), { tiles: [custom('in-0')] }, HD, null), 0);
    assert.deepEqual(rect(born as PlacedTile), [36, 36, 30, 30]);
  });

  it('lets a tile that leaves shrink into its middle, on the layer where it was', () => {
    const full = custom('in-0', { width: 1280, height: 720 });
    const both = placeTiles(ids(2), { tiles: [full, custom('in-1', { layer: 2 })] }, HD, null);
    const [under, over] = tween(both, placeTiles(ids(1), { tiles: [full] }, HD, null), 0.5);
    assert.deepEqual([under?.input, over?.input, over?.isLeaving], ['in-0', 'in-1', true]);
    assert.deepEqual(rect(over as PlacedTile), [30, 30, 40, 40]);
    assert.equal(tween(both, [under as PlacedTile], 1).length, 1);
  });
});
