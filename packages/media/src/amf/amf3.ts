import type { AmfCursor } from './cursor.ts';
import { AmfEcmaArray, type AmfObject, AmfTypedObject, type AmfValue, AmfXml, emptyAmfObject } from './value.ts';

/** AMF3 3.1: the byte before each value. */
const AMF3 = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  integer: 4,
  double: 5,
  string: 6,
  xmlDocument: 7,
  date: 8,
  array: 9,
  object: 10,
  xml: 11,
  byteArray: 12,
  vectorInt: 13,
  vectorUint: 14,
  vectorDouble: 15,
  vectorObject: 16,
  dictionary: 17,
} as const;

/** Externalizable classes that are a single value on the wire; what others write, only their authors know. */
const WRAPPERS = new Set(['flex.messaging.io.ArrayCollection', 'flex.messaging.io.ObjectProxy']);

interface Traits {
  readonly className: string;
  readonly names: readonly string[];
  readonly dynamic: boolean;
  readonly externalizable: boolean;
}

/**
 * Reads AMF3 values. Its reference tables live as long as the decoder: use one for a message.
 * Dictionaries become ECMA arrays (keys that are not plain are an error), vectors become arrays.
 * @see AMF3 specification, section 3.
 */
export class Amf3Decoder {
  readonly #cursor: AmfCursor;
  readonly #strings: string[] = [];
  readonly #objects: AmfValue[] = [];
  readonly #traits: Traits[] = [];

  constructor(cursor: AmfCursor) {
    this.#cursor = cursor;
  }

  /** One value; undefined when it fails, the failure being in the cursor. */
  value(): AmfValue {
    const cursor = this.#cursor;
    if (!cursor.enter()) return undefined;
    const at = cursor.offset;
    const value = this.#body(cursor.u8('an AMF3 marker'), at);
    cursor.leave();
    return value;
  }

  #body(marker: number, at: number): AmfValue {
    switch (marker) {
      case AMF3.undefined:
        return undefined;
      case AMF3.null:
        return null;
      case AMF3.false:
        return false;
      case AMF3.true:
        return true;
      case AMF3.integer:
        return (this.#u29() << 3) >> 3;
      case AMF3.double:
        return this.#cursor.double('a double of 8 bytes');
      case AMF3.string:
        return this.#string();
      default:
        return this.#complex(marker, at);
    }
  }

