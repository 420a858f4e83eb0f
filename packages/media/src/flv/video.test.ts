import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VideoFrame } from '../frame.ts';
import { WireError } from '../result.ts';
import { parseVideoBody } from './index.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const fourCc = (letters: string) => Buffer.from(letters).toString('hex');

function frameOf(text: string, dts = 0): VideoFrame {
  const frame = parseVideoBody(hex(text), dts);
  assert.ok(frame !== null && !(frame instanceof WireError), `${text}: ${JSON.stringify(frame)}`);
  return frame;
}

function summary(text: string): string {
  const { codec, type, cts, data } = frameOf(text);
  return `${codec} ${type} ${cts} ${data.toString('hex')}`;
}

function errorOf(text: string): WireError {
  const error = parseVideoBody(hex(text), 0);
  assert.ok(error instanceof WireError, `${text}: ${JSON.stringify(error)}`);
  return error;
}

test('legacy H.264 and codec id 12 (H.265) give configuration, key and inter frames with their composition time', () => {
  assert.equal(summary('17 00 000000 0164001f'), 'h264 config 0 0164001f');
  assert.equal(summary('17 01 000028 00000001 65'), 'h264 key 40 0000000165');
  assert.equal(summary('27 01 ffffd8 00000001 41'), 'h264 inter -40 0000000141');
  assert.equal(summary('37 01 000000 00000001 01'), 'h264 inter 0 0000000101');
  assert.equal(summary('47 01 000000 00000001 65'), 'h264 key 0 0000000165');
  assert.equal(summary('1c 00 000000 01016000'), 'h265 config 0 01016000');
  assert.equal(summary('2c 01 800000 0000000102'), 'h265 inter -8388608 0000000102');
});

test('enhanced RTMP names the codec by four letters; only avc1 and hvc1 have a composition time, and only in CodedFrames', () => {
  assert.equal(summary(`90 ${fourCc('hvc1')} 0101`), 'h265 config 0 0101');
  assert.equal(summary(`91 ${fourCc('hvc1')} 000050 aabb`), 'h265 key 80 aabb');
  assert.equal(summary(`a3 ${fourCc('hvc1')} aabb`), 'h265 inter 0 aabb');
  assert.equal(summary(`91 ${fourCc('avc1')} ffffff aabb`), 'h264 key -1 aabb');
  assert.equal(summary(`91 ${fourCc('av01')} 0a0b00`), 'av1 key 0 0a0b00');
  assert.equal(summary(`a3 ${fourCc('av01')} 3201`), 'av1 inter 0 3201');
  assert.equal(summary(`91 ${fourCc('vp09')} 8249`), 'vp9 key 0 8249');
  assert.equal(summary(`a1 ${fourCc('vp08')} 31`), 'vp8 inter 0 31');
});

test('a leading temporal delimiter is left out of AV1 frames', () => {
  assert.equal(summary(`91 ${fourCc('av01')} 1200 0a0b00`), 'av1 key 0 0a0b00');
  assert.equal(parseVideoBody(hex(`91 ${fourCc('av01')} 1200`), 0), null);
});

test('the payload is a part of the message, not a copy', () => {
  const body = hex('17 01 000000 00000001 65');
  const frame = parseVideoBody(body, 5);
  assert.ok(frame !== null && !(frame instanceof WireError));
  assert.equal(frame.data.buffer, body.buffer);
  assert.equal(frame.data.byteOffset, body.byteOffset + 5);
  assert.equal(frame.dts, 5);
});

test('end of sequence, commands, colour metadata and empty messages carry nothing', () => {
  for (const text of [
    '',
    '17 02 000000',
    '17 02',
    '57 00',
    '17 01 000000',
    '17 00 000000',
    `92 ${fourCc('hvc1')}`,
    `94 ${fourCc('hvc1')} 02 000a`,
    `d4 ${fourCc('hvc1')} 02 000a`,
    'd1 00',
    `90 ${fourCc('av01')}`,
  ]) {
    assert.equal(parseVideoBody(hex(text), 0), null, text);
  }
});

test('ModEx extensions are stepped over, long ones and several in a row too', () => {
  assert.equal(summary(`97 02 0003e8 01 ${fourCc('av01')} 0a`), 'av1 key 0 0a');
  assert.equal(summary(`97 00 aa 07 02 0003e8 03 ${fourCc('hvc1')} 0a`), 'h265 key 0 0a');
  const long = `97 ff 01ff ${'00'.repeat(512)} 01 ${fourCc('vp09')} 82`;
  assert.equal(summary(long), 'vp9 key 0 82');
});

test('multitrack: the first track alone is unwrapped, further ones are left out, mixed messages are refused by name', () => {
  assert.equal(summary(`96 01 ${fourCc('hvc1')} 00 000010 aa`), 'h265 key 16 aa');
  assert.equal(summary(`96 00 ${fourCc('avc1')} 00 0164`), 'h264 config 0 0164');
  assert.equal(parseVideoBody(hex(`96 01 ${fourCc('hvc1')} 01 000010 aa`), 0), null);
  assert.match(errorOf(`96 11 ${fourCc('hvc1')} 00 000002 aabb`).message, /multitrack is not supported/);
  assert.match(errorOf('96 21').message, /multitrack is not supported/);
  assert.match(errorOf(`96 06 ${fourCc('hvc1')} 00`).message, /packet type inside the track/);
});

test('an AV1 sequence start for transport streams becomes av1C', () => {
  assert.equal(summary(`95 ${fourCc('av01')} 80 04 81 05 0c c0`), 'av1 config 0 81050c00');
  assert.ok(errorOf(`95 ${fourCc('av01')} 80 04 81`));
  assert.ok(errorOf(`95 ${fourCc('hvc1')} 80 04 81 05 0c c0`));
});

test('codecs that are not carried are named', () => {
  assert.match(errorOf('22 00').message, /Sorenson H\.263 \(codec id 2\)/);
  assert.match(errorOf('14 00').message, /VP6/);
  assert.match(errorOf('1f 00').message, /unknown codec \(codec id 15\)/);
  assert.match(errorOf(`91 ${fourCc('vvc1')} 00`).message, /'vvc1'/);
  assert.match(errorOf('91 00017fff 00').message, /'\?\?\?\?'/);
});

test('messages that end too early are errors with the place', () => {
  for (const [text, offset] of [
    ['17', 1],
    ['17 01 0000', 4],
    ['17 03 000000 aa', 1],
    ['90', 1],
    ['91 6876', 1],
    [`91 ${fourCc('hvc1')} 0000`, 5],
    ['97', 1],
    ['97 05 0000', 8],
    ['97 ff 00', 2],
    ['97 00 aa', 3],
    ['96', 1],
    [`96 01 ${fourCc('hvc1')}`, 6],
    [`98 ${fourCc('hvc1')} 00`, 0],
  ] as const) {
    assert.equal(errorOf(text).offset, offset, text);
  }
});
