import { type AmfObject, type AmfValue, decodeAmf0, encodeAmf0 } from '../amf/index.ts';
import { WireError } from '../result.ts';
import { MESSAGE, type RtmpMessage } from './message.ts';

/** A remote call (RTMP 1.0, 7.1.1): `connect`, `publish`, `_result`, `onStatus`, … */
export interface RtmpCommand {
  readonly name: string;
  /** 0 when no answer is wanted; an answer repeats it. */
  readonly transactionId: number;
  /** What follows: the command object (or null) first, then the arguments. */
  readonly args: readonly AmfValue[];
}

const STRING_MARKER = 2;

/**
 * Reads a command of either encoding.
 * @see RTMP 1.0, 7.1.1. An AMF3 command (type 17) is AMF0 behind a zero byte; its values may switch to AMF3 one by one.
 */
export function parseCommand(message: RtmpMessage): RtmpCommand | WireError {
  const values = decodeAmf0(message.body, formatBytes(message));
  if (values instanceof WireError) return values;
  const [name, transactionId = 0, ...args] = values;
  if (typeof name !== 'string') return new WireError('a command name', name === undefined ? 'nothing' : typeof name);
  if (typeof transactionId !== 'number') return new WireError('a transaction id', typeof transactionId);
  return { name, transactionId, args };
}

/** The AMF0 body of a data message: as it is for type 18; for type 15 (AMF3) written anew, players knowing only AMF0. */
export function dataBody(message: RtmpMessage): Buffer | WireError {
  if (message.type === MESSAGE.dataAmf0) return message.body;
  const values = decodeAmf0(message.body, formatBytes(message));
  if (values instanceof WireError) return values;
  try {
    return encodeAmf0(values, message.body.length * 8 + 1024);
  } catch (error) {
    return new WireError('values that AMF0 can carry', error instanceof Error ? error.message : 'others');
  }
}

/** AMF3 messages begin with a format byte, which is 0; some peers leave it out. */
function formatBytes(message: RtmpMessage): number {
  const amf3 = message.type === MESSAGE.commandAmf3 || message.type === MESSAGE.dataAmf3;
  return amf3 && message.body[0] !== STRING_MARKER ? 1 : 0;
}

/** A command as an AMF0 message. */
export function command(name: string, transactionId: number, args: readonly AmfValue[], streamId = 0): RtmpMessage {
  const body = encodeAmf0([name, transactionId, ...args]);
  return { type: MESSAGE.commandAmf0, streamId, timestamp: 0, body };
}

/** An AMF0 data message, for example `|RtmpSampleAccess`. */
export function data(values: readonly AmfValue[], streamId: number): RtmpMessage {
  return { type: MESSAGE.dataAmf0, streamId, timestamp: 0, body: encodeAmf0(values) };
}

export type StatusLevel = 'status' | 'warning' | 'error';

/** What `onStatus`, and `_result` and `_error` of connect, tell (RTMP 1.0, 7.2.2). */
export function statusInfo(level: StatusLevel, code: string, description: string, more: AmfObject = {}): AmfObject {
  return { level, code, description, ...more };
}

/** `onStatus` for a stream (or the connection, with streamId 0). */
export function onStatus(streamId: number, level: StatusLevel, code: string, description: string): RtmpMessage {
  return command('onStatus', 0, [null, statusInfo(level, code, description)], streamId);
}
