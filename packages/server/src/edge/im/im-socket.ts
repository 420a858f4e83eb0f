import type { Socket } from 'node:net';
import { IM_LONGEST_MESSAGE, type ImIdentity } from '@lianmai/contract';
import { endSocket } from '../flv/end-socket.ts';
import { CLOSE, closeFrame, controlFrame, OPCODE } from '../websocket/frame.ts';
import { MessageReader } from '../websocket/message-reader.ts';
import { CallRate } from './rate.ts';

/** Bytes waiting for a slow client from which on messages of low priority pass it by. */
const SOFT_QUEUE = 64 << 10;
/** And from which on it is closed: it comes back with its `seq`, and gets what it missed or is told to reload. */
const HARD_QUEUE = 512 << 10;

/** What a socket tells its server. */
export interface ImSocketEvents {
  text(socket: ImSocket, text: string): void;
  /** `clean`: the client said goodbye. Once. */
  closed(socket: ImSocket, clean: boolean): void;
}

/** A client's WebSocket: frames in, texts out; what they mean is its server's. */
export class ImSocket {
  readonly number: number;
  readonly identity: ImIdentity;
  readonly rate: CallRate;
  /** What the client said of itself when it connected. */
  readonly seq: number | null;
  readonly lastSession: string | null;
  /** So that it can be ended with its token; null: a visitor's, which has none. */
  readonly token: { generation: number; id: string; expiresAtMs: number } | null;
  readonly visitor: string | null;
  readonly ip: string;
  /** Given by control; null: it does not know of the connection yet. */
  session: string | null = null;
  readonly rooms: string[] = [];
  readonly #socket: Socket;
  readonly #reader = new MessageReader(IM_LONGEST_MESSAGE);
  readonly #events: ImSocketEvents;
  #closed = false;
  #heardAtMs: number;
  #pinged = false;

  constructor(
    socket: Socket,
    about: {
      number: number;
      identity: ImIdentity;
      token: ImSocket['token'];
      visitor: string | null;
      seq: number | null;
      lastSession: string | null;
      ip: string;
    },
    events: ImSocketEvents,
    nowMs: number,
  ) {
    this.number = about.number;
    this.identity = about.identity;
    this.token = about.token;
    this.visitor = about.visitor;
    this.seq = about.seq;
    this.lastSession = about.lastSession;
    this.ip = about.ip;
    this.rate = new CallRate(nowMs);
    this.#socket = socket;
    this.#events = events;
    this.#heardAtMs = nowMs;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Answers the handshake and begins to listen. */
  begin(response: Buffer, head: Buffer, now: () => number): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#hear(chunk, now()));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#end(false));
    socket.write(response);
    if (head.length > 0) this.#hear(head, now());
  }

  /**
   * Writes a frame, which may be everybody's.
   * @returns whether it was: a client that takes nothing passes over what is droppable, and in the end is closed.
   */
  write(frame: Buffer, droppable: boolean): boolean {
    if (this.#closed) return false;
    const waiting = this.#socket.writableLength;
    if (waiting > SOFT_QUEUE) {
      if (droppable) return false;
      if (waiting > HARD_QUEUE) {
        this.destroy();
        return false;
      }
    }
    this.#socket.write(frame);
    return true;
  }

  /** Looks whether the client is still there; called now and then. */
  checkLife(nowMs: number, pingAfterMs: number, goneAfterMs: number): void {
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs > goneAfterMs) this.destroy();
    else if (silentMs > pingAfterMs && !this.#pinged) {
      this.#pinged = true;
      if (this.#socket.writableLength < SOFT_QUEUE) this.#socket.write(PING);
    }
  }

  /** Says goodbye with a status of RFC 6455 7.4 or of IM_CLOSE. */
  close(status: number, reason = ''): void {
    if (this.#closed) return;
    endSocket(this.#socket, closeFrame(status, reason));
    this.#end(false);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#end(false);
  }

  #hear(chunk: Buffer, nowMs: number): void {
    if (this.#closed) return;
    this.#heardAtMs = nowMs;
    this.#pinged = false;
    const fault = this.#reader.push(chunk, (message) => {
      if (this.#closed) return;
      if (message.type === 'text') this.#events.text(this, message.text);
      else if (message.type === 'ping') this.#answerPing(message.payload);
      else if (message.type === 'close') this.#answerClose(message.status);
    });
    if (fault) this.close(fault.status, fault.reason);
  }

  #answerPing(payload: Buffer): void {
    // One at a time: whoever sends pings and reads nothing gets no queue of pongs.
    if (this.#socket.writableLength === 0) this.#socket.write(controlFrame(OPCODE.pong, payload));
  }

  #answerClose(status: number | null): void {
    endSocket(this.#socket, status === null ? controlFrame(OPCODE.close) : closeFrame(status));
    this.#end(status === null || status === CLOSE.normal || status === CLOSE.goingAway);
  }

  #end(clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed(this, clean);
  }
}

const PING = controlFrame(OPCODE.ping);
