import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '../result.ts';
import { parseDataBody } from './index.ts';

function name(value: string): Buffer {
  const length = Buffer.alloc(3);
  length[0] = 2;
  length.writeUInt16BE(value.length, 1);
  return Buffer.concat([length, Buffer.from(value)]);
}
const EMPTY_OBJECT = Buffer.from('03000009', 'hex');

test('onMetaData is the configuration, with and without @setDataFrame before it, which is left out', () => {
  const body = Buffer.concat([name('onMetaData'), EMPTY_OBJECT]);
  const expected = { track: 'data', codec: 'amf0', type: 'config', dts: 3, cts: 0, data: body };
  assert.deepEqual(parseDataBody(body, 3), expected);
  assert.deepEqual(parseDataBody(Buffer.concat([name('@setDataFrame'), body]), 3), expected);
});

test('other data is carried as it is', () => {
  const body = Buffer.concat([name('onCuePoint'), EMPTY_OBJECT]);
  assert.deepEqual(parseDataBody(body, 0), { track: 'data', codec: 'amf0', type: 'key', dts: 0, cts: 0, data: body });
});

test('empty bodies, a bare @setDataFrame and @clearDataFrame carry nothing', () => {
  assert.equal(parseDataBody(Buffer.alloc(0), 0), null);
  assert.equal(parseDataBody(name('@setDataFrame'), 0), null);
  assert.equal(parseDataBody(Buffer.concat([name('@clearDataFrame'), name('onMetaData')]), 0), null);
});

test('a body without a whole name is an error with the place', () => {
  for (const [text, offset] of [
    ['00', 0],
    ['02', 1],
    ['0200', 1],
    ['020005aa', 3],
  ] as const) {
    const error = parseDataBody(Buffer.from(text, 'hex'), 0);
    assert.ok(error instanceof WireError, text);
    assert.equal(error.offset, offset, text);
  }
  const twice = parseDataBody(Buffer.concat([name('@setDataFrame'), EMPTY_OBJECT]), 0);
  assert.ok(twice instanceof WireError);
  assert.equal(twice.offset, 16);
});
