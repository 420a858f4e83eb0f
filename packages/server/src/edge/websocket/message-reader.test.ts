import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OPCODE } from './frame.ts';
import { type ClientMessage, type MessageFault, MessageReader } from './message-reader.ts';
import { clientFrame } from './testing/client-frame.ts';

const LONGEST = 1000;

function read(...chunks: Buffer[]): { messages: ClientMessage[]; fault: MessageFault | null } {
  const reader = new MessageReader(LONGEST);
  const messages: ClientMessage[] = [];
  let fault: MessageFault | null = null;
  for (const chunk of chunks) fault ??= reader.push(chunk, (message) => messages.push(message));
  return { messages, fault };
}

test('texts come out whole, however they are fragmented and their bytes are cut', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 80 });
  const pieces = fc.array(fc.nat(40), { maxLength: 4 });
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, pieces), { maxLength: 5 }), sizes, (sent, cuts) => {
      const frames = sent.flatMap(([message, lengths]) => {
        const bytes = Buffer.from(message);
        const ends = [...new Set(lengths.map((n) => Math.min(n, bytes.length)))].toSorted((a, b) => a - b);
        const parts = [...ends, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
        return parts.flatMap((part, i) => {
          const opcode = i === 0 ? OPCODE.text : OPCODE.continuation;
          const frame = clientFrame((i === parts.length - 1 ? 0x80 : 0) | opcode, part);
          // Control frames may come between fragments.
          return [frame, clientFrame(0x8a, Buffer.alloc(0))];
        });
      });
      const bytes = Buffer.concat(frames);
      const chunks = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        chunks.push(bytes.subarray(at, at + cuts[i % cuts.length]!));
        at += cuts[i % cuts.length]!;
      }
      const { messages, fault } = read(...chunks);
      assert.equal(fault, null);
      assert.deepEqual(
        messages.flatMap((message) => (message.type === 'text' ? [message.text] : [])),
        sent.map(([message]) => message),
      );
    }),
  );
});

test('a close is the last thing heard', () => {
  const bytes = Buffer.concat([clientFrame(0x88, Buffer.of(3, 232)), clientFrame(0x81, Buffer.from('late'))]);
  assert.deepEqual(read(bytes), { messages: [{ type: 'close', status: 1000 }], fault: null });
});

test('what is not allowed is answered with its status', () => {
  const big = Buffer.alloc(600, 'x');
  const wrong: Record<string, [status: number, ...frames: Buffer[]]> = {
    binary: [1003, clientFrame(0x82, Buffer.from('x'))],
    'not UTF-8': [1007, clientFrame(0x81, Buffer.of(0xc3, 0x28))],
    'half a character at the end': [1007, clientFrame(0x81, Buffer.of(0xe4, 0xbd))],
    'too big in one frame': [1009, clientFrame(0x81, Buffer.alloc(LONGEST + 1, 'x'))],
    'too big in fragments': [1009, clientFrame(0x01, big), clientFrame(0x80, big)],
    'a message within a message': [1002, clientFrame(0x01, big), clientFrame(0x81, big)],
    'a continuation of nothing': [1002, clientFrame(0x80, big)],
    'an opcode of the future': [1002, clientFrame(0x83, big)],
    'a control opcode of the future': [1002, clientFrame(0x8b, Buffer.alloc(0))],
    'half a status': [1002, clientFrame(0x88, Buffer.of(3))],
    'a status that is never sent': [1002, clientFrame(0x88, Buffer.of(1005 >> 8, 1005 & 255))],
    'no mask': [1002, Buffer.from('8100', 'hex')],
    'a size nobody has, before it is waited for': [1009, Buffer.from('81ffffffffffffffffff', 'hex')],
  };
  for (const [what, [status, ...frames]] of Object.entries(wrong))
    assert.equal(read(...frames).fault?.status, status, what);
});

test('any number of empty fragments takes no memory', () => {
  const empty = Array.from({ length: 50_000 }, (_, i) => clientFrame(i === 0 ? 0x01 : 0x00, Buffer.alloc(0)));
  const { messages, fault } = read(Buffer.concat(empty), clientFrame(0x80, Buffer.from('end')));
  assert.equal(fault, null);
  assert.deepEqual(messages, [{ type: 'text', text: 'end' }]);
});

test('garbage is a fault or nothing, never a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(Buffer.from(bytes))));
});
