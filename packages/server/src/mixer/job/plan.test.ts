import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MixCanvas, MixInput, MixLayout, MixTile } from '@lianmai/contract';
import { input, job } from '../testing/mixing-world.ts';
import { fitsShape, passableStream, planKey, planOf } from './plan.ts';

const passable = (
  one: Partial<MixInput>,
  canvas: Partial<MixCanvas> = {},
  layout: MixLayout = { template: 'full' },
) => {
  const plan = planOf(job([input('a', one)], { layout }));
  return passableStream({ ...plan, canvas: { ...plan.canvas, ...canvas } });
};
const tile = (changes: Partial<MixTile>): MixLayout => ({
  tiles: [
    {
      input: 'a',
      unit: 'px',
      x: 0,
      y: 0,
      width: 320,
      height: 180,
      layer: 1,
      fit: 'cover',
      crop: null,
      radius: 0,
      border: null,
      label: true,
      ...changes,
    },
  ],
});

test('an only input that is seen whole and heard as it comes can be passed on', () => {
  assert.equal(passable({}), 'a');
  assert.equal(passable({}, {}, { template: 'grid' }), 'a');
  assert.equal(passable({}, {}, tile({})), 'a');
  assert.equal(passable({}, {}, tile({ unit: 'fraction', width: 1, height: 1 })), 'a');
  assert.equal(passable({ label: 'Ann' }, {}, tile({ label: false })), 'a');
});

test('anything that must be made keeps it from that', () => {
  const watermark = { picture: 'pic', x: 0, y: 0, width: 10 };
  for (const one of [{ volume: 0.5 }, { muted: true }, { video: false }, { mixMinus: true }, { label: 'Ann' }])
    assert.equal(passable(one), null, JSON.stringify(one));
  assert.equal(passable({ source: { color: '#ff0000' } }), null);
  assert.equal(passable({}, { watermark }), null);
  assert.equal(passable({}, { highlightSpeaker: true }), null);
  assert.equal(passable({}, {}, { template: 'audio' }), null);
  const border = { width: 2, color: '#ffffff' };
  const crop = { x: 0, y: 0, width: 0.5, height: 0.5 };
  for (const changes of [{ x: 2 }, { width: 300 }, { radius: 8 }, { border }, { crop }])
    assert.equal(passable({}, {}, tile(changes)), null, JSON.stringify(changes));
  assert.equal(passableStream(planOf(job([input('a'), input('b')]))), null);
});

test('a picture of another shape than the canvas is not passed on', () => {
  const canvas = { width: 1280, height: 720 };
  assert.ok(fitsShape({ width: 640, height: 360 }, canvas));
  assert.ok(fitsShape({ width: 1920, height: 1088 }, canvas), 'a few lines more are seen by nobody');
  assert.ok(!fitsShape({ width: 720, height: 1280 }, canvas));
  assert.ok(!fitsShape({ width: 0, height: 0 }, canvas));
  assert.ok(fitsShape({ width: 720, height: 576, pixelAspect: { width: 64, height: 45 } }, canvas));
});

test('mixes are one when they look and sound the same, whatever their names and rights', () => {
  const one = job([input('a'), input('b')]);
  const reordered = JSON.parse(
    JSON.stringify({ ...one, canvas: Object.fromEntries(Object.entries(one.canvas).reverse()) }),
  );
  const other = { ...reordered, id: 'm2', stream: 'other', channelId: 'ch2', version: 7 };
  assert.equal(planKey(planOf(one)), planKey(planOf(other)));
  const minus = job([input('a', { mixMinus: true }), input('b')]);
  assert.equal(planKey(planOf(one)), planKey(planOf(minus)));
  assert.notEqual(planKey(planOf(one)), planKey(planOf(job([input('b'), input('a')]))));
  assert.notEqual(planKey(planOf(one)), planKey(planOf(job([input('a'), input('b', { volume: 0.5 })]))));
});
