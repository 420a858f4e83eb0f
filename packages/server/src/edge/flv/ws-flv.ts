import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WireError } from '@lianmai/media';
import type { Fanouts } from '../fanout/fanouts.ts';
import type { LiveStream } from '../hub/sink.ts';
import { CLOSE, ClientFrameReader, closeFrame, controlFrame, OPCODE } from '../websocket/frame.ts';
import { acceptWebSocket } from '../websocket/handshake.ts';
import { endSocket } from './end-socket.ts';
import { flvFormatFor } from './format.ts';

/**
 * Answers a WebSocket upgrade with the stream: FLV in binary messages, one per merged write. Pings are answered, other
 * messages passed over; ends with a close frame.
 * @returns sends the viewer away.
 * @throws LiveError BAD_REQUEST before anything is written, when the handshake is not RFC 6455's.
 */
export function serveWsFlv(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  stream: LiveStream,
  fanouts: Fanouts,
): () => void {
  const accepted = acceptWebSocket(request);
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
    if (frames instanceof WireError) return close(CLOSE.protocolError);
    for (const { opcode, payload } of frames) {
      if (opcode === OPCODE.close) return close(CLOSE.normal);
      if (opcode === OPCODE.ping && socket.writableLength === 0) socket.write(controlFrame(OPCODE.pong, payload));
    }
  };

  const ended = (reason: string) => close(reason === 'shutdown' ? CLOSE.goingAway : CLOSE.normal);
  const viewer = fanouts.join(stream, flvFormatFor('ws-flv', request.url ?? ''), socket, { ended }, accepted);
  socket.on('data', hear);
  socket.on('end', () => socket.destroy());
  if (head.length > 0) hear(head);
  return () => close(CLOSE.policyViolation);
}
