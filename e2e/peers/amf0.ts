/** AMF0 as far as the test client needs it; written apart from the server's, so that one does not excuse the other. */
export type Amf = number | string | boolean | null | { [key: string]: Amf };

export function writeAmf(...values: readonly Amf[]): Buffer {
  return Buffer.concat(values.map(writeValue));
}

function writeValue(value: Amf): Buffer {
  if (value === null) return Buffer.from([5]);
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), writeName(value)]);
  const fields = Object.entries(value).flatMap(([name, field]) => [writeName(name), writeValue(field)]);
  return Buffer.concat([Buffer.from([3]), ...fields, Buffer.from([0, 0, 9])]);
}

function writeName(name: string): Buffer {
  const text = Buffer.from(name);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, text]);
}

/** @throws Error for a marker the client does not know. */
export function readAmf(bytes: Buffer): Amf[] {
  const values: Amf[] = [];
  let at = 0;
  while (at < bytes.length) values.push(readValue());
  return values;

  function readValue(): Amf {
    const marker = bytes.readUInt8(at++);
    switch (marker) {
      case 0:
        at += 8;
        return bytes.readDoubleBE(at - 8);
      case 1:
        return bytes.readUInt8(at++) !== 0;
      case 2:
        return readName();
      case 8:
        at += 4;
        return readFields();
      case 3:
        return readFields();
      case 5:
      case 6:
        return null;
      default:
        throw new Error(`AMF0 marker ${marker} at byte ${at - 1}`);
    }
  }

  function readFields(): { [key: string]: Amf } {
    const fields: { [key: string]: Amf } = {};
    while (bytes.readUIntBE(at, 3) !== 9) {
      const name = readName();
      fields[name] = readValue();
    }
    at += 3;
    return fields;
  }

  function readName(): string {
    const length = bytes.readUInt16BE(at);
    at += 2 + length;
    return bytes.toString('utf8', at - length, at);
  }
}
