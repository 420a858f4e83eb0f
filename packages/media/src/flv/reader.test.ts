import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import { accepted, FIXTURES, fixtureBytes, fixtureTags } from './fixtures/index.ts';
import { mutated } from './fixtures/mutations.ts';
import { FlvReader, type FlvTag, flvFileHeader, parseTagBody } from './index.ts';

function readAll(reader: FlvReader, pieces: Iterable<Buffer>): FlvTag[] {
  const all: FlvTag[] = [];
  for (const piece of pieces) all.push(...accepted(reader.push(piece)));
  return all;
}

function errorOf(bytes: Buffer, maxTagBytes?: number): WireError {
  const error = new FlvReader(maxTagBytes === undefined ? {} : { maxTagBytes }).push(bytes);
  assert.ok(error instanceof WireError);
  return error;
}

function* split(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    yield bytes.subarray(offset, (offset += size));
  }
}

test('tags are the same however the bytes come', () => {
  const bytes = fixtureBytes('h264-aac');
  const expected = fixtureTags('h264-aac');
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, (sizes) => assert.deepEqual(readAll(new FlvReader(), split(bytes, sizes)), expected)),
    { numRuns: 60 },
  );
  assert.deepEqual(readAll(new FlvReader(), split(bytes, [1])), expected);
});

test('a longer file header and wrong PreviousTagSizes are taken', () => {
  const tag = Buffer.from('08000002 00000500 000000 af01 ffffffff'.replaceAll(' ', ''), 'hex');
  const header = Buffer.concat([Buffer.from('464c5601050000000c', 'hex'), Buffer.alloc(3), Buffer.alloc(4, 9)]);
  const tags = readAll(new FlvReader(), [header, tag]);
  assert.deepEqual(tags, [{ track: 'audio', dts: 5, body: Buffer.of(0xaf, 1) }]);
});

test('times go on past 2^32 ms', () => {
  const tag = (timestamp: string) => Buffer.from(`08000001${timestamp}000000af0000000c`, 'hex');
  const tags = readAll(new FlvReader(), [
    flvFileHeader(true, false),
    tag('fffff0ff'),
    tag('00001000'),
    tag('fffffeff'),
  ]);
  assert.deepEqual(
    tags.map((tag) => tag.dts),
    [2 ** 32 - 16, 2 ** 32 + 16, 2 ** 32 - 2],
  );
});

test('what is no FLV is an error at its place in the stream, and stays one', () => {
  assert.equal(errorOf(Buffer.from('GET / HTTP/1.1')).offset, 0);
  assert.equal(errorOf(Buffer.from('464c5602050000000900000000', 'hex')).offset, 3);
  assert.equal(errorOf(Buffer.from('464c56010500000008000000', 'hex')).offset, 5);
  assert.equal(errorOf(Buffer.from('464c560105ffffffff000000', 'hex')).offset, 5);
  const reader = new FlvReader();
  assert.deepEqual(reader.push(flvFileHeader(true, true)), []);
  const error = reader.push(Buffer.alloc(11, 0x28));
  assert.ok(error instanceof WireError);
  assert.equal(error.offset, 13);
  assert.equal(reader.push(fixtureBytes('h264-aac')), error);
});

test('a tag past the limit is an error before its body is waited for', () => {
  const head = Buffer.concat([flvFileHeader(true, true), Buffer.from('0900100100000000000000', 'hex')]);
  assert.match(errorOf(head, 4096).message, /at most 4096 bytes/);
  assert.deepEqual(new FlvReader({ maxTagBytes: 4097 }).push(head), []);
});

test('damaged files and bodies give values or errors, never throws', () => {
  for (const name of FIXTURES) {
    fc.assert(
      fc.property(mutated(fixtureBytes(name)), fc.integer({ min: 1, max: 9000 }), (bytes, size) => {
        const reader = new FlvReader();
        for (const piece of split(bytes, [size])) {
          const tags = reader.push(piece);
          if (tags instanceof WireError) return;
          for (const { track, body, dts } of tags) parseTagBody(track, body, dts);
        }
      }),
      { numRuns: 100 },
    );
  }
});

test('damaged tag bodies give a frame inside the body, nothing or an error', () => {
  const bodies = FIXTURES.flatMap((name) => fixtureTags(name).slice(0, 8));
  fc.assert(
    fc.property(
      fc.constantFrom(...bodies).chain(({ track, body }) => fc.tuple(fc.constant(track), mutated(body))),
      ([track, body]) => {
        const frame = parseTagBody(track, body, 0);
        if (frame === null || frame instanceof WireError) return;
        assert.ok(frame.data.length > 0 && frame.data.length <= body.length);
      },
    ),
    { numRuns: 3000 },
  );
});