  /** Everything that can be a reference: a 29-bit header whose lowest bit says whether the value follows. */
  #complex(marker: number, at: number): AmfValue {
    if (marker < AMF3.xmlDocument || marker > AMF3.dictionary) {
      return this.#cursor.fail('an AMF3 marker', String(marker), at);
    }
    const header = this.#u29();
    const rest = header >> 1;
    if ((header & 1) === 0) return this.#reference(rest);
    switch (marker) {
      case AMF3.date:
        return this.#remember(new Date(this.#cursor.double('a date of 8 bytes')));
      case AMF3.array:
        return this.#array(rest);
      case AMF3.object:
        return this.#object(rest);
      case AMF3.byteArray:
        return this.#remember(this.#cursor.slice(rest, 'a byte array'));
      case AMF3.vectorObject:
        return this.#objectVector(rest);
      case AMF3.dictionary:
        return this.#dictionary(rest);
      case AMF3.xml:
      case AMF3.xmlDocument:
        return this.#remember(new AmfXml(this.#cursor.text(rest, 'an XML document')));
      default:
        return this.#numberVector(marker, rest);
    }
  }

  /** AMF3 1.3.1: up to four bytes, seven bits in each of the first three and eight in the fourth. */
  #u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i += 1) {
      const byte = this.#cursor.u8('an integer of up to 29 bits');
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return (value << 8) | this.#cursor.u8('an integer of up to 29 bits');
  }

  #string(): string {
    const header = this.#u29();
    const rest = header >> 1;
    if ((header & 1) === 0) {
      const known = this.#strings[rest];
      if (known === undefined) this.#cursor.fail('a reference to an earlier string', `index ${rest}`);
      return known ?? '';
    }
    const text = this.#cursor.text(rest, 'a string');
    if (text !== '') this.#strings.push(text);
    return text;
  }

  #remember<T extends AmfValue>(value: T): T {
    this.#objects.push(value);
    return value;
  }

  #reference(index: number): AmfValue {
    if (index < this.#objects.length) return this.#objects[index];
    return this.#cursor.fail('a reference to an earlier object', `index ${index}`);
  }

  /** Named entries up to an empty name, then `count` positions; with names it becomes an ECMA array. */
  #array(count: number): AmfValue {
    const slot = this.#objects.length;
    const dense: AmfValue[] = this.#remember([]);
    const fields = emptyAmfObject();
    this.#namedFields(fields);
    if (!this.#cursor.holds(count, 1, 'the values of an array')) return dense;
    for (let i = 0; i < count && this.#cursor.error === null; i += 1) dense.push(this.value());
    if (Object.keys(fields).length === 0) return dense;
    for (const [i, value] of dense.entries()) fields[i] = value;
    return (this.#objects[slot] = new AmfEcmaArray(fields));
  }

  #object(header: number): AmfValue {
    const traits = this.#readTraits(header);
    if (traits === null) return undefined;
    if (traits.externalizable) return this.#externalizable(traits.className);
    const fields = emptyAmfObject();
    const object = traits.className === '' ? fields : new AmfTypedObject(traits.className, fields);
    this.#remember<AmfValue>(object);
    for (const name of traits.names) {
      fields[name] = this.value();
      if (this.#cursor.error !== null) return object;
    }
    if (traits.dynamic) this.#namedFields(fields);
    return object;
  }

  #externalizable(className: string): AmfValue {
    if (!WRAPPERS.has(className)) return this.#cursor.fail('a class whose wire form is known', `'${className}'`);
    const slot = this.#objects.length;
    this.#remember(null);
    return (this.#objects[slot] = this.value());
  }

  /** AMF3 3.12, U29O-traits: what `header` says after its lowest bit. */
  #readTraits(header: number): Traits | null {
    if ((header & 1) === 0) {
      const known = this.#traits[header >> 1];
      if (known === undefined) this.#cursor.fail('a reference to earlier traits', `index ${header >> 1}`);
      return known ?? null;
    }
    const externalizable = (header & 2) !== 0;
    const count = externalizable ? 0 : header >> 3;
    const className = this.#string();
    if (!this.#cursor.holds(count, 1, 'the names of a class')) return null;
    const names: string[] = [];
    for (let i = 0; i < count && this.#cursor.error === null; i += 1) names.push(this.#string());
    const traits = { className, names, dynamic: (header & 4) !== 0, externalizable };
    this.#traits.push(traits);
    return traits;
  }

  #namedFields(fields: AmfObject): void {
    while (this.#cursor.error === null) {
      const name = this.#string();
      if (name === '') return;
      const value = this.value();
      if (this.#cursor.error === null) fields[name] = value;
    }
  }

  #numberVector(marker: number, count: number): AmfValue {
    const cursor = this.#cursor;
    cursor.u8('a fixed-length flag');
    const values: number[] = [];
    this.#remember(values);
    if (!cursor.holds(count, marker === AMF3.vectorDouble ? 8 : 4, 'the numbers of a vector')) return values;
    for (let i = 0; i < count; i += 1) {
      if (marker === AMF3.vectorInt) values.push(cursor.s32('an integer'));
      else if (marker === AMF3.vectorUint) values.push(cursor.u32('an integer'));
      else values.push(cursor.double('a double'));
    }
    return values;
  }

  #objectVector(count: number): AmfValue {
    this.#cursor.u8('a fixed-length flag');
    this.#string();
    const values: AmfValue[] = this.#remember([]);
    if (!this.#cursor.holds(count, 1, 'the values of a vector')) return values;
    for (let i = 0; i < count && this.#cursor.error === null; i += 1) values.push(this.value());
    return values;
  }

  #dictionary(count: number): AmfValue {
    this.#cursor.u8('a weak-keys flag');
    const dictionary = this.#remember(new AmfEcmaArray(emptyAmfObject()));
    if (!this.#cursor.holds(count, 2, 'the entries of a dictionary')) return dictionary;
    for (let i = 0; i < count; i += 1) {
      const key = this.value();
      const value = this.value();
      if (typeof key === 'object' && key !== null) this.#cursor.fail('a plain dictionary key', 'an object');
      if (this.#cursor.error !== null) return dictionary;
      dictionary.fields[String(key)] = value;
    }
    return dictionary;
  }
}
