/**
 * ISO 14496-12 4.2: a box is its 32-bit size, its four-letter type and its content. For headers, which are small and
 * rare; fragments are written in place.
 */
export function box(type: string, ...content: Buffer[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content], size);
}

/** ISO 14496-12 4.2: a box whose content begins with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...content: Buffer[]): Buffer {
  return box(type, u32(((version << 24) | flags) >>> 0), ...content);
}

export function u8(...values: number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) buffer.writeUInt16BE(value, i * 2);
  return buffer;
}

export function u32(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) buffer.writeUInt32BE(value, i * 4);
  return buffer;
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

export function zeros(bytes: number): Buffer {
  return Buffer.alloc(bytes);
}
