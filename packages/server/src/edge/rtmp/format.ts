import type { Frame } from '@lianmai/media';
import { CHUNK_STREAM, MESSAGE, type RtmpMessage, writeFrame, writeMessage } from '@lianmai/media/rtmp';
import { type FanoutFormat, headFrames } from '../fanout/format.ts';

/** Chunk size of everything we send: the most that old players take, so that nearly every frame is one chunk. */
export const CHUNK_BYTES = 65_536;
/** The only message stream of a connection; the same for all, so that players share every byte. */
export const STREAM_ID = 1;

interface Tracks {
  audio: boolean;
  video: boolean;
}

const BOTH = rtmpFormat({ audio: true, video: true });
const AUDIO = rtmpFormat({ audio: true, video: false });
const VIDEO = rtmpFormat({ audio: false, video: true });

/** The format for a player that wants these tracks; null when it wants none. */
export function rtmpFormatFor({ audio, video }: Tracks): FanoutFormat | null {
  if (audio) return video ? BOTH : AUDIO;
  return video ? VIDEO : null;
}

/** RTMP messages with type-0 headers: bytes that depend on nothing sent before. */
function rtmpFormat(wanted: Tracks): FanoutFormat {
  const carries = (frame: Frame) => frame.track === 'data' || wanted[frame.track];
  const write = (frame: Frame) => writeFrame(frame, STREAM_ID, CHUNK_BYTES);
  return {
    protocol: 'rtmp',
    head: (headers, gop) => Buffer.concat(headFrames(headers, gop).filter(carries).map(write)),
    frame: (frame) => (carries(frame) ? write(frame) : null),
  };
}

/** Messages as one write; whole ones, so that the fan-out may write between two of these. */
export function encodeMessages(messages: readonly RtmpMessage[]): Buffer {
  const parts = messages.map((message) => writeMessage(message, chunkStreamOf(message), CHUNK_BYTES));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function chunkStreamOf({ type }: RtmpMessage): number {
  if (type === MESSAGE.commandAmf0) return CHUNK_STREAM.command;
  return type === MESSAGE.dataAmf0 ? CHUNK_STREAM.data : CHUNK_STREAM.control;
}
