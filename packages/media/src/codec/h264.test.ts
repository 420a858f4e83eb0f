import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted, fixtureMedia } from '../flv/fixtures/index.ts';
import { WireError } from '../result.ts';
import { hex, pack, se, u, ue } from './fixtures/bits.ts';
import { ENCODED } from './fixtures/configs.ts';
import { avcProfileName, buildAvcConfig, containsIdr, parseAvcConfig, parseAvcSps } from './index.ts';

/** An SPS from the chroma format on. */
function highSps(...parts: string[]): Buffer {
  return pack(u(0x67, 8), u(100, 8), u(0, 8), u(31, 8), ue(0), ...parts);
}

function baselineSps(...parts: string[]): Buffer {
  return pack(u(0x67, 8), u(66, 8), u(0xc0, 8), u(31, 8), ue(0), ...parts);
}

/** From max_num_ref_frames to frame_cropping_flag: 1280x720, progressive. */
const HD = [ue(4), '0', ue(79), ue(44), '1', '1'];
const NO_CROPPING = '0';

test('avcC is taken apart and put together again to the same bytes', () => {
  const records = ENCODED.filter(({ config }) => config.codec === 'h264').map(({ config }) => config.data);
  for (const record of [...records, fixtureMedia('h264-aac').videoConfig.data]) {
    const config = accepted(parseAvcConfig(record));
    assert.equal(config.nalLengthSize, 4);
    assert.deepEqual(buildAvcConfig(config.sps, config.pps), record);
  }
});

test('avcC that lies about its lengths is an error with the place', () => {
  for (const [record, offset] of [
    ['', 0],
    ['0142c00dffe1', 6],
    ['0042c00dffe100', 0],
    ['0142c00dfee100', 4],
    ['0142c00dffe10005674200', 6],
    ['0142c00dffe100', 6],
    ['0142c00dffe1000167', 9],
    ['0142c00dffe100016701', 10],
    ['0142c00dffe100016701ffff00', 10],
  ] as const) {
    const error = parseAvcConfig(hex(record));
    assert.ok(error instanceof WireError, record);
    assert.equal(error.offset, offset, record);
  }
});

test('scaling lists, long and cut short, are stepped over', () => {
  const lists = ['1', se(-8), '0', '1', se(1).repeat(16), ...'00000', '0'].join('');
  const sps = accepted(
    parseAvcSps(highSps(ue(1), ue(0), ue(0), '0', '1', lists, ue(0), ue(2), ...HD, NO_CROPPING, '0')),
  );
  assert.deepEqual([sps.width, sps.height], [1280, 720]);
});

test('picture order count type 1 is stepped over, up to its 255 offsets', () => {
  const order = (offsets: number) => [ue(0), ue(1), '0', se(-3), se(2), ue(offsets), se(7).repeat(offsets)];
  const sps = accepted(parseAvcSps(baselineSps(...order(255), ...HD, NO_CROPPING, '0')));
  assert.deepEqual([sps.width, sps.height], [1280, 720]);
  assert.ok(parseAvcSps(baselineSps(...order(256), ...HD, NO_CROPPING, '0')) instanceof WireError);
  assert.ok(parseAvcSps(baselineSps(ue(0), ue(1), '0', se(0), se(0), ue(2 ** 32 - 2))) instanceof WireError);
});

test('cropping counts in chroma units, doubled for fields', () => {
  const size = (chroma: number, frameMbsOnly: string, crop: string) => {
    const planes = chroma === 3 ? '0' : '';
    const fields = frameMbsOnly === '0' ? '0' : '';
    const macroblocks = [ue(1), '0', ue(9), ue(9), frameMbsOnly, fields, '1'];
    const sps = parseAvcSps(
      highSps(ue(chroma), planes, ue(0), ue(0), '0', '0', ue(0), ue(2), ...macroblocks, crop, '0'),
    );
    return sps instanceof WireError ? sps.message : `${sps.width}x${sps.height}`;
  };
  const crop = ['1', ue(1), ue(2), ue(3), ue(4)].join('');
  assert.equal(size(1, '1', crop), '154x146');
  assert.equal(size(2, '1', crop), '154x153');
  assert.equal(size(3, '1', crop), '157x153');
  assert.equal(size(0, '1', crop), '157x153');
  assert.equal(size(1, '0', crop), '154x292');
  assert.match(size(1, '1', ['1', ue(40), ue(40), ue(0), ue(0)].join('')), /picture size/);
});

test('a VUI that ends too early costs the frame rate, not the stream', () => {
  const vui = [
    '1',
    '1',
    u(255, 8),
    u(3, 16),
    u(2, 16),
    '1',
    '0',
    '1',
    u(5, 3),
    '0',
    '1',
    u(0x010101, 24),
    '1',
    ue(0),
    ue(0),
  ];
  const timing = ['1', u(1001, 32), u(60_000, 32), '1'];
  const whole = accepted(parseAvcSps(baselineSps(ue(0), ue(2), ...HD, NO_CROPPING, ...vui, ...timing)));
  assert.deepEqual(whole.pixelAspect, { width: 3, height: 2 });
  assert.equal(whole.fps, 30_000 / 1001);
  const cut = accepted(parseAvcSps(baselineSps(ue(0), ue(2), ...HD, NO_CROPPING, ...vui, '1', u(1001, 32))));
  assert.deepEqual([cut.width, cut.fps, cut.pixelAspect], [1280, undefined, undefined]);
});

test('hostile SPS are refused: endless zeros, absurd sizes and formats, other NAL units', () => {
  for (const bytes of [
    Buffer.concat([hex('6742c01f'), Buffer.alloc(60_000)]),
    Buffer.concat([hex('6742c01f'), Buffer.alloc(60_000, 0xff)]).subarray(0, 5),
    Buffer.of(0x67),
    Buffer.alloc(0),
    hex('68ce0fc8'),
    highSps(ue(4)),
    highSps(ue(1), ue(7), ue(0)),
    baselineSps(ue(0), ue(3)),
    baselineSps(ue(0), ue(2), ue(4), '0', ue(2 ** 32 - 2), ue(44), '1', '1', '0', '0'),
  ]) {
    assert.ok(parseAvcSps(bytes) instanceof WireError, bytes.subarray(0, 16).toString('hex'));
  }
});

test('an IDR slice is found behind other NAL units and with short lengths', () => {
  assert.equal(containsIdr(hex('00000002 0910 00000003 65 8884')), true);
  assert.equal(containsIdr(hex('0002 0910 0003 658884'), 2), true);
  assert.equal(containsIdr(hex('00000002 419a')), false);
  assert.equal(containsIdr(hex('ffffffff 65')), false);
  assert.equal(containsIdr(hex('00000000')), false);
  const { video } = fixtureMedia('h264-aac');
  for (const frame of video) assert.equal(containsIdr(frame.data), frame.type === 'key');
});

test('profiles have the names people know', () => {
  assert.equal(avcProfileName(66, 0), 'Baseline');
  assert.equal(avcProfileName(66, 0xc0), 'Constrained Baseline');
  assert.equal(avcProfileName(244, 0x10), 'High 4:4:4 Intra');
  assert.equal(avcProfileName(99, 0), 'profile 99');
});
