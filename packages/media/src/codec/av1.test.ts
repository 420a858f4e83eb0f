import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accepted, fixtureMedia } from '../flv/fixtures/index.ts';
import { mutated } from '../flv/fixtures/mutations.ts';
import { WireError } from '../result.ts';
import { hex, pack, u, ue } from './fixtures/bits.ts';
import { ENCODED } from './fixtures/configs.ts';
import {
  type Av1SequenceHeader,
  av1CodecString,
  buildAv1Config,
  findSequenceHeader,
  parseAv1Config,
  parseAv1SequenceHeader,
  splitObus,
} from './index.ts';

/** 1920x1080 behind 11 bits each. */
const SIZE = [u(10, 4), u(10, 4), u(1919, 11), u(1079, 11)].join('');
/** No frame ids, all tools off; order hint off, no screen content tools; filters off. */
const TOOLS = ['0', '000', '0000', '0', '0', '0', '000'].join('');
/** 8 bit, colour, no description, limited range, chroma position 0; no separate delta q, no film grain. */
const COLOUR = ['0', '0', '0', '0', '00', '0', '0'].join('');

function header(...parts: string[]): Av1SequenceHeader {
  return accepted(parseAv1SequenceHeader(pack(...parts)));
}

test('av1C is taken apart and put together again to the same bytes', () => {
  const records = ENCODED.filter(({ config }) => config.codec === 'av1').map(({ config }) => config.data);
  for (const record of [...records, fixtureMedia('av1-opus').videoConfig.data]) {
    const config = accepted(parseAv1Config(record));
    assert.deepEqual(buildAv1Config(config.obus), record);
    const sequence = findSequenceHeader(config.obus);
    assert.ok(sequence !== null && !(sequence instanceof WireError));
    const { obus: _, ...fields } = config;
    assert.deepEqual({ ...sequence, ...fields }, sequence);
  }
});

test('av1C that is too short or has another marker is an error', () => {
  for (const record of ['', '810500', '01050c00', '82050c00']) {
    assert.ok(parseAv1Config(hex(record)) instanceof WireError, record);
  }
  assert.ok(buildAv1Config(hex('1200')) instanceof WireError);
});

test('a reduced header of a still picture is read', () => {
  const still = header('000', '1', '1', u(5, 5), SIZE, '000', '000', COLOUR);
  assert.deepEqual([still.width, still.height, still.level, still.highTier], [1920, 1080, 5, false]);
});

test('timing, decoder model and several operating points are stepped over; the first point counts', () => {
  const timing = ['1', u(1, 32), u(60, 32), '1', ue(1)];
  const model = ['1', u(9, 5), u(0, 32), u(4, 5), u(4, 5)];
  const first = [u(0x101, 12), u(13, 5), '1', '1', u(0, 10), u(0, 10), '0', '1', u(3, 4)];
  const second = [u(1, 12), u(4, 5), '0', '0'];
  const info = header('000', '0', '0', ...timing, ...model, '1', u(1, 5), ...first, ...second, SIZE, TOOLS, COLOUR);
  assert.deepEqual([info.width, info.height, info.level, info.highTier, info.fps], [1920, 1080, 13, true, 30]);
  assert.equal(av1CodecString(info), 'av01.0.13H.08');
});

test('frame ids, order hints and screen content tools are stepped over', () => {
  const point = ['0', '0', u(0, 5), u(0, 12), u(8, 5), '0'];
  const tools = ['1', u(12, 4), u(3, 3), '000', '0000', '1', '11', '1', '0', '1', u(6, 3), '111'];
  const info = header('000', '0', '0', ...point, SIZE, ...tools, '1', '0', '0', '0', '10', '0', '0');
  assert.deepEqual([info.width, info.bitDepth, info.chromaSamplePosition], [1920, 10, 2]);
});

test('colour: sRGB is 4:4:4, Professional tells 12 bit subsampling', () => {
  const point = ['0', '0', u(0, 5), u(0, 12), u(4, 5)];
  const srgb = header('001', '0', '0', ...point, SIZE, TOOLS, '0', '1', u(1, 8), u(13, 8), u(0, 8), '0', '0');
  assert.deepEqual([srgb.chromaSubsamplingX, srgb.chromaSubsamplingY, srgb.monochrome], [0, 0, false]);
  const twelve = (subsampling: string) =>
    header('010', '0', '0', ...point, SIZE, TOOLS, '1', '1', '0', '0', '0', subsampling, '0', '0');
  assert.deepEqual([twelve('0').chromaSubsamplingX, twelve('10').chromaSubsamplingY], [0, 0]);
  assert.deepEqual([twelve('1101').bitDepth, twelve('1101').chromaSamplePosition], [12, 1]);
});

test('a header that ends early or claims an unknown profile is an error', () => {
  assert.ok(parseAv1SequenceHeader(pack('011', '00')) instanceof WireError);
  const whole = pack('000', '1', '1', u(5, 5), SIZE, '000', '000', COLOUR);
  for (let length = 0; length < whole.length - 1; length++) {
    assert.ok(parseAv1SequenceHeader(whole.subarray(0, length)) instanceof WireError, `${length} bytes`);
  }
});

test('OBUs are split with and without extension and size', () => {
  const obus = accepted(splitObus(hex('1200 3e 08 02 aabb 30 cc dd')));
  assert.deepEqual(
    obus.map(({ type, payload, bytes }) => [type, payload.toString('hex'), bytes.length]),
    [
      [2, '', 2],
      [7, 'aabb', 5],
      [6, 'ccdd', 3],
    ],
  );
  for (const text of ['92 00', '0a', '0a 05 00', '0a ffffffffffffffffff', '0a ffffffffffffff01 00', '04', '0a 8080']) {
    assert.ok(splitObus(hex(text)) instanceof WireError, text);
  }
});

test('damaged temporal units split or give errors, never throws', () => {
  const frames = fixtureMedia('av1-opus').video.map(({ data }) => data);
  fc.assert(
    fc.property(
      fc.constantFrom(...frames).chain((data) => mutated(data)),
      (data) => {
        splitObus(data);
        findSequenceHeader(data);
      },
    ),
    { numRuns: 1000 },
  );
});
