import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitReader } from './bit-reader.ts';
import { pack, se, u, ue } from './fixtures/bits.ts';

test('bits of any width come back as they were packed', () => {
  const value = fc.integer({ min: 1, max: 32 }).chain((width) => fc.tuple(fc.nat(2 ** width - 1), fc.constant(width)));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const reader = new BitReader(pack(...values.map(([value, width]) => u(value, width))));
      for (const [value, width] of values) assert.equal(reader.bits(width), value);
      assert.equal(reader.overrun, false);
    }),
  );
});

test('exp-Golomb codes come back up to 2^32 - 2', () => {
  const unsigned = fc.oneof(fc.nat(300), fc.nat(2 ** 32 - 2));
  fc.assert(
    fc.property(unsigned, fc.integer({ min: 1 - 2 ** 31 }), (first, second) => {
      const reader = new BitReader(pack(ue(first), se(second)));
      assert.equal(reader.unsignedGolomb(), first);
      assert.equal(reader.signedGolomb(), second);
      assert.equal(reader.overrun, false);
    }),
  );
});

test('past the end there are zeros and the reader says so, at once and for good', () => {
  const reader = new BitReader(Buffer.of(0xff));
  assert.equal(reader.bits(9), 0);
  assert.equal(reader.overrun, true);
  assert.equal(reader.bits(1), 0);
  assert.equal(reader.bitsLeft, 0);
  const skipped = new BitReader(Buffer.of(0xff));
  skipped.skip(2 ** 40);
  assert.equal(skipped.overrun, true);
});

test('an exp-Golomb code of more than 31 zeros is an overrun, however many zeros follow', () => {
  const reader = new BitReader(Buffer.alloc(100_000));
  assert.equal(reader.unsignedGolomb(), 0);
  assert.equal(reader.overrun, true);
  assert.ok(reader.byteOffset < 8);
});
