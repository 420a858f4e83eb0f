import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import {
  AmfEcmaArray,
  type AmfObject,
  AmfTypedObject,
  type AmfValue,
  AmfXml,
  amfFields,
  decodeAmf0,
  emptyAmfObject,
  encodeAmf0,
} from './index.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const object = (fields: AmfObject): AmfObject => Object.assign(emptyAmfObject(), fields);

function decodeOne(text: string): AmfValue {
  const values = decodeAmf0(hex(text));
  assert.ok(Array.isArray(values), values instanceof WireError ? values.message : '');
  assert.equal(values.length, 1);
  return values[0];
}

const TABLE: [string, string, AmfValue][] = [
  ['a number', '00 3ff8000000000000', 1.5],
  ['a negative zero', '00 8000000000000000', -0],
  ['true', '01 01', true],
  ['false', '01 00', false],
  ['a string', '02 0005 68656c6c6f', 'hello'],
  ['a string beyond ASCII', '02 0006 e8bf9ee9baa6', '连麦'],
  ['an object', '03 0001 61 05 0001 62 06 0000 09', object({ a: null, b: undefined })],
  ['null', '05', null],
  ['undefined', '06', undefined],
  ['an ECMA array', '08 00000001 0001 61 0101 0000 09', new AmfEcmaArray(object({ a: true }))],
  ['a strict array', '0a 00000002 05 0101', [null, true]],
  ['a date', '0b 4270000000000000 0000', new Date(2 ** 40)],
  ['an XML document', '0f 00000004 3c612f3e', new AmfXml('<a/>')],
  ['a typed object', '10 0001 43 0001 61 05 0000 09', new AmfTypedObject('C', object({ a: null }))],
];

describe('AMF0 values', () => {
  for (const [name, bytes, value] of TABLE) {
    test(`${name} is read and written as the specification draws it`, () => {
      assert.deepStrictEqual(decodeOne(bytes), value);
      assert.equal(encodeAmf0([value]).toString('hex'), bytes.replaceAll(' ', ''));
    });
  }

  test('a string of more than 65535 bytes is written as a long string', () => {
    const text = 'é'.repeat(40_000);
    const bytes = encodeAmf0([text]);
    assert.equal(bytes[0], 12);
    assert.deepEqual(decodeAmf0(bytes), [text]);
  });

  test('the unsupported marker reads as undefined', () => assert.equal(decodeOne('0d'), undefined));

  test('an ECMA array ends at its end marker whatever its count says', () => {
    const array = decodeOne('08 00000000 0001 61 05 0001 62 05 0000 09');
    assert.deepEqual(Object.keys(amfFields(array)!), ['a', 'b']);
  });

  test('a reference gives the same object again', () => {
    const values = decodeOne('0a 00000002 03 0001 61 05 0000 09 07 0001');
    assert.ok(Array.isArray(values));
    assert.equal(values[0], values[1]);
  });

  test('an object that holds itself is read, and refused when written', () => {
    const value = decodeOne('03 0001 61 07 0000 0000 09');
    assert.equal(amfFields(value)!['a'], value);
    assert.throws(() => encodeAmf0([value]), RangeError);
  });

  test('names that are special in JavaScript are plain names', () => {
    const [read] = decodeAmf0(hex('03 0009 5f5f70726f746f5f5f 0101 0006 76616c75654f 05 0000 09')) as AmfValue[];
    assert.equal(Object.getPrototypeOf(read), null);
    assert.deepEqual(Object.keys(amfFields(read)!), ['__proto__', 'valueO']);
    assert.equal(({} as { admin?: boolean }).admin, undefined);
  });

  test('a body longer than the writer is allowed is refused', () => {
    assert.throws(() => encodeAmf0(['x'.repeat(100)], 50), /longer than 50 bytes/);
  });
});

describe('AMF0 that cannot be accepted', () => {
  const cases: [string, string, RegExp][] = [
    ['an unknown marker', '04', /AMF0 marker, got 4 at byte 0/],
    ['a number cut short', '00 3ff8', /number of 8 bytes, got 2 bytes at byte 1/],
    ['a string cut short', '02 0005 6869', /a string, got 2 bytes/],
    ['a long string of 4 GiB', '0c ffffffff 00', /long string, got 1 bytes/],
    ['a strict array of four thousand million', '0a ffffffff 05', /count of 4294967295 in 1 bytes/],
    ['an object without end', '03 0001 61 05', /name length, got 0 bytes/],
    ['a reference to nothing', '07 0000', /earlier object, got index 0/],
    ['an object end on its own', '09', /AMF0 marker, got 9/],
  ];
  for (const [name, bytes, expected] of cases) {
    test(`${name} is an error that says so`, () => {
      const result = decodeAmf0(hex(bytes));
      assert.ok(result instanceof WireError);
      assert.match(result.message, expected);
    });
  }

  test('nesting is bounded', () => {
    const arrays = (depth: number) => Buffer.concat([...Array(depth).fill(hex('0a 00000001')), hex('05')]);
    assert.ok(Array.isArray(decodeAmf0(arrays(31))));
    const result = decodeAmf0(arrays(100_000));
    assert.ok(result instanceof WireError);
    assert.match(result.message, /at most 32 values within values/);
  });

  test('the number of values is bounded', () => {
    const result = decodeAmf0(Buffer.alloc(70_000, 5));
    assert.ok(result instanceof WireError);
    assert.match(result.message, /at most 65536 values/);
  });
});

const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '');
const { value: anyValue } = fc.letrec<{ value: AmfValue; fields: AmfObject }>((tie) => ({
  fields: fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((entries) => {
    const fields = emptyAmfObject();
    for (const [key, value] of entries) fields[key] = value;
    return fields;
  }),
  value: fc.oneof(
    { maxDepth: 6 },
    fc.double(),
    fc.boolean(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom<AmfValue>(null, undefined),
    fc.date({ noInvalidDate: true }),
    fc.string({ unit: 'grapheme' }).map((text) => new AmfXml(text)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('fields'),
    tie('fields').map((fields) => new AmfEcmaArray(fields)),
    fc.tuple(name, tie('fields')).map(([className, fields]) => new AmfTypedObject(className, fields)),
  ),
}));

describe('AMF0 properties', () => {
  test('any values survive writing and reading', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 4 }), (values) => {
        assert.deepStrictEqual(decodeAmf0(encodeAmf0(values)), values);
      }),
      { numRuns: 500 },
    );
  });

  test('damaged bodies give values or an error, never an exception', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 1, maxLength: 3 }), damage, fc.nat(), (values, changes, cut) => {
        const bytes = Buffer.from(encodeAmf0(values));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const result = decodeAmf0(bytes.subarray(0, bytes.length - (cut % 3)));
        assert.ok(Array.isArray(result) || result instanceof WireError);
      }),
      { numRuns: 2000 },
    );
  });

  test('random bytes give values or an error, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, max: 20 }), (bytes) => {
        const result = decodeAmf0(Buffer.from(bytes));
        assert.ok(Array.isArray(result) || result instanceof WireError);
      }),
      { numRuns: 2000 },
    );
  });
});
