import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { WireError } from '@lianmai/media';
import { ChunkReader, MESSAGE, type RtmpMessage } from '@lianmai/media/rtmp';

const FIXTURES = new URL('../../../../../media/src/rtmp/fixtures/', import.meta.url);
const HANDSHAKE_BYTES = 1 + 2 * 1536;

/** What a real client wrote to its connection. */
export function capture(name: string): Buffer {
  return readFileSync(new URL(`${name}.rtmp`, FIXTURES));
}

/** The audio, video and data messages of a capture. */
export function capturedMedia(name: string): RtmpMessage[] {
  const reader = new ChunkReader({ maxMessageBytes: 1 << 20 });
  reader.push(capture(name).subarray(HANDSHAKE_BYTES));
  const messages: RtmpMessage[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) {
    assert.ok(!(message instanceof WireError));
    const { type } = message;
    if (type === MESSAGE.audio || type === MESSAGE.video || type === MESSAGE.dataAmf0) messages.push(message);
  }
  return messages;
}
