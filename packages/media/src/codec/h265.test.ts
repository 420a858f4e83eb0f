import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted, fixtureMedia } from '../flv/fixtures/index.ts';
import { WireError } from '../result.ts';
import { hex, pack, se, u, ue } from './fixtures/bits.ts';
import { ENCODED } from './fixtures/configs.ts';
import { buildHevcConfig, containsIrap, hevcCodecString, parseHevcConfig, parseHevcSps } from './index.ts';

/** Main profile, level 3.1, one layer: 96 bits. Emulation prevention is not needed in what the tests put behind. */
const PROFILE = [u(1, 8), u(0x6000, 16), u(0, 16), u(0x90, 8), u(0, 40), u(93, 8)].join('');

function sps(...parts: string[]): Buffer {
  const bare = pack(u(0x4201, 16), u(0, 4), u(0, 3), '1', PROFILE, ue(0), ...parts);
  // ISO 23008-2 7.3.1.1: 3 goes in before a third byte of 0 to 3.
  const bytes: number[] = [];
  for (const byte of bare) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

/** Chroma format to bit depths: 1280x720, 4:2:0, 8 bit. */
const HD = [ue(1), ue(1280), ue(720), '0', ue(0), ue(0)];
/** From log2_max_pic_order_cnt to max_transform_hierarchy_depth_intra. */
const BLOCKS = [ue(4), '1', ue(4), ue(0), ue(0), ue(0), ue(3), ue(0), ue(3), ue(0), ue(0)];
/** VUI with nothing but 50 fps. */
const VUI_50_FPS = ['1', '0', '0', '0', '0', '000', '0', '1', u(1, 32), u(50, 32)];

function fpsOf(...parts: string[]): number | undefined {
  const info = accepted(parseHevcSps(sps(...HD, ...BLOCKS, ...parts, '1')));
  assert.deepEqual([info.width, info.height], [1280, 720]);
  return info.fps;
}

test('hvcC is taken apart and put together again to the same bytes', () => {
  const records = ENCODED.filter(({ config }) => config.codec === 'h265').map(({ config }) => config.data);
  for (const record of records) {
    const config = accepted(parseHevcConfig(record));
    const built = accepted(buildHevcConfig(config.vps, config.sps, config.pps));
    // The muxer that wrote them leaves the completeness flag of the arrays unset.
    const again = parseHevcConfig(built);
    assert.deepEqual(again, config);
    assert.deepEqual(built.subarray(0, 23), record.subarray(0, 23));
  }
});

test('hvcC that lies about its lengths is an error with the place', () => {
  const head = `0101600000009000000000005df000fcfdf8f800000f`;
  for (const [record, offset] of [
    [head, 22],
    [`${head}01`, 23],
    [`${head}01a10001`, 26],
    [`${head}01a10001000542`, 26],
    [`${head}01a1ffff0000`, 28],
    [`02${head.slice(2)}00`, 0],
    [`${head.slice(0, -2)}0e00`, 21],
  ] as const) {
    const error = parseHevcConfig(hex(record));
    assert.ok(error instanceof WireError, record);
    assert.equal(error.offset, offset, record);
  }
});

test('the codec string has the tier, reversed compatibility and no trailing zero constraints', () => {
  const profile = { profileSpace: 0, highTier: false, profile: 1, compatibility: 0x60000000, level: 93 };
  assert.equal(hevcCodecString({ ...profile, constraints: hex('b00000000000') }), 'hvc1.1.6.L93.B0');
  assert.equal(hevcCodecString({ ...profile, constraints: hex('000000000000') }), 'hvc1.1.6.L93');
  const other = {
    ...profile,
    profileSpace: 2,
    highTier: true,
    compatibility: 0xffffffff,
    constraints: hex('900000000001'),
  };
  assert.equal(hevcCodecString(other), 'hvc1.B1.FFFFFFFF.H93.90.0.0.0.0.1');
});

test('the frame rate is found behind scaling lists, PCM, long-term pictures and reference sets', () => {
  const plain = ['0', '00', '0', ue(0), '0', '00'];
  assert.equal(fpsOf(...plain, ...VUI_50_FPS), 50);
  const matrices = [6, 6, 6, 2].flatMap((count, size) => {
    const written = ['1', size > 1 ? se(0) : '', se(0).repeat(Math.min(64, 1 << (4 + 2 * size)))].join('');
    return [written, ...Array.from({ length: count - 1 }, () => `0${ue(0)}`)];
  });
  assert.equal(fpsOf('1', '1', ...matrices, '00', '0', ue(0), '0', '00', ...VUI_50_FPS), 50);
  const pcm = ['1', u(7, 4), u(7, 4), ue(0), ue(2), '0'];
  const longTerm = ['1', ue(2), `${u(1, 8)}1`, `${u(2, 8)}0`];
  assert.equal(fpsOf('0', '00', ...pcm, ue(0), ...longTerm, '00', ...VUI_50_FPS), 50);
  const sets = [ue(3), [ue(2), ue(1), `${ue(0)}1`.repeat(3)], ['1', '0', ue(0), '1'.repeat(4)], ['0', ue(0), ue(0)]];
  assert.equal(fpsOf('0', '00', '0', ...sets.flat(), '0', '00', ...VUI_50_FPS), 50);
});

test('counts no stream may have end the search for the frame rate, not the description', () => {
  assert.equal(fpsOf('0', '00', '0', ue(65)), undefined);
  assert.equal(fpsOf('0', '00', '0', ue(2 ** 32 - 2)), undefined);
  assert.equal(fpsOf('0', '00', '0', ue(1), ue(1_000_000), ue(0)), undefined);
  assert.equal(fpsOf('0', '00', '0', ue(0), '1', ue(33)), undefined);
});

test('hostile SPS are refused: endless zeros, absurd sizes and formats, other NAL units', () => {
  for (const bytes of [
    Buffer.concat([sps(), Buffer.alloc(60_000)]),
    Buffer.alloc(0),
    hex('4401c073c189'),
    sps(ue(4)),
    sps(ue(1), ue(0), ue(720), '0', ue(0), ue(0)),
    sps(ue(1), ue(100_000), ue(720), '0', ue(0), ue(0)),
    sps(ue(1), ue(1280), ue(720), '0', ue(9), ue(0)),
    sps(ue(1), ue(16), ue(16), '1', ue(4), ue(4), ue(0), ue(0), ue(0), ue(0)),
  ]) {
    assert.ok(parseHevcSps(bytes) instanceof WireError, bytes.subarray(0, 32).toString('hex'));
  }
});

test('random access points are found behind other NAL units', () => {
  assert.equal(containsIrap(hex('00000003 460150 00000003 2601af')), true);
  assert.equal(containsIrap(hex('00000003 2a01af')), true);
  assert.equal(containsIrap(hex('00000003 0201d0')), false);
  const { video } = fixtureMedia('h265-aac');
  for (const frame of video) assert.equal(containsIrap(frame.data), frame.type === 'key');
});
