import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LiveError } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import type { Fanouts } from '../fanout/fanouts.ts';
import type { LiveStream } from '../hub/sink.ts';
import { endSocket } from './end-socket.ts';
import { flvFormatFor } from './format.ts';
import { ClientFrameReader, closeFrame, controlFrame, OPCODE } from './websocket-frame.ts';

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = '13';

/** RFC 6455 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;

/**
 * Answers a WebSocket upgrade with the stream: FLV in binary messages, one per merged write. Pings are answered, other
 * messages passed over; ends with a close frame.
 * @throws LiveError BAD_REQUEST before anything is written, when the handshake is not RFC 6455's.
 */
export function serveWsFlv(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  stream: LiveStream,
  fanouts: Fanouts,
): void {
  const accepted = handshake(request);
  const reader = new ClientFrameReader();
  let closing = false;

  const close = (status: number) => {
    if (closing) return;
    closing = true;
    viewer.leave();
    endSocket(socket, closeFrame(status));
  };
  const hear = (chunk: Buffer) => {
    if (closing) return;
    const frames = reader.push(chunk);
    if (frames instanceof WireError) return close(PROTOCOL_ERROR);
    for (const { opcode, payload } of frames) {
      if (opcode === OPCODE.close) return close(NORMAL);
      if (opcode === OPCODE.ping && socket.writableLength === 0) socket.write(controlFrame(OPCODE.pong, payload));
    }
  };

  const ended = (reason: string) => close(reason === 'shutdown' ? GOING_AWAY : NORMAL);
  const viewer = fanouts.join(stream, flvFormatFor('ws-flv', request.url ?? ''), socket, { ended }, accepted);
  socket.on('data', hear);
  socket.on('end', () => socket.destroy());
  if (head.length > 0) hear(head);
}

/** RFC 6455 4.2: the response head to a good opening handshake. */
function handshake({ method, httpVersion, headers }: IncomingMessage): Buffer {
  const key = headers['sec-websocket-key'] ?? '';
  const refuse = (what: string) => new LiveError('BAD_REQUEST', `the WebSocket handshake ${what} (RFC 6455 4.2.1)`);
  if (method !== 'GET' || httpVersion !== '1.1') throw refuse('must be a GET by HTTP/1.1');
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw refuse('must ask for Upgrade: websocket');
  if (headers['sec-websocket-version'] !== VERSION) throw refuse(`must ask for Sec-WebSocket-Version: ${VERSION}`);
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) throw refuse('needs a Sec-WebSocket-Key of 16 bytes');
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}
