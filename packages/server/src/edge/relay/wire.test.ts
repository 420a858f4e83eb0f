import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Frame, WireError } from '@lianmai/media';
import fc from 'fast-check';
import { type RelayMessage, RelayReader, writeRelayMessage } from './wire.ts';

const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const ms = fc.double({ noNaN: true, noDefaultInfinity: true });
const type = fc.constantFrom<Frame['type']>('config', 'key', 'inter');
const frame = fc.oneof(
  fc.record({
    track: fc.constant('video' as const),
    codec: fc.constantFrom('h264' as const, 'h265' as const, 'av1' as const, 'vp8' as const, 'vp9' as const),
    type,
    dts: ms,
    cts: ms,
    data,
  }),
  fc.record({
    track: fc.constant('audio' as const),
    codec: fc.constantFrom('aac' as const, 'mp3' as const, 'opus' as const),
    type,
    dts: ms,
    cts: fc.constant(0 as const),
    data,
  }),
  fc.record({
    track: fc.constant('data' as const),
    codec: fc.constant('amf0' as const),
    type,
    dts: ms,
    cts: fc.constant(0 as const),
    data,
  }),
);
const message: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record({ kind: fc.constant('frame' as const), frame }),
  fc.record({ kind: fc.constant('open' as const), stream: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constantFrom('caughtUp' as const, 'interrupted' as const, 'resumed' as const) }),
  fc.record({
    kind: fc.constant('ended' as const),
    reason: fc.constantFrom('vanished' as const, 'unpublished' as const),
  }),
  fc.record({
    kind: fc.constant('refused' as const),
    error: fc.record({ code: fc.nat(), name: fc.constant('UNAVAILABLE' as const), message: fc.string() }),
  }),
);

/** Bytes in pieces of the given sizes, over and over. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('messages come out as they went in, however the bytes are cut', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), sizes, (messages, cuts) => {
      const reader = new RelayReader();
      const bytes = Buffer.concat(messages.flatMap(writeRelayMessage));
      const read = [...pieces(bytes, cuts)].flatMap((piece) => {
        const found = reader.push(piece);
        assert.ok(!(found instanceof WireError));
        return found;
      });
      // Arbitraries make objects without prototypes; messages are compared by what they say.
      assert.deepEqual(structuredClone(read), structuredClone(messages));
    }),
  );
});

test('bytes that are no messages are an error, not a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      new RelayReader().push(Buffer.from(bytes));
    }),
  );
  const nonsense = ['00000000', '7fffffff', '0000000109', '0000000203ff', '00000002017b'];
  for (const hex of nonsense) assert.ok(new RelayReader().push(Buffer.from(hex, 'hex')) instanceof WireError, hex);
});
