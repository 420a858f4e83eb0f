import { WireError } from '../result.ts';
import { MESSAGE, type RtmpMessage } from './message.ts';

/** RTMP 1.0, 7.1.7: user control event types. */
export const USER_CONTROL = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** RTMP 1.0, 5.4.5: how Set Peer Bandwidth binds. */
export const BANDWIDTH_LIMIT = { hard: 0, soft: 1, dynamic: 2 } as const;

export interface UserControl {
  /** One of {@link USER_CONTROL}, or what else the peer sent. */
  readonly event: number;
  /** The stream's id; for pings the time in ms. */
  readonly value: number;
}

const control = (type: number, body: Buffer): RtmpMessage => ({ type, streamId: 0, timestamp: 0, body });

function number32(value: number): Buffer {
  const body = Buffer.allocUnsafe(4);
  body.writeUInt32BE(value >>> 0);
  return body;
}

/** @param size 1 to {@link MAX_CHUNK_SIZE} bytes. */
export const setChunkSize = (size: number): RtmpMessage => control(MESSAGE.setChunkSize, number32(size));
export const abort = (chunkStreamId: number): RtmpMessage => control(MESSAGE.abort, number32(chunkStreamId));
/** @param received bytes received so far; wraps at 2^32. */
export const acknowledgement = (received: number): RtmpMessage => control(MESSAGE.acknowledgement, number32(received));
export const windowAckSize = (bytes: number): RtmpMessage => control(MESSAGE.windowAckSize, number32(bytes));

/** @param limit one of {@link BANDWIDTH_LIMIT}. */
export function setPeerBandwidth(bytes: number, limit: number): RtmpMessage {
  return control(MESSAGE.setPeerBandwidth, Buffer.concat([number32(bytes), Buffer.of(limit)]));
}

/** @param event one of {@link USER_CONTROL}. */
export function userControl(event: number, value: number): RtmpMessage {
  const body = Buffer.allocUnsafe(6);
  body.writeUInt16BE(event);
  body.writeUInt32BE(value >>> 0, 2);
  return control(MESSAGE.userControl, body);
}

/** RTMP 1.0, 5.4.6 and 7.1.7. */
export function setBufferLength(streamId: number, ms: number): RtmpMessage {
  const body = Buffer.allocUnsafe(10);
  body.writeUInt16BE(USER_CONTROL.setBufferLength);
  body.writeUInt32BE(streamId >>> 0, 2);
  body.writeUInt32BE(ms >>> 0, 6);
  return control(MESSAGE.userControl, body);
}

/** The number an Acknowledgement or Window Acknowledgement Size carries. */
export function parseNumber32(message: RtmpMessage): number | WireError {
  if (message.body.length < 4) return new WireError('a number of 4 bytes', `${message.body.length} bytes`);
  return message.body.readUInt32BE(0);
}

/** Reads a User Control message; events that are shorter than ours have the value 0. */
export function parseUserControl(message: RtmpMessage): UserControl | WireError {
  const { body } = message;
  if (body.length < 2) return new WireError('a user control event', `${body.length} bytes`);
  return { event: body.readUInt16BE(0), value: body.length < 6 ? 0 : body.readUInt32BE(2) };
}
