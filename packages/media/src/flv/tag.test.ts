import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame } from '../frame.ts';
import { accepted, FIXTURES, fixtureFrames, fixtureTags } from './fixtures/index.ts';
import { FlvReader, flvFileHeader, parseTagBody, tagBodyHeader, unwrapTimestamp, writeFlvTag } from './index.ts';

/** A tag read back as a frame. */
function reread(bytes: Buffer): Frame {
  const [tag, ...others] = accepted(new FlvReader().push(Buffer.concat([flvFileHeader(true, true), bytes])));
  assert.ok(tag !== undefined && others.length === 0);
  const frame = accepted(parseTagBody(tag.track, tag.body, tag.dts));
  assert.ok(frame !== null);
  return frame;
}

for (const name of FIXTURES) {
  test(`${name}: every frame is written back as FFmpeg wrote it`, () => {
    let frames = 0;
    for (const { track, body, dts } of fixtureTags(name)) {
      const frame = accepted(parseTagBody(track, body, dts));
      if (frame === null) continue;
      frames += 1;
      const tag = writeFlvTag(frame);
      const written = tag.subarray(11, -4);
      // SoundRate, SoundSize and SoundType mean nothing for AAC: FFmpeg writes the core's, we what the standard says.
      const from = frame.track === 'audio' && frame.codec === 'aac' ? 1 : 0;
      assert.deepEqual(written.subarray(from), body.subarray(from));
      assert.equal(tag.readUInt32BE(tag.length - 4), tag.length - 4);
      assert.deepEqual(reread(tag), frame);
    }
    assert.ok(frames > 60, `${frames} frames`);
  });
}

test('the file header says what is in it and ends with PreviousTagSize0', () => {
  assert.equal(flvFileHeader(true, true).toString('hex'), '464c5601050000000900000000');
  assert.equal(flvFileHeader(true, false)[4], 4);
  assert.equal(flvFileHeader(false, true)[4], 1);
});

test('tag times are whole ms with 32 bits, the upper 8 last', () => {
  const at = (dts: number) => {
    const frame: Frame = { track: 'audio', codec: 'aac', type: 'key', dts, cts: 0, data: Buffer.of(1) };
    return writeFlvTag(frame).toString('hex', 4, 8);
  };
  assert.equal(at(0x123456), '12345600');
  assert.equal(at(0x7f123456), '1234567f');
  assert.equal(at(2 ** 32 + 5), '00000500');
  assert.equal(at(40.6), '00002900');
  assert.equal(at(2 ** 32 - 0.4), '00000000');
});

test('a composition time follows the rounding of the decode time, so that the presentation time is exact', () => {
  const frame: Frame = { track: 'video', codec: 'h264', type: 'inter', dts: 33.4, cts: 33.4, data: Buffer.of(1) };
  assert.equal(tagBodyHeader(frame).toString('hex'), '2701000022');
  assert.equal(tagBodyHeader({ ...frame, cts: -40 }).toString('hex'), '2701ffffd8');
  assert.equal(tagBodyHeader({ ...frame, cts: 1e9 }).toString('hex'), '27017fffff');
  assert.equal(tagBodyHeader({ ...frame, codec: 'h265', cts: -1e9 }).toString('hex'), 'a168766331800000');
});

test('headers of MP3 name the nearest rate FLV knows, and mono or stereo', () => {
  const header = (bytes: number[]) => {
    const frame: Frame = { track: 'audio', codec: 'mp3', type: 'key', dts: 0, cts: 0, data: Buffer.from(bytes) };
    return tagBodyHeader(frame)[0];
  };
  assert.equal(header([0xff, 0xfb, 0x90, 0x64]), 0x2f);
  assert.equal(header([0xff, 0xfb, 0x94, 0xc4]), 0x2e);
  assert.equal(header([0xff, 0xf3, 0x40, 0xc4]), 0x2a);
  assert.equal(header([0xff, 0xe3, 0x40, 0x00]), 0x27);
  assert.equal(header([0xff, 0xe3, 0x48, 0xc0]), 0xe2);
  assert.equal(header([0xff]), 0x2f);
});

test('headers without composition time are shared, not allocated', () => {
  for (const name of FIXTURES) {
    for (const frame of fixtureFrames(name)) {
      if (frame.cts === 0) assert.equal(tagBodyHeader(frame), tagBodyHeader({ ...frame }));
    }
  }
});

test('whatever a frame is, its tag reads back as the same frame', () => {
  const base = {
    dts: fc.nat(2 ** 32 - 1),
    data: fc.uint8Array({ minLength: 4, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  };
  const type = fc.constantFrom('config' as const, 'key' as const, 'inter' as const);
  const reordered = fc.record({
    ...base,
    track: fc.constant('video' as const),
    codec: fc.constantFrom('h264' as const, 'h265' as const),
    type,
    cts: fc.integer({ min: -0x800000, max: 0x7fffff }),
  });
  const inOrder = fc.record({
    ...base,
    // Not a temporal delimiter, which reading would leave out of AV1.
    data: base.data.map((bytes) => Buffer.concat([Buffer.of(0x0a), bytes])),
    track: fc.constant('video' as const),
    codec: fc.constantFrom('av1' as const, 'vp8' as const, 'vp9' as const),
    type,
    cts: fc.constant(0 as const),
  });
  const audio = fc.record({
    ...base,
    track: fc.constant('audio' as const),
    codec: fc.constantFrom('aac' as const, 'opus' as const, 'mp3' as const),
    type: fc.constant('key' as const),
    cts: fc.constant(0 as const),
  });
  fc.assert(
    fc.property(fc.oneof(reordered, inOrder, audio), (frame: Frame) => {
      // A configuration has no composition time.
      const cts = frame.type === 'config' ? 0 : frame.cts;
      assert.deepEqual(reread(writeFlvTag(frame)), { ...frame, cts });
    }),
  );
});

test('times unwrap to the nearest, over the 32-bit edge in both directions', () => {
  assert.equal(unwrapTimestamp(5, 2 ** 32 - 10), 2 ** 32 + 5);
  assert.equal(unwrapTimestamp(2 ** 32 - 10, 2 ** 32 + 5), 2 ** 32 - 10);
  assert.equal(unwrapTimestamp(1000, 960.6), 1000);
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (near, change) => {
      const time = near + change;
      assert.equal(unwrapTimestamp(((time % 2 ** 32) + 2 ** 32) % 2 ** 32, near), time);
    }),
  );
});

test('a body past 24 bits is a programming error', () => {
  const frame: Frame = { track: 'data', codec: 'amf0', type: 'key', dts: 0, cts: 0, data: Buffer.alloc(2 ** 24) };
  assert.throws(() => writeFlvTag(frame), RangeError);
});
