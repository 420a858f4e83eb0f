import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accepted, FIXTURES, fixtureMedia } from '../flv/fixtures/index.ts';
import { mutated } from '../flv/fixtures/mutations.ts';
import { WireError } from '../result.ts';
import { hex } from './fixtures/bits.ts';
import {
  containsIdr,
  splitAnnexB,
  splitLengthPrefixed,
  toAnnexB,
  toLengthPrefixed,
  withoutEmulationPrevention,
} from './index.ts';

/** NAL units as they may occur: no start code inside, no zero at the end. */
const units = fc.array(
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

test('NAL units survive both packagings', () => {
  fc.assert(
    fc.property(units, (units) => {
      assert.deepEqual(splitLengthPrefixed(toLengthPrefixed(units)), units);
      assert.deepEqual(splitAnnexB(toAnnexB(units)), units);
    }),
  );
});

test('frames of encoders go to Annex B and back unchanged', () => {
  for (const name of ['h264-aac', 'h264-mp3', 'h265-aac'] as const) {
    for (const { data } of fixtureMedia(name).video) {
      const split = accepted(splitLengthPrefixed(data));
      assert.deepEqual(toLengthPrefixed(splitAnnexB(toAnnexB(split))), data);
    }
  }
});

test('Annex B may have short and long start codes, zeros between and bytes before the first', () => {
  assert.deepEqual(splitAnnexB(hex('ff 000001 6742 00000001 68ce 000000 000001 65 000003 0000')), [
    hex('6742'),
    hex('68ce'),
    hex('65000003'),
  ]);
  assert.deepEqual(splitAnnexB(hex('000001 000001')), []);
  assert.deepEqual(splitAnnexB(hex('6742')), []);
});

test('lengths past the end are errors with the place; empty units are left out', () => {
  assert.deepEqual(splitLengthPrefixed(hex('00000000 00000001 65')), [hex('65')]);
  assert.deepEqual(splitLengthPrefixed(hex('01 65 02 4142'), 1), [hex('65'), hex('4142')]);
  for (const [data, offset] of [
    ['000001', 0],
    ['00000001', 4],
    ['0000000165 7fffffff 00', 9],
  ] as const) {
    const error = splitLengthPrefixed(hex(data));
    assert.ok(error instanceof WireError);
    assert.equal(error.offset, offset);
  }
});

test('emulation prevention bytes are taken out, also in a row and at the end', () => {
  const without = (text: string) => withoutEmulationPrevention(hex(text)).toString('hex');
  assert.equal(without('6700000301'), '67000001');
  assert.equal(without('67000003000003'), '6700000000');
  assert.equal(without('0000030000030000 03'), '000000000000');
  const clean = hex('67000142');
  assert.equal(withoutEmulationPrevention(clean), clean);
});

test('damaged frames split or give errors, never throws', () => {
  const frames = FIXTURES.filter((name) => name.startsWith('h26')).map((name) => fixtureMedia(name).video[0]!.data);
  fc.assert(
    fc.property(
      fc.constantFrom(...frames).chain((data) => mutated(data)),
      (data) => {
        splitLengthPrefixed(data);
        splitAnnexB(data);
        containsIdr(data);
        withoutEmulationPrevention(data);
      },
    ),
    { numRuns: 1000 },
  );
});
