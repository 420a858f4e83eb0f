import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverArt, initialOf } from './cover-art.ts';

test('a name always has the same picture, similar names have others', () => {
  assert.deepEqual(coverArt('room-1', 'Room'), coverArt('room-1', 'Room'));
  const hues = new Set(Array.from({ length: 20 }, (_, i) => coverArt(`room-${i}`, '').hue));
  assert.ok(hues.size > 12);
});

test('the rings are in the picture, whatever the name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const { hue, rings } = coverArt(name, name);
      assert.ok(hue >= 0 && hue < 360);
      const [first] = rings;
      assert.ok(first && first.x >= 0 && first.x <= 100 && first.y >= 0 && first.y <= 100 && first.radius > 0);
    }),
  );
});

test('the initial is what a person sees first', () => {
  assert.equal(initialOf('demo'), 'D');
  assert.equal(initialOf('  竖屏'), '竖');
  assert.equal(initialOf('👩‍🎤 show'), '👩‍🎤');
  assert.equal(initialOf(''), '');
});
