import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixtureMedia } from '../flv/fixtures/index.ts';
import { WireError } from '../result.ts';
import { hex, pack, u } from './fixtures/bits.ts';
import { buildVpConfig, parseVp8KeyFrame, parseVp9KeyFrame, parseVpConfig, vpCodecString } from './index.ts';

const SIZE = [u(1919, 16), u(1079, 16)].join('');
const SYNC = u(0x498342, 24);

test('vpcC is read with and without the version and flags of its box', () => {
  const { data } = fixtureMedia('vp9-opus').videoConfig;
  const expected = { profile: 0, level: 11, bitDepth: 8, chromaSubsampling: 1 };
  assert.deepEqual(parseVpConfig(data), expected);
  assert.deepEqual(parseVpConfig(data.subarray(4)), expected);
  assert.deepEqual(buildVpConfig(expected), data.subarray(4));
  for (const bad of ['', '0100000000', '00000000 0000', '04 0b 82 020202 0000']) {
    assert.ok(parseVpConfig(hex(bad)) instanceof WireError, bad);
  }
});

test('VP9 key frames of every profile tell size and depth', () => {
  const frame = (...parts: string[]) => parseVp9KeyFrame(pack('10', ...parts));
  const size = { width: 1920, height: 1080 };
  assert.deepEqual(frame('00', '0', '0', '10', SYNC, '010', '0', SIZE), { profile: 0, bitDepth: 8, ...size });
  assert.deepEqual(frame('10', '0', '0', '10', SYNC, '010', '0', '00', '0', SIZE), {
    profile: 1,
    bitDepth: 8,
    ...size,
  });
  assert.deepEqual(frame('10', '0', '0', '10', SYNC, '111', '0', SIZE), { profile: 1, bitDepth: 8, ...size });
  assert.deepEqual(frame('01', '0', '0', '10', SYNC, '0', '010', '0', SIZE), { profile: 2, bitDepth: 10, ...size });
  assert.deepEqual(frame('11', '0', '0', '0', '10', SYNC, '1', '010', '0', '00', '0', SIZE), {
    profile: 3,
    bitDepth: 12,
    ...size,
  });
});

test('other VP9 frames and damaged ones are errors', () => {
  for (const bits of [
    ['01'],
    ['10', '00', '1', '000'],
    ['10', '00', '0', '1', '10'],
    ['10', '00', '0', '0', '10', u(0x498343, 24)],
    ['10', '00', '0', '0', '10', SYNC, '010', '0', u(1919, 16)],
  ]) {
    assert.ok(parseVp9KeyFrame(pack(...bits)) instanceof WireError, bits.join(' '));
  }
  for (const { data } of fixtureMedia('vp9-opus').video.filter(({ type }) => type === 'inter')) {
    assert.ok(parseVp9KeyFrame(data) instanceof WireError);
  }
});

test('VP8 key frames tell the size without the scaling bits', () => {
  assert.deepEqual(parseVp8KeyFrame(hex('500600 9d012a 42c1 b640 00')), { profile: 0, width: 322, height: 182 });
  for (const bad of [
    '500600 9d012a 4201 b6',
    '510600 9d012a 4201 b640',
    '500600 9d012b 4201 b640',
    '500600 9d012a 0000 b640',
  ]) {
    assert.ok(parseVp8KeyFrame(hex(bad)) instanceof WireError, bad);
  }
});

test('the codec string has two digits a part', () => {
  assert.equal(vpCodecString('vp09', { profile: 2, level: 41, bitDepth: 10 }), 'vp09.02.41.10');
  assert.equal(vpCodecString('vp08', { profile: 0, level: 0, bitDepth: 8 }), 'vp08.00.10.08');
});
