import { WireError } from '../result.ts';
import type { RtmpMessage } from './message.ts';

const HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/**
 * Takes an aggregate message apart. Its parts look like FLV tags; their times are moved so that the first one has the
 * aggregate's time, and they are on the aggregate's message stream.
 * @see RTMP 1.0, 7.1.6.
 */
export function splitAggregate(message: RtmpMessage): RtmpMessage[] | WireError {
  const { body, streamId } = message;
  const parts: RtmpMessage[] = [];
  let shift = 0;
  for (let at = 0; at < body.length; ) {
    if (body.length - at < HEADER_BYTES) {
      return new WireError('a header of 11 bytes in an aggregate', `${body.length - at} bytes`, at);
    }
    const length = body.readUIntBE(at + 1, 3);
    const timestamp = ((body[at + 7]! << 24) | body.readUIntBE(at + 4, 3)) >>> 0;
    const end = at + HEADER_BYTES + length;
    if (end > body.length) {
      return new WireError(`a part of ${length} bytes in an aggregate`, `${body.length - at - HEADER_BYTES} bytes`, at);
    }
    if (at === 0) shift = message.timestamp - timestamp;
    parts.push({
      type: body[at]!,
      streamId,
      timestamp: (timestamp + shift) >>> 0,
      body: body.subarray(at + HEADER_BYTES, end),
    });
    at = end + BACK_POINTER_BYTES;
  }
  return parts;
}
