import { AMF0 } from './amf0-markers.ts';
import { AMF_LIMITS, AmfEcmaArray, type AmfObject, AmfTypedObject, type AmfValue, AmfXml } from './value.ts';

const MAX_SHORT = 0xffff;
const AMF3_BYTE_ARRAY = 12;

/**
 * Writes values as AMF0, one after the other. Byte arrays, which AMF0 lacks, are written by switching to AMF3.
 * Objects met twice are written twice.
 * @throws RangeError when values nest deeper than 32 (or hold themselves), a name is longer than 65,535 bytes, or the
 *   whole would be longer than `maxBytes`.
 * @see AMF0 specification, section 2.
 */
export function encodeAmf0(values: readonly AmfValue[], maxBytes = 16 * 1024 * 1024): Buffer {
  const encoder = new Amf0Encoder(maxBytes);
  for (const value of values) encoder.value(value);
  return encoder.bytes();
}

class Amf0Encoder {
  readonly #maxBytes: number;
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;
  #depth = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  value(value: AmfValue): void {
    if ((this.#depth += 1) > AMF_LIMITS.maxDepth) throw new RangeError('AMF values nest too deep');
    this.#dispatch(value);
    this.#depth -= 1;
  }

  #dispatch(value: AmfValue): void {
    if (value === undefined) this.#u8(AMF0.undefined);
    else if (value === null) this.#u8(AMF0.null);
    else if (typeof value === 'boolean') this.#boolean(value);
    else if (typeof value === 'number') this.#double(AMF0.number, value);
    else if (typeof value === 'string') this.#string(value);
    else if (Array.isArray(value)) this.#strictArray(value);
    else if (Buffer.isBuffer(value)) this.#byteArray(value);
    else if (value instanceof Date) this.#date(value);
    else if (value instanceof AmfXml) this.#text32(AMF0.xmlDocument, value.text);
    else if (value instanceof AmfEcmaArray) this.#ecmaArray(value);
    else if (value instanceof AmfTypedObject) this.#typedObject(value);
    else this.#object(value);
  }

  #boolean(value: boolean): void {
    this.#u8(AMF0.boolean);
    this.#u8(value ? 1 : 0);
  }

  #string(value: string): void {
    const length = Buffer.byteLength(value);
    if (length > MAX_SHORT) return this.#text32(AMF0.longString, value);
    this.#u8(AMF0.string);
    this.#text16(value, length);
  }

  #date(value: Date): void {
    this.#double(AMF0.date, value.getTime());
    this.#u16(0);
  }

  #strictArray(values: readonly AmfValue[]): void {
    this.#u8(AMF0.strictArray);
    this.#u32(values.length);
    for (const value of values) this.value(value);
  }

  #ecmaArray(value: AmfEcmaArray): void {
    this.#u8(AMF0.ecmaArray);
    this.#u32(Object.keys(value.fields).length);
    this.#fields(value.fields);
  }

  #typedObject(value: AmfTypedObject): void {
    this.#u8(AMF0.typedObject);
    this.#text16(value.className, Buffer.byteLength(value.className));
    this.#fields(value.fields);
  }

  #object(value: AmfObject): void {
    this.#u8(AMF0.object);
    this.#fields(value);
  }

  #fields(fields: AmfObject): void {
    for (const name of Object.keys(fields)) {
      this.#text16(name, Buffer.byteLength(name));
      this.value(fields[name]);
    }
    this.#u16(0);
    this.#u8(AMF0.objectEnd);
  }

  /** AMF3 3.14 behind the switch marker: length in 29 bits, the lowest bit saying "not a reference". */
  #byteArray(value: Buffer): void {
    this.#u8(AMF0.avmPlusObject);
    this.#u8(AMF3_BYTE_ARRAY);
    const header = value.length * 2 + 1;
    if (header >= 0x20000000) throw new RangeError('AMF byte array too long');
    if (header >= 0x200000) {
      this.#u8(0x80 | (header >>> 22));
      this.#u8(0x80 | ((header >>> 15) & 0x7f));
      this.#u8(0x80 | ((header >>> 8) & 0x7f));
      this.#u8(header & 0xff);
    } else {
      if (header >= 0x4000) this.#u8(0x80 | (header >>> 14));
      if (header >= 0x80) this.#u8(0x80 | ((header >>> 7) & 0x7f));
      this.#u8(header & 0x7f);
    }
    const at = this.#reserve(value.length);
    value.copy(this.#buffer, at);
  }

  #u8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer.writeUInt8(value, at);
  }

  #u16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  #u32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  #double(marker: number, value: number): void {
    this.#u8(marker);
    const at = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  #text16(value: string, length: number): void {
    if (length > MAX_SHORT) throw new RangeError('AMF name longer than 65535 bytes');
    this.#u16(length);
    const at = this.#reserve(length);
    this.#buffer.write(value, at, length, 'utf8');
  }

  #text32(marker: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#u8(marker);
    this.#u32(length);
    const at = this.#reserve(length);
    this.#buffer.write(value, at, length, 'utf8');
  }

  /** Makes room and returns where it begins. */
  #reserve(size: number): number {
    const at = this.#length;
    const needed = at + size;
    if (needed > this.#maxBytes) throw new RangeError(`AMF body longer than ${this.#maxBytes} bytes`);
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = needed;
    return at;
  }
}
