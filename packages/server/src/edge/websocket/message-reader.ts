import { isUtf8 } from 'node:buffer';
import { WireError } from '@lianmai/media';
import { CLOSE, type FrameHead, OPCODE, readHead, readPayload } from './frame.ts';

/** What a client sent, whole: a text, a ping to be answered with the same bytes, a pong, or its goodbye. */
export type ClientMessage =
  | { type: 'text'; text: string }
  | { type: 'ping'; payload: Buffer }
  | { type: 'pong' }
  /** `status` null: it gave none. */
  | { type: 'close'; status: number | null };

/** What a client did wrong, and the status to close with (RFC 6455 7.4.1). */
export interface MessageFault {
  status: number;
  reason: string;
}

/** Puts a client's text messages together from its frames (RFC 6455 5.4), at most `longest` bytes each. */
export class MessageReader {
  readonly #longest: number;
  /** Bytes of a frame that is not complete; null: none, which is nearly always so. */
  #rest: Buffer | null = null;
  /** Of a message that is not complete. */
  #fragments: Buffer[] | null = null;
  #size = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /**
   * @param take given each message that is complete now, in order.
   * @returns what is wrong; nothing may be pushed after that. null: nothing.
   */
  push(chunk: Buffer, take: (message: ClientMessage) => void): MessageFault | null {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (;;) {
      const head = readHead(bytes, at);
      if (head instanceof WireError) return { status: CLOSE.protocolError, reason: head.message };
      if (head === null) break;
      const fault = this.#judge(head);
      if (fault) return fault;
      const payload = readPayload(bytes, at, head);
      if (payload === null) break;
      at += head.headBytes + head.length;
      const message = head.opcode >= OPCODE.close ? control(head.opcode, payload) : this.#data(head, payload);
      if (message === null) continue;
      if ('reason' in message) return message;
      take(message);
      if (message.type === 'close') break;
    }
    // A copy, so that a few waiting bytes do not hold the whole chunk.
    this.#rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at));
    return null;
  }

  /** Before the payload is waited for. */
  #judge({ opcode, length }: FrameHead): MessageFault | null {
    switch (opcode) {
      case OPCODE.text:
        if (this.#fragments) return protocolError('a message began before the one before it had ended');
        break;
      case OPCODE.continuation:
        if (!this.#fragments) return protocolError('a continuation of nothing');
        break;
      case OPCODE.binary:
        return { status: CLOSE.unsupportedData, reason: 'send text: JSON-RPC 2.0' };
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        return null;
      default:
        return protocolError(`opcode ${opcode} is not known`);
    }
    if (this.#size + length <= this.#longest) return null;
    return { status: CLOSE.tooBig, reason: `a message may have ${this.#longest} bytes` };
  }

  #data({ isFinal }: FrameHead, payload: Buffer): ClientMessage | MessageFault | null {
    if (!isFinal) {
      // Empty ones, of which there may be any number, are not kept.
      this.#fragments ??= [];
      if (payload.length > 0) this.#fragments.push(payload);
      this.#size += payload.length;
      return null;
    }
    const whole = this.#fragments ? Buffer.concat([...this.#fragments, payload]) : payload;
    this.#fragments = null;
    this.#size = 0;
    if (!isUtf8(whole)) return { status: CLOSE.invalidText, reason: 'a text must be UTF-8' };
    return { type: 'text', text: whole.toString() };
  }
}

function control(opcode: number, payload: Buffer): ClientMessage | MessageFault {
  if (opcode === OPCODE.ping) return { type: 'ping', payload };
  if (opcode === OPCODE.pong) return { type: 'pong' };
  if (payload.length === 0) return { type: 'close', status: null };
  if (payload.length === 1) return protocolError('half a close status');
  const status = payload.readUInt16BE(0);
  if (!isCloseStatus(status)) return protocolError(`${status} is not a status to close with`);
  if (!isUtf8(payload.subarray(2))) return { status: CLOSE.invalidText, reason: 'a text must be UTF-8' };
  return { type: 'close', status };
}

/** RFC 6455 7.4.2, and those registered since (1012 to 1014). */
const isCloseStatus = (status: number): boolean =>
  (status >= 1000 && status <= 1014 && ![1004, 1005, 1006].includes(status)) || (status >= 3000 && status <= 4999);

const protocolError = (reason: string): MessageFault => ({ status: CLOSE.protocolError, reason });
