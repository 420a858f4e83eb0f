import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rational } from 'node-av/lib';
import { PicturePool } from './picture-pool.ts';
import { allocatePicture, fillRect, planesOf } from './planes.ts';

const SIZE = { width: 64, height: 48 };

function decoded(y: number, size = SIZE) {
  const frame = allocatePicture(size);
  fillRect(planesOf(frame), { x: 0, y: 0, ...size }, { y, u: 100, v: 200 });
  return frame;
}

describe('copies of decoded pictures', () => {
  it('stay what they are when the decoder has its memory back', (t) => {
    const pool = new PicturePool();
    t.after(() => pool.close());
    const frame = decoded(50);
    const copy = pool.copyOf(frame);
    t.after(() => copy.frame.free());
    fillRect(planesOf(frame), { x: 0, y: 0, ...SIZE }, { y: 99, u: 0, v: 0 });
    frame.free();
    assert.deepEqual(
      copy.planes.data.map((plane) => plane[0]),
      [50, 100, 200],
    );
  });

  it('are made in memory that was given back, while the size is the same', (t) => {
    const pool = new PicturePool();
    t.after(() => pool.close());
    using frame = decoded(50);
    const first = pool.copyOf(frame);
    pool.giveBack(first);
    const second = pool.copyOf(frame);
    assert.equal(second, first);
    pool.giveBack(second);
    using larger = decoded(50, { width: 128, height: 48 });
    const third = pool.copyOf(larger);
    t.after(() => third.frame.free());
    assert.notEqual(third, first);
    assert.deepEqual([third.width, third.height], [128, 48]);
  });

  it('know the shape of their pixels, and take one that is not told for square', (t) => {
    const pool = new PicturePool();
    t.after(() => pool.close());
    using frame = decoded(50);
    const shapes = [new Rational(4, 3), new Rational(0, 1)].map((aspect) => {
      frame.sampleAspectRatio = aspect;
      const copy = pool.copyOf(frame);
      pool.giveBack(copy);
      return copy.pixelAspect;
    });
    assert.deepEqual(shapes, [4 / 3, 1]);
  });
});
