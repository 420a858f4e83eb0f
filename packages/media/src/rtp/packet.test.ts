import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import {
  isRtcp,
  parseRtpPacket,
  type RtpPacket,
  readHeaderExtension,
  Unwrapper,
  unwrapRtx,
  wrapRtx,
  writeHeaderExtension,
  writeRtpPacket,
} from './index.ts';

const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Buffer.from(array));
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const packets: fc.Arbitrary<RtpPacket> = fc.record(
  {
    payloadType: fc.integer({ min: 0, max: 127 }),
    marker: fc.boolean(),
    sequenceNumber: uint16,
    timestamp: uint32,
    ssrc: uint32,
    csrcs: fc.array(uint32, { maxLength: 15 }),
    extension: fc.option(
      fc.record(
        { profile: uint16, data: bytes(0, 5).map((part) => Buffer.concat(Array(4).fill(part))) },
        { noNullPrototype: true },
      ),
    ),
    payload: bytes(0, 50),
  },
  { noNullPrototype: true },
);

function accepted<T>(value: T | WireError): T {
  assert.ok(!(value instanceof WireError), value instanceof WireError ? value.message : '');
  return value;
}

test('a packet is read as it was written', () => {
  fc.assert(
    fc.property(packets, (packet) => assert.deepEqual(accepted(parseRtpPacket(writeRtpPacket(packet))), packet)),
  );
});

test('padding is not payload, and impossible padding is an error', () => {
  const padded = Buffer.from('a0600001000000020000000341420003', 'hex');
  padded[padded.length - 1] = 2;
  assert.equal(accepted(parseRtpPacket(padded)).payload.toString(), 'AB');
  for (const count of [0, 5]) {
    padded[padded.length - 1] = count;
    assert.ok(parseRtpPacket(padded) instanceof WireError, `${count}`);
  }
});

test('any bytes give a packet or an error, never an exception', () => {
  fc.assert(
    fc.property(bytes(0, 80), (data) => {
      const packet = parseRtpPacket(data);
      if (!(packet instanceof WireError) && packet.extension) readHeaderExtension(packet.extension);
    }),
    { numRuns: 2000 },
  );
});

test('header extensions come back in either form', () => {
  const elements = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 255 }), bytes(0, 40)), { selector: ([id]) => id });
  fc.assert(
    fc.property(elements, (entries) => {
      const map = new Map(entries);
      const block = writeHeaderExtension(map);
      assert.equal(block.data.length % 4, 0);
      assert.deepEqual(accepted(readHeaderExtension(block)), map);
    }),
  );
});

test('one-byte extensions: padding is skipped and id 15 ends them', () => {
  const data = Buffer.from('0010aa0021bbccf0', 'hex');
  const elements = accepted(readHeaderExtension({ profile: 0xbede, data }));
  assert.deepEqual(
    [...elements],
    [
      [1, Buffer.of(0xaa)],
      [2, Buffer.of(0xbb, 0xcc)],
    ],
  );
});

test('RTCP is told from RTP by its packet type, markers notwithstanding', () => {
  assert.equal(isRtcp(Buffer.of(0x80, 200)), true);
  assert.equal(isRtcp(Buffer.of(0x80, 0x80 | 111)), false);
  assert.equal(isRtcp(Buffer.of(0x80)), false);
});

test('a retransmission is the packet it repeats; an empty one is a probe', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const rtx = wrapRtx(packet, { ssrc: 7, payloadType: 97, sequenceNumber: 3 });
      const { ssrc, payloadType } = packet;
      assert.deepEqual(unwrapRtx(rtx, { ssrc, payloadType }), packet);
      assert.equal(unwrapRtx({ ...rtx, payload: Buffer.alloc(0) }, { ssrc, payloadType }), null);
    }),
  );
});

test('wrapping numbers count on, forwards and backwards', () => {
  fc.assert(
    fc.property(uint16, fc.array(fc.integer({ min: -30_000, max: 30_000 })), (start, steps) => {
      const unwrapper = new Unwrapper(16);
      let newest = unwrapper.unwrap(start);
      for (const step of steps) {
        assert.equal(unwrapper.unwrap((newest + step) & 0xffff), newest + step);
        newest = Math.max(newest, newest + step);
      }
    }),
  );
});
