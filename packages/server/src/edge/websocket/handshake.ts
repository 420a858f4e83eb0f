import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LiveError } from '@lianmai/contract';

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = '13';

/**
 * The response head to a good opening handshake (RFC 6455 4.2). No extension or subprotocol is agreed.
 * @throws LiveError BAD_REQUEST when it is not one.
 */
export function acceptWebSocket({ method, httpVersion, headers }: IncomingMessage): Buffer {
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
