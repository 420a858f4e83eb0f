/**
 * What AMF carries, as JavaScript values. AMF0 has no integers and no byte arrays; those come from AMF3.
 * `Buffer` is AMF3's ByteArray, a view of the bytes that were read.
 */
export type AmfValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Date
  | Buffer
  | AmfXml
  | AmfObject
  | AmfEcmaArray
  | AmfTypedObject
  | AmfValue[];

/** An anonymous object. Decoded ones have no prototype, so a key such as `__proto__` is a key like any other. */
export interface AmfObject {
  [key: string]: AmfValue;
}

/** An array with names instead of positions: how onMetaData is usually sent (AMF0 2.10). */
export class AmfEcmaArray {
  readonly fields: AmfObject;

  constructor(fields: AmfObject) {
    this.fields = fields;
  }
}

/** An object of a named class (AMF0 2.18, AMF3 3.12). */
export class AmfTypedObject {
  readonly className: string;
  readonly fields: AmfObject;

  constructor(className: string, fields: AmfObject) {
    this.className = className;
    this.fields = fields;
  }
}

/** An XML document as text, not parsed (AMF0 2.17, AMF3 3.9 and 3.13). */
export class AmfXml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Bounds on what one decode may cost, besides the bytes it is given. */
export interface AmfLimits {
  /** Values within values. */
  readonly maxDepth: number;
  /** Values in all, at every depth. */
  readonly maxElements: number;
}

export const AMF_LIMITS: AmfLimits = { maxDepth: 32, maxElements: 65_536 };

/** An object without prototype. */
export function emptyAmfObject(): AmfObject {
  return Object.create(null) as AmfObject;
}

/** The named fields of an object, ECMA array or typed object; null for everything else. */
export function amfFields(value: AmfValue): AmfObject | null {
  if (value instanceof AmfEcmaArray || value instanceof AmfTypedObject) return value.fields;
  return isAmfObject(value) ? value : null;
}

export function isAmfObject(value: AmfValue): value is AmfObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !Buffer.isBuffer(value) &&
    !(value instanceof Date || value instanceof AmfXml) &&
    !(value instanceof AmfEcmaArray || value instanceof AmfTypedObject)
  );
}
