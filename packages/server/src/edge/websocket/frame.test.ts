import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@lianmai/media';
import fc from 'fast-check';
import { binaryFrameHeader, ClientFrameReader, closeFrame, OPCODE } from './frame.ts';
import { clientFrame } from './testing/client-frame.ts';

test('frame headers have the shortest length that fits', () => {
  assert.equal(binaryFrameHeader(0).toString('hex'), '8200');
  assert.equal(binaryFrameHeader(125).toString('hex'), '827d');
  assert.equal(binaryFrameHeader(126).toString('hex'), '827e007e');
  assert.equal(binaryFrameHeader(65_535).toString('hex'), '827effff');
  assert.equal(binaryFrameHeader(65_536).toString('hex'), '827f0000000000010000');
  assert.equal(closeFrame(1000).toString('hex'), '880203e8');
});

test('control frames are found between data frames, however the bytes are cut', () => {
  const control = fc.record({
    opcode: fc.constantFrom(OPCODE.close, OPCODE.ping, OPCODE.pong),
    payload: fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes)),
  });
  const data = fc.nat(65_536).map((size) => ({ opcode: 2, payload: Buffer.alloc(size) }));
  const cuts = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.oneof(control, data), { maxLength: 8 }), cuts, (frames, sizes) => {
      const bytes = Buffer.concat(frames.map(({ opcode, payload }) => clientFrame(0x80 | opcode, payload)));
      const reader = new ClientFrameReader();
      const found = [];
      for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) {
        const some = reader.push(bytes.subarray(at, at + sizes[i % sizes.length]!));
        assert.ok(!(some instanceof WireError), String(some));
        found.push(...some);
      }
      const expected = frames.filter(({ opcode }) => opcode >= 8).map(({ opcode, payload }) => ({ opcode, payload }));
      assert.deepEqual(found, expected);
    }),
  );
});

test('what the standard or our limits forbid is named', () => {
  const wrong = {
    unmasked: '8a00',
    'reserved bit': 'c28000000000',
    'long control frame': '89fe007e00000000',
    'fragmented control frame': '098000000000',
    'data frame of 64 KiB and more': '82ff000000000001000100000000',
    'data frame of 2^63 bytes': '82ff800000000000000000000000',
  };
  for (const [what, hex] of Object.entries(wrong))
    assert.ok(new ClientFrameReader().push(Buffer.from(hex, 'hex')) instanceof WireError, what);
});

test('garbage is an error or nothing, never a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      new ClientFrameReader().push(Buffer.from(bytes));
    }),
  );
});
