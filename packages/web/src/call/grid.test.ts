import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arrange, columnOf, fit, type Size, shapeOf } from './grid.ts';

const PHONE: Size = { width: 374, height: 680 };
const DESKTOP: Size = { width: 1392, height: 724 };
const LYING = 16 / 9;
const STANDING = 3 / 4;

const shape = (count: number, stage: Size, pictures: number) => {
  const { columns, rows } = arrange(count, stage, 8, pictures);
  return `${columns}x${rows}`;
};

describe('the grid', () => {
  test('puts the pictures of laptops below one another on a phone, those of phones side by side', () => {
    assert.deepEqual(
      [2, 3, 4].map((count) => shape(count, PHONE, LYING)),
      ['1x2', '1x3', '1x4'],
    );
    assert.deepEqual(
      [2, 4, 6, 9].map((count) => shape(count, PHONE, STANDING)),
      ['1x2', '2x2', '2x3', '3x3'],
    );
  });

  test('is wide on a wide page', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 6, 9].map((count) => shape(count, DESKTOP, LYING)),
      ['1x1', '2x1', '2x2', '2x2', '3x2', '3x3'],
    );
  });

  test('has room for everybody, without overlap, whatever the number', () => {
    for (const stage of [PHONE, DESKTOP]) {
      for (let count = 1; count <= 12; count++) {
        const { columns, rows, tile } = arrange(count, stage, 8, LYING);
        assert.ok(columns * rows >= count);
        assert.ok(tile.width * columns + 8 * (columns - 1) <= stage.width + 0.01);
        assert.ok(tile.height * rows + 8 * (rows - 1) <= stage.height + 0.01);
      }
    }
  });

  test('is sane before it was measured', () => {
    assert.deepEqual(arrange(3, { width: 0, height: 0 }, 8, LYING).tile, { width: 0, height: 0 });
  });

  test('centres the last row', () => {
    const grid = arrange(5, DESKTOP, 8, LYING);
    assert.equal(grid.columns, 3);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((index) => columnOf(index, 5, grid)),
      [1, 3, 5, 2, 4],
    );
  });
});

describe('the shape of the pictures', () => {
  test('is guessed from the page before there are any', () => {
    assert.equal(shapeOf([], PHONE), 3 / 4);
    assert.equal(shapeOf([], DESKTOP), 4 / 3);
  });

  test('is their mean, in which lying and standing ones weigh the same', () => {
    const both = [
      { width: 200, height: 100 },
      { width: 100, height: 200 },
    ];
    assert.ok(Math.abs(shapeOf(both, PHONE) - 1) < 1e-9);
  });
});

test('a picture fills its tile unless too much of it would be lost', () => {
  assert.equal(fit({ width: 1280, height: 720 }, { width: 400, height: 300 }), 'cover');
  assert.equal(fit({ width: 1280, height: 720 }, { width: 390, height: 844 }), 'contain');
  assert.equal(fit({ width: 720, height: 1280 }, { width: 390, height: 844 }), 'cover');
});
