import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillBeep } from './beep.ts';
import { Canvas, colour } from './canvas.ts';
import { paintMask, StrokeFont } from './stroke-font.ts';
import { TestCard } from './test-card.ts';

const AT = Date.parse('2026-03-04T05:06:07.000Z');

/** Pixels of the brightness plane that differ. */
function changed(a: Buffer, b: Buffer, luma: number): number {
  let count = 0;
  for (let i = 0; i < luma; i++) if (a[i] !== b[i]) count++;
  return count;
}

describe('test card', () => {
  for (const [width, height] of [
    [960, 540],
    [1280, 720],
    [320, 180],
    [360, 640],
  ] as const)
    it(`fills ${width}x${height} with YUV 4:2:0 in limited range`, () => {
      const picture = new TestCard(width, height, ['A']).draw(0, AT);
      assert.equal(picture.length, (width * height * 3) / 2);
      assert.ok(picture.subarray(0, width * height).every((value) => value >= 15 && value <= 235));
    });

  it('shows other digits each frame, and the same picture for the same moment', () => {
    const card = new TestCard(640, 360, []);
    const first = Buffer.from(card.draw(7, AT + 400));
    const next = Buffer.from(card.draw(8, AT + 440));
    assert.ok(changed(first, next, 640 * 360) > 500);
    assert.deepEqual(card.draw(7, AT + 400), first, 'nothing of a later moment is left');
  });

  it('flashes at the whole second', () => {
    const card = new TestCard(640, 360, []);
    const dark = Buffer.from(card.draw(0, AT + 900));
    const flash = Buffer.from(card.draw(1, AT + 1000));
    assert.ok(changed(dark, flash, 640 * 360) > 20_000);
  });
});

describe('canvas', () => {
  it('cuts what sticks out instead of wrapping round', () => {
    const canvas = new Canvas(32, 16);
    const square = paintMask(8, 8, () => 1);
    for (const [x, y] of [
      [-4, -4],
      [28, 12],
      [-40, 0],
      [0, 99],
    ] as const)
      canvas.blend(square, x, y, colour('#ffffff'));
    const bright = [...canvas.planes[0]].filter((value) => value > 200).length;
    assert.equal(bright, 32);
  });

  it('writes centred and right-aligned text where it fits', () => {
    const font = new StrokeFont(20);
    const canvas = new Canvas(400, 40);
    canvas.write(font, '12:34', 400, 10, colour('#ffffff'), 'right');
    const [luma] = canvas.planes;
    const left = [...luma].findIndex((_, i) => luma[(i % 40) * 400 + Math.floor(i / 40)]! > 100);
    assert.ok(Math.abs(Math.floor(left / 40) - (400 - font.measure('12:34'))) <= 5);
  });
});

describe('beep', () => {
  it('sounds for a moment at each whole second of the clock and is silent between', () => {
    const rate = 48_000;
    const samples = new Float32Array(2 * rate);
    fillBeep(samples, AT - 500, rate);
    const loudest = (fromMs: number, toMs: number) =>
      Math.max(...samples.subarray((fromMs * rate) / 1000, (toMs * rate) / 1000).map(Math.abs));
    assert.equal(loudest(0, 500), 0);
    assert.ok(loudest(500, 590) > 0.1);
    assert.equal(loudest(590, 1500), 0);
    assert.ok(loudest(1500, 1590) > 0.1);
  });
});
