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
  decodeAmf0,
  emptyAmfObject,
} from './index.ts';

/** Behind AMF0's switch marker, which is how AMF3 comes in RTMP. */
const amf3 = (text: string) => Buffer.from(`11${text.replaceAll(' ', '')}`, 'hex');
const object = (fields: AmfObject): AmfObject => Object.assign(emptyAmfObject(), fields);

const TABLE: [string, string, AmfValue][] = [
  ['undefined', '00', undefined],
  ['null', '01', null],
  ['false', '02', false],
  ['true', '03', true],
  ['an integer of one byte', '04 7f', 127],
  ['an integer of two bytes', '04 8100', 128],
  ['an integer of three bytes', '04 818000', 16384],
  ['an integer of four bytes', '04 80c08000', 2 ** 21],
  ['the greatest integer', '04 bfffffff', 2 ** 28 - 1],
  ['the least integer', '04 c0808000', -(2 ** 28)],
  ['minus one', '04 ffffffff', -1],
  ['a double', '05 3ff8000000000000', 1.5],
  ['a string', '06 0b 68656c6c6f', 'hello'],
  ['an XML document', '07 09 3c612f3e', new AmfXml('<a/>')],
  ['E4X', '0b 09 3c612f3e', new AmfXml('<a/>')],
  ['a date', '08 01 4270000000000000', new Date(2 ** 40)],
  ['an array', '09 05 01 03 0401', [true, 1]],
  ['an array with names', '09 03 03 61 02 01 03', new AmfEcmaArray(object({ a: false, 0: true }))],
  ['a dynamic object', '0a 0b 01 03 61 03 01', object({ a: true })],
  ['an object of a class', '0a 13 03 43 03 61 03', new AmfTypedObject('C', object({ a: true }))],
  ['a byte array', '0c 07 010203', Buffer.of(1, 2, 3)],
  ['a vector of integers', '0d 05 00 ffffffff 00000002', [-1, 2]],
  ['a vector of unsigned integers', '0e 03 00 ffffffff', [0xffffffff]],
  ['a vector of doubles', '0f 03 00 3ff8000000000000', [1.5]],
  ['a vector of objects', '10 05 00 01 03 02', [true, false]],
  ['a dictionary', '11 03 00 06 03 61 03', new AmfEcmaArray(object({ a: true }))],
  ['a repeated string', '09 05 01 06 03 61 06 00', ['a', 'a']],
  [
    'two objects of one class',
    '09 05 01 0a 13 03 43 03 61 03 0a 01 02',
    [new AmfTypedObject('C', object({ a: true })), new AmfTypedObject('C', object({ a: false }))],
  ],
  [
    'an ArrayCollection',
    '0a 07 43 666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e 09 03 01 03',
    [true],
  ],
];

describe('AMF3 values', () => {
  for (const [name, bytes, value] of TABLE) {
    test(`${name} is read as the specification draws it`, () => {
      const result = decodeAmf0(amf3(bytes));
      assert.ok(!(result instanceof WireError), result instanceof WireError ? result.message : '');
      assert.deepStrictEqual(result, [value]);
    });
  }

  test('a reference gives the same object again, across the values of one message', () => {
    const values = decodeAmf0(Buffer.concat([amf3('0a 0b 01 01'), amf3('0a 00')]));
    assert.ok(Array.isArray(values));
    assert.equal(values.length, 2);
    assert.equal(values[0], values[1]);
  });

  test('a name such as __proto__ is a plain name', () => {
    const [value] = decodeAmf0(amf3('0a 0b 01 13 5f5f70726f746f5f5f 03 01')) as AmfValue[];
    assert.equal(Object.getPrototypeOf(value), null);
    assert.deepEqual(Object.keys(value as AmfObject), ['__proto__']);
  });
});

describe('AMF3 that cannot be accepted', () => {
  const cases: [string, string, RegExp][] = [
    ['an unknown marker', '12', /AMF3 marker, got 18 at byte 1/],
    ['a string longer than the message', '06 ffffffff', /a string, got 0 bytes/],
    ['an array longer than the message', '09 ffffffff 01 01', /values of an array, got a count of/],
    ['a vector longer than the message', '0d ffffffff 00', /numbers of a vector/],
    ['a class with more names than bytes', '0a fffffffb 01', /names of a class/],
    ['a byte array longer than the message', '0c 8101', /a byte array, got 0 bytes/],
    ['a reference to nothing', '0a 00', /earlier object/],
    ['a string reference to nothing', '06 00', /earlier string/],
    ['traits of nothing', '0a 01', /earlier traits/],
    ['an unknown externalizable class', '0a 07 03 43', /wire form is known, got 'C'/],
    ['a dictionary keyed by objects', '11 03 00 09 01 01 03', /plain dictionary key/],
  ];
  for (const [name, bytes, expected] of cases) {
    test(`${name} is an error that says so`, () => {
      const result = decodeAmf0(amf3(bytes));
      assert.ok(result instanceof WireError);
      assert.match(result.message, expected);
    });
  }

  test('nesting is bounded', () => {
    const result = decodeAmf0(amf3('09 03 01'.repeat(10_000)));
    assert.ok(result instanceof WireError);
    assert.match(result.message, /at most 32/);
  });

  test('random bytes and damaged values never throw', () => {
    const seeds = TABLE.map(([, bytes]) => amf3(bytes));
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 4 }), damage, (parts, changes) => {
        const bytes = Buffer.concat(parts);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const result = decodeAmf0(bytes);
        assert.ok(Array.isArray(result) || result instanceof WireError);
      }),
      { numRuns: 3000 },
    );
  });
});
