import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import { readVp8Payload, Vp8Assembler } from './index.ts';

const packet = (payload: Buffer, timestamp: number, marker: boolean) => ({ payload, timestamp, marker });
const KEY = Buffer.from('10020000', 'hex');
const INTER = Buffer.from('11020000', 'hex');
const begins = (data: Buffer) => Buffer.concat([Buffer.of(0x10), data]);
const goesOn = (data: Buffer) => Buffer.concat([Buffer.of(0x00), data]);

test('payload descriptors of all lengths are read past', () => {
  const cases: [string, boolean, string][] = [
    ['10aa', true, 'aa'],
    ['00aa', false, 'aa'],
    ['9080' + '11' + 'aa', true, 'aa'],
    ['9080' + '8111' + 'aa', true, 'aa'],
    ['90f0' + '8111' + '22' + '33' + 'aa', true, 'aa'],
    ['11aa', false, 'aa'],
  ];
  for (const [hex, starts, data] of cases) {
    const content = readVp8Payload(Buffer.from(hex, 'hex'));
    assert.ok(!(content instanceof WireError), hex);
    assert.deepEqual([content.begins, content.data.toString('hex')], [starts, data], hex);
  }
  assert.ok(readVp8Payload(Buffer.from('9080', 'hex')) instanceof WireError);
});

test('frames are put together; after a loss nothing comes until a key frame', () => {
  const assembler = new Vp8Assembler();
  assert.equal(assembler.push(packet(begins(INTER), 0, true), false), null);
  assert.equal(assembler.needsKeyFrame, true);
  assert.equal(assembler.push(packet(begins(KEY), 1, false), false), null);
  const key = assembler.push(packet(goesOn(Buffer.of(7)), 1, true), false);
  assert.deepEqual(key, { timestamp: 1, type: 'key', data: Buffer.concat([KEY, Buffer.of(7)]), config: null });
  assert.equal(assembler.push(packet(begins(INTER), 2, true), false)?.type, 'inter');
  assert.equal(assembler.push(packet(goesOn(INTER), 3, true), true), null);
  assert.equal(assembler.push(packet(begins(INTER), 4, true), false), null);
  assert.equal(assembler.push(packet(begins(KEY), 5, true), false)?.type, 'key');
});

test('a picture of very many tiny parts is given up before it takes much memory', () => {
  const assembler = new Vp8Assembler();
  assembler.push(packet(begins(KEY), 1, false), false);
  const part = goesOn(Buffer.of(7));
  for (let sent = 0; sent < 70_000; sent++) assembler.push(packet(part, 1, false), false);
  assert.equal(assembler.push(packet(part, 1, true), false), null);
  assert.equal(assembler.needsKeyFrame, true);
});

test('any payloads give frames or nothing, never an exception', () => {
  const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.boolean(), fc.nat(3), fc.boolean()), { maxLength: 40 }), (list) => {
      const assembler = new Vp8Assembler();
      for (const [payload, marker, timestamp, lost] of list) assembler.push({ payload, marker, timestamp }, lost);
    }),
    { numRuns: 500 },
  );
});
