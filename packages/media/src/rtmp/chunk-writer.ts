import { tagBodyHeader } from '../flv/body-header.ts';
import { wireTimestamp } from '../flv/timestamp.ts';
import type { Frame } from '../frame.ts';
import { MESSAGE, type RtmpMessage } from './message.ts';

const EMPTY = Buffer.alloc(0);
const EXTENDED = 0xffffff;

/** Chunk streams we send on. Audio and video have their own so that players may tell them apart (as Flash did). */
export const CHUNK_STREAM = { control: 2, command: 3, data: 4, audio: 5, video: 6 } as const;

/**
 * A message as bytes: one type-0 chunk, and type-3 chunks when it is longer than `chunkSize`. Needs no state but the chunk
 * size announced to the peer, so the same bytes may go to many peers.
 * @param chunkStreamId 2 to 63.
 * @see RTMP 1.0, section 5.3.1.
 */
export function writeMessage(message: RtmpMessage, chunkStreamId: number, chunkSize: number): Buffer {
  const { type, streamId, timestamp, body } = message;
  return writeChunks(chunkStreamId, chunkSize, type, streamId, timestamp, EMPTY, body);
}

/**
 * A frame as an audio, video or data message.
 * @see {@link writeMessage}
 */
export function writeFrame(frame: Frame, streamId: number, chunkSize: number): Buffer {
  const type = frame.track === 'video' ? MESSAGE.video : frame.track === 'audio' ? MESSAGE.audio : MESSAGE.dataAmf0;
  const timestamp = wireTimestamp(frame.dts);
  return writeChunks(CHUNK_STREAM[frame.track], chunkSize, type, streamId, timestamp, tagBodyHeader(frame), frame.data);
}

/** The body is `head` and `tail` joined: a frame's few header bytes and its data, copied once. */
function writeChunks(
  chunkStreamId: number,
  chunkSize: number,
  type: number,
  streamId: number,
  timestamp: number,
  head: Buffer,
  tail: Buffer,
): Buffer {
  const length = head.length + tail.length;
  if (length > 0xffffff) throw new RangeError(`RTMP message of ${length} bytes`);
  const extendedBytes = timestamp >= EXTENDED ? 4 : 0;
  const continuations = length === 0 ? 0 : Math.ceil(length / chunkSize) - 1;
  const out = Buffer.allocUnsafe(12 + extendedBytes + length + continuations * (1 + extendedBytes));
  out[0] = chunkStreamId;
  out.writeUIntBE(Math.min(timestamp, EXTENDED), 1, 3);
  out.writeUIntBE(length, 4, 3);
  out[7] = type;
  out.writeUInt32LE(streamId, 8);
  let at = 12;
  if (extendedBytes > 0) at = out.writeUInt32BE(timestamp, at);

  for (let taken = 0; taken < length; ) {
    if (taken > 0) {
      out[at++] = 0xc0 | chunkStreamId;
      if (extendedBytes > 0) at = out.writeUInt32BE(timestamp, at);
    }
    const end = Math.min(taken + chunkSize, length);
    if (taken < head.length) at += head.copy(out, at, taken, Math.min(end, head.length));
    if (end > head.length) at += tail.copy(out, at, Math.max(taken - head.length, 0), end - head.length);
    taken = end;
  }
  return out;
}
