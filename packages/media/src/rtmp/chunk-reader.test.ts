import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import { abort, ChunkReader, MESSAGE, type RtmpMessage, setChunkSize, writeMessage } from './index.ts';
import { CARRIED_TYPES, Chunker, type RepeatHabit } from './testing/chunker.ts';

const MIB = 1024 * 1024;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = (maxMessageBytes = MIB) => new ChunkReader({ maxMessageBytes });

function drain(from: ChunkReader, into: RtmpMessage[] = []): RtmpMessage[] {
  for (;;) {
    const message = from.next();
    if (message === null) return into;
    assert.ok(!(message instanceof WireError), message instanceof WireError ? message.message : '');
    into.push(message);
  }
}

function failure(bytes: Buffer, from = reader()): string {
  from.push(bytes);
  for (;;) {
    const message = from.next();
    assert.notEqual(message, null, 'no error');
    if (message instanceof WireError) return message.message;
  }
}

function readAll(...parts: string[]): RtmpMessage[] {
  const from = reader();
  const messages: RtmpMessage[] = [];
  for (const part of parts) {
    from.push(hex(part));
    drain(from, messages);
  }
  return messages;
}

/** Splits bytes at places that `lengths` choose over and over. */
function* split(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = at + lengths[i % lengths.length]!;
    yield bytes.subarray(at, end);
    at = end;
  }
}

const messageBody = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.nat(5000).map((length) => new Uint8Array(length).fill(length)),
);
const timestamp = fc.oneof(
  fc.nat(2000),
  fc.integer({ min: 0xfffff0, max: 0x1000010 }),
  fc.integer({ min: 0xfffffff0, max: 0xffffffff }),
  fc.nat(0xffffffff),
);
const chunkStream = fc.oneof(fc.integer({ min: 3, max: 63 }), fc.integer({ min: 64, max: 65_599 }));
const outgoing = fc.record({
  chunkStream: fc.nat(3),
  type: fc.constantFrom(...CARRIED_TYPES),
  streamId: fc.constantFrom(0, 1, 0xffffffff),
  timestamp,
  body: messageBody,
});

describe('a chunk reader', () => {
  test('reads any messages, however they are chunked, mixed and cut into reads', () => {
    const scene = fc.record({
      ids: fc.uniqueArray(chunkStream, { minLength: 4, maxLength: 4 }),
      messages: fc.array(outgoing, { maxLength: 12 }),
      steady: fc.boolean(),
      choices: fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }),
      chunkSizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 0xffffff })), {
        maxLength: 4,
      }),
      reads: fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 }),
      habit: fc.constantFrom<RepeatHabit>('field', 'absolute time', 'omit'),
    });
    fc.assert(
      fc.property(scene, ({ ids, messages, steady, choices, chunkSizes, reads, habit }) => {
        let choice = 0;
        const chunker = new Chunker((count) => choices[choice++ % choices.length]! % count, habit);
        for (const [i, { chunkStream, type, streamId, timestamp, body }] of messages.entries()) {
          const first = messages[0]!;
          // Steady streams are where the short headers are used: one type, one length, one distance.
          const message = steady
            ? { type: first.type, streamId, timestamp: (timestamp * i) >>> 0, body: Buffer.from(first.body) }
            : { type, streamId, timestamp, body: Buffer.from(body) };
          // Nobody can tell a left-out timestamp from a body that looks like it.
          if (habit === 'omit') message.body.fill(0x55);
          if (habit === 'omit' && message.timestamp >>> 24 === 0x55) message.timestamp = 0;
          chunker.add(ids[chunkStream]!, message);
        }
        const bytes = chunker.write(chunkSizes);
        const from = reader();
        const received: RtmpMessage[] = [];
        for (const part of split(bytes, reads)) {
          from.push(part);
          drain(from, received);
        }
        assert.deepEqual(received, chunker.complete);
        assert.equal(from.partialBytes, 0);
      }),
      { numRuns: 400 },
    );
  });

  test('reads what the writer writes, with any chunk size', () => {
    fc.assert(
      fc.property(outgoing, fc.integer({ min: 1, max: 6000 }), ({ type, streamId, timestamp, body }, chunkSize) => {
        const message = { type, streamId, timestamp, body: Buffer.from(body) };
        const from = reader();
        from.push(writeMessage(setChunkSize(chunkSize), 2, 128));
        from.push(writeMessage(message, 6, chunkSize));
        assert.deepEqual(drain(from), [message]);
      }),
    );
  });

  test('reads a long message that comes byte by byte', () => {
    const message = { type: MESSAGE.video, streamId: 1, timestamp: 7, body: Buffer.alloc(300_000, 3) };
    const from = reader();
    const received: RtmpMessage[] = [];
    for (const byte of split(writeMessage(message, 6, 128), [1])) {
      from.push(byte);
      drain(from, received);
    }
    assert.deepEqual(received, [message]);
  });

  test('adds the last difference when a type-3 chunk begins a message', () => {
    const messages = readAll('04 000010 000001 08 01000000 aa', '44 000005 000001 08 bb', 'c4 cc', 'c4 dd');
    assert.deepEqual(
      messages.map((message) => message.timestamp),
      [16, 21, 26, 31],
    );
  });

  test('takes a small first timestamp for the difference of a type-3 chunk right behind it, a great one not', () => {
    const times = (first: string) =>
      readAll(`04 ${first} 000001 08 01000000 aa`, 'c4 bb').map((message) => message.timestamp);
    assert.deepEqual(times('000017'), [23, 46]);
    assert.deepEqual(times('100000'), [0x100000, 0x100000]);
  });

  test('lets timestamps wrap at 2^32', () => {
    const messages = readAll('04 ffffff 000001 08 01000000 fffffff0 aa', '84 000020 bb');
    assert.deepEqual(
      messages.map((message) => message.timestamp),
      [0xfffffff0, 0x10],
    );
  });

  test('gives bytes back that only looked like the beginning of a repeated timestamp', () => {
    const header = '04 ffffff 000083 08 01000000 01020304';
    const [message] = readAll(`${header} ${'00'.repeat(128)} c4 01`, '02', '05');
    assert.equal(message!.timestamp, 0x01020304);
    assert.deepEqual(message!.body.subarray(128), hex('010205'));
  });

  test('does not copy a message that lies whole in the bytes of one read', () => {
    const bytes = Buffer.allocUnsafeSlow(12 + 100);
    writeMessage({ type: MESSAGE.audio, streamId: 1, timestamp: 0, body: Buffer.alloc(100, 1) }, 4, 128).copy(bytes);
    const from = reader();
    from.push(bytes);
    assert.equal(drain(from)[0]!.body.buffer, bytes.buffer);
  });

  test('does not let a short message keep a large read alive', () => {
    const bytes = Buffer.allocUnsafeSlow(65_536);
    const message = { type: MESSAGE.audio, streamId: 1, timestamp: 0, body: Buffer.alloc(100, 1) };
    const written = writeMessage(message, 4, 128).copy(bytes);
    bytes.fill(0xc4, written);
    const from = reader();
    from.push(bytes);
    const first = from.next();
    assert.ok(first !== null && !(first instanceof WireError));
    assert.deepEqual(first, message);
    assert.notEqual(first.body.buffer, bytes.buffer);
  });

  test('forgets a message that the peer aborts', () => {
    const long = writeMessage({ type: MESSAGE.video, streamId: 1, timestamp: 0, body: Buffer.alloc(200, 1) }, 6, 128);
    const next = { type: MESSAGE.video, streamId: 1, timestamp: 40, body: Buffer.from('next') };
    const from = reader();
    from.push(long.subarray(0, 140));
    assert.deepEqual(drain(from), []);
    assert.ok(from.partialBytes > 0);
    from.push(Buffer.concat([writeMessage(abort(6), 2, 128), writeMessage(next, 6, 128)]));
    assert.deepEqual(drain(from), [next]);
    assert.equal(from.partialBytes, 0);
  });

  test('accepts a type-1 chunk as the first of a chunk stream', () => {
    const [message] = readAll('42 000000 000006 04 0007 00000001');
    assert.equal(message!.type, MESSAGE.userControl);
  });
});

