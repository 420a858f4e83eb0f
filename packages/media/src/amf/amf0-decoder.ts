import type { WireError } from '../result.ts';
import { AMF0 } from './amf0-markers.ts';
import { Amf3Decoder } from './amf3.ts';
import { AmfCursor } from './cursor.ts';
import {
  AMF_LIMITS,
  AmfEcmaArray,
  type AmfLimits,
  type AmfObject,
  AmfTypedObject,
  type AmfValue,
  AmfXml,
  emptyAmfObject,
} from './value.ts';

/**
 * Reads AMF0 values up to the end of the bytes: a command's or data message's body. Values that switch to AMF3 are
 * followed. References become the same object again, so a decoded value may hold itself.
 * @returns the values, or what was wrong with the first that could not be read.
 * @see AMF0 specification, section 2.
 */
export function decodeAmf0(bytes: Buffer, offset = 0, limits: AmfLimits = AMF_LIMITS): AmfValue[] | WireError {
  const cursor = new AmfCursor(bytes, offset, limits);
  const decoder = new Amf0Decoder(cursor);
  const values: AmfValue[] = [];
  while (cursor.remaining > 0) {
    values.push(decoder.value());
    if (cursor.error) return cursor.error;
  }
  return values;
}

class Amf0Decoder {
  readonly #cursor: AmfCursor;
  readonly #references: AmfValue[] = [];
  #amf3: Amf3Decoder | null = null;

  constructor(cursor: AmfCursor) {
    this.#cursor = cursor;
  }

  value(): AmfValue {
    const cursor = this.#cursor;
    if (!cursor.enter()) return undefined;
    const at = cursor.offset;
    const value = this.#body(cursor.u8('an AMF0 marker'), at);
    cursor.leave();
    return value;
  }

  #body(marker: number, at: number): AmfValue {
    const cursor = this.#cursor;
    switch (marker) {
      case AMF0.number:
        return cursor.double('a number of 8 bytes');
      case AMF0.boolean:
        return cursor.u8('a boolean') !== 0;
      case AMF0.string:
        return cursor.text(cursor.u16('a string length'), 'a string');
      case AMF0.longString:
        return cursor.text(cursor.u32('a string length'), 'a long string');
      case AMF0.xmlDocument:
        return new AmfXml(cursor.text(cursor.u32('a string length'), 'an XML document'));
      case AMF0.null:
        return null;
      case AMF0.undefined:
      case AMF0.unsupported:
        return undefined;
      case AMF0.date:
        return this.#date();
      case AMF0.reference:
        return this.#reference();
      case AMF0.object:
        return this.#fields(this.#remember(emptyAmfObject()));
      case AMF0.ecmaArray:
        return this.#ecmaArray();
      case AMF0.strictArray:
        return this.#strictArray();
      case AMF0.typedObject:
        return this.#typedObject();
      case AMF0.avmPlusObject:
        this.#amf3 ??= new Amf3Decoder(cursor);
        return this.#amf3.value();
      default:
        return cursor.fail('an AMF0 marker', String(marker), at);
    }
  }

  #remember<T extends AmfValue>(value: T): T {
    this.#references.push(value);
    return value;
  }

  #reference(): AmfValue {
    const at = this.#cursor.offset;
    const index = this.#cursor.u16('a reference');
    if (index < this.#references.length) return this.#references[index];
    return this.#cursor.fail('a reference to an earlier object', `index ${index}`, at);
  }

  /** AMF0 2.13: milliseconds, then a time zone that "should not be filled in, nor used". */
  #date(): Date {
    const ms = this.#cursor.double('a date of 8 bytes');
    this.#cursor.s16('a time zone');
    return new Date(ms);
  }

  /** AMF0 2.10: the count is a hint only, the end marker decides. */
  #ecmaArray(): AmfEcmaArray {
    this.#cursor.u32('a count');
    const array = this.#remember(new AmfEcmaArray(emptyAmfObject()));
    this.#fields(array.fields);
    return array;
  }

  #typedObject(): AmfTypedObject {
    const className = this.#cursor.text(this.#cursor.u16('a class name length'), 'a class name');
    const object = this.#remember(new AmfTypedObject(className, emptyAmfObject()));
    this.#fields(object.fields);
    return object;
  }

  #strictArray(): AmfValue[] {
    const count = this.#cursor.u32('a count');
    const values: AmfValue[] = this.#remember([]);
    if (!this.#cursor.holds(count, 1, 'the values of a strict array')) return values;
    for (let i = 0; i < count && this.#cursor.error === null; i += 1) values.push(this.value());
    return values;
  }

  /** Names and values up to the empty name and the end marker (AMF0 2.5). */
  #fields(object: AmfObject): AmfObject {
    const cursor = this.#cursor;
    while (cursor.error === null) {
      const name = cursor.text(cursor.u16('a name length'), 'a name');
      if (name === '' && cursor.remaining > 0 && cursor.bytes[cursor.offset] === AMF0.objectEnd) {
        cursor.u8('an end marker');
        return object;
      }
      const value = this.value();
      if (cursor.error === null) object[name] = value;
    }
    return object;
  }
}
