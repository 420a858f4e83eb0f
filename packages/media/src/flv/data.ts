import type { DataFrame } from '../frame.ts';
import { WireError } from '../result.ts';

/** AMF0 2.4: a string is marker 2, a 16-bit length and UTF-8. */
const STRING_MARKER = 2;
const SET_DATA_FRAME = Buffer.from('@setDataFrame');
const CLEAR_DATA_FRAME = Buffer.from('@clearDataFrame');
const ON_META_DATA = Buffer.from('onMetaData');

/**
 * Reads the body of an FLV script tag or RTMP AMF0 data message as far as its name; the values stay bytes.
 * `@setDataFrame`, meant for the server only, is stripped.
 * @param dts the message's time, unwrapped ms.
 * @returns type `config` for onMetaData, else `key`; null for empty messages and `@clearDataFrame`.
 * @see AMF0 2.4; FLV 10.1 E.4.4.1.
 */
export function parseDataBody(body: Buffer, dts: number): DataFrame | null | WireError {
  if (body.length === 0) return null;
  let name = readName(body, 0);
  if (name instanceof WireError) return name;
  let data = body;
  if (name.equals(SET_DATA_FRAME)) {
    const start = 3 + name.length;
    data = body.subarray(start);
    if (data.length === 0) return null;
    name = readName(body, start);
    if (name instanceof WireError) return name;
  }
  if (name.equals(CLEAR_DATA_FRAME)) return null;
  return { track: 'data', codec: 'amf0', type: name.equals(ON_META_DATA) ? 'config' : 'key', dts, cts: 0, data };
}

function readName(body: Buffer, offset: number): Buffer | WireError {
  if (body[offset] !== STRING_MARKER) return new WireError('a name (AMF0 string)', `marker ${body[offset]}`, offset);
  if (body.length < offset + 3) return new WireError('a string length', 'end of message', offset + 1);
  const end = offset + 3 + body.readUInt16BE(offset + 1);
  if (end > body.length) return new WireError('a name', `${body.length - offset - 3} bytes of it`, offset + 3);
  return body.subarray(offset + 3, end);
}