describe('a chunk reader refuses', () => {
  const fresh = (length: string) => `04 000000 ${length} 08 01000000`;
  const cases: [string, string, RegExp][] = [
    ['a message longer than allowed', fresh('100001'), /at most 1048576 bytes, got one of 1048577 at byte 0/],
    ['a type-3 chunk on a new chunk stream', 'c5', /type-0 chunk to open chunk stream 5, got type 3/],
    ['a new header within a message', `${fresh('000100')} ${'00'.repeat(128)} 44 000000 000100 08`, /type-3 chunk/],
    ['a chunk size of 0', '02 000000 000004 01 00000000 00000000', /chunk size of 1 to/],
    ['a chunk size with the highest bit', '02 000000 000004 01 00000000 80000000', /chunk size/],
    ['a chunk size that is cut short', '02 000000 000002 01 00000000 0001', /chunk size/],
  ];
  for (const [name, bytes, expected] of cases) test(name, () => assert.match(failure(hex(bytes)), expected));

  test('everything after the first error', () => {
    const from = reader();
    failure(hex('c5'), from);
    from.push(writeMessage({ type: MESSAGE.audio, streamId: 1, timestamp: 0, body: Buffer.alloc(1) }, 4, 128));
    assert.ok(from.next() instanceof WireError);
  });

  test('thousands of chunk streams', () => {
    const parts = Array.from({ length: 5000 }, (_, i) => {
      const id = 64 + i;
      return Buffer.concat([Buffer.of(1, (id - 64) & 0xff, (id - 64) >> 8), hex('000000 000001 08 01000000 aa')]);
    });
    assert.match(failure(Buffer.concat(parts)), /at most 64 chunk streams/);
  });

  test('more incomplete messages than their bound, whatever each announces', () => {
    const from = new ChunkReader({ maxMessageBytes: 100_000, maxPartialBytes: 150_000 });
    from.push(writeMessage(setChunkSize(0xffffff), 2, 128));
    const begun = (id: number) =>
      Buffer.concat([Buffer.of(id), hex('000000 0186a0 09 01000000'), Buffer.alloc(60_000)]);
    from.push(Buffer.concat([begun(4), Buffer.alloc(40_000)]));
    assert.equal(drain(from).length, 1);
    from.push(writeMessage(setChunkSize(60_000), 2, 128));
    from.push(begun(5));
    assert.deepEqual(drain(from), []);
    assert.match(failure(begun(6), from), /at most 150000 bytes of incomplete messages/);
  });
});

test('announced lengths cost nothing before their bytes come', () => {
  const from = new ChunkReader({ maxMessageBytes: 16 * MIB });
  for (let id = 2; id < 64; id += 1) {
    from.push(Buffer.concat([Buffer.of(id), hex('000000 ffffff 09 01000000'), Buffer.alloc(128)]));
    assert.deepEqual(drain(from), []);
  }
  assert.ok(from.partialBytes <= 62 * 4096, String(from.partialBytes));
});
