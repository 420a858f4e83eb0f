import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { EndReason } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import {
  acknowledgement,
  ChunkReader,
  MESSAGE,
  parseCommand,
  parseNumber32,
  parseUserControl,
  type RtmpCommand,
  type RtmpMessage,
  ServerHandshake,
  USER_CONTROL,
  userControl,
} from '@lianmai/media/rtmp';
import type { Logger } from '../../log/log.ts';
import { encodeMessages } from './format.ts';

/** Who gives the messages of a connection their meaning. Parsers' errors returned from here close the connection. */
export interface ConnectionHandler {
  /** What it publishes or plays, for the log. */
  readonly stream: string | undefined;
  /** Bytes came, whatever they are. */
  received(bytes: number): void;
  command(command: RtmpCommand): WireError | null;
  /** An audio, video, data or aggregate message. */
  media(message: RtmpMessage): WireError | null;
  /** The last words to a client that broke the protocol. */
  farewell(wrong: WireError): readonly RtmpMessage[];
  /** Nothing more comes and nothing more can be sent. Called once. */
  closed(end: EndReason): void;
}

/** Commands are short; whoever has not been let in to publish sends nothing longer. */
const MAX_COMMAND_BYTES = 64 << 10;
/** A client that leaves so many bytes of answers unread asks only to fill our memory. */
const MAX_UNREAD_BYTES = 128 << 10;
/** So long a client has to read our last words. */
const LINGER_MS = 1000;
/** When the client names no window, and the least it may name. */
const ACK_WINDOW_BYTES = 2_500_000;
const MIN_ACK_WINDOW_BYTES = 16 << 10;

/**
 * One client's socket as messages: handshake, chunks, acknowledgements, pings, a deadline and one line in the log when it
 * closes. Everything it may hold, and every wait, has a limit.
 * @see RTMP 1.0, sections 5 and 6.
 */
export class RtmpConnection {
  readonly socket: Socket;
  readonly ip: string;
  readonly log: Logger;
  readonly #handler: ConnectionHandler;
  readonly #reader = new ChunkReader({ maxMessageBytes: MAX_COMMAND_BYTES });
  #handshake: ServerHandshake | null = new ServerHandshake();
  #held = false;
  #closed = false;
  #received = 0;
  #acknowledged = 0;
  #ackWindow = ACK_WINDOW_BYTES;
  #receivedAtTick = 0;
  #unread = 0;
  #socketError: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: Socket, handler: ConnectionHandler, log: Logger) {
    this.socket = socket;
    this.ip = socket.remoteAddress ?? '';
    this.log = log.child({ session: randomBytes(6).toString('base64url'), ip: this.ip });
    this.#handler = handler;
    socket.on('data', this.#read);
    socket.on('error', this.#broken);
    socket.on('close', this.#gone);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The limit for what the client may send from now on. */
  set maxMessageBytes(bytes: number) {
    this.#reader.maxMessageBytes = bytes;
  }

  send(...messages: readonly RtmpMessage[]): void {
    this.write(encodeMessages(messages));
  }

  /** Whole messages as bytes. */
  write(bytes: Buffer): void {
    if (!this.socket.writable) return;
    if (this.socket.writableLength === 0) this.#unread = 0;
    this.#unread += bytes.length;
    this.socket.write(bytes);
  }

  /** Takes nothing more from the client until {@link release}. */
  hold(): void {
    this.#held = true;
    this.socket.pause();
  }

  release(): void {
    this.#held = false;
    if (this.#closed) return;
    this.#takeMessages();
    if (!this.#held) this.socket.resume();
  }

  /** Closes the connection unless {@link expect} is called again within `timeoutMs`; null: waits for nothing. */
  expect(what: string | null, timeoutMs: number): void {
    if (this.#closed) return;
    this.#setTimer(
      what === null ? null : () => this.close(`no ${what} within ${timeoutMs} ms`, 'timed-out'),
      timeoutMs,
    );
  }

  /** Called at a steady pace: when nothing came since the last call, the client is asked whether it is there. */
  pingWhenSilent(nowMs: number): void {
    if (this.#received === this.#receivedAtTick) this.send(userControl(USER_CONTROL.pingRequest, nowMs));
    this.#receivedAtTick = this.#received;
  }

  /** Says its last words and closes, with one line in the log. Idempotent. */
  close(reason: string, end: EndReason, lastWords: readonly RtmpMessage[] = []): void {
    if (this.#closed) return;
    this.#finish(reason, end);
    const { socket } = this;
    if (lastWords.length > 0 && this.#handshake === null) this.send(...lastWords);
    // What still comes is dropped, not left: closing over unread bytes would destroy the last words.
    socket.off('data', this.#read).resume().end();
    this.#setTimer(() => socket.destroy(), LINGER_MS);
  }

  readonly #broken = (error: NodeJS.ErrnoException): void => {
    this.#socketError ??= error.code ?? error.message;
  };

  readonly #gone = (): void => {
    if (!this.#closed) this.#finish(this.#socketError ?? 'by the client', 'vanished');
    this.#setTimer(null, 0);
  };

  #finish(reason: string, end: EndReason): void {
    this.#closed = true;
    this.#setTimer(null, 0);
    const { bytesRead, bytesWritten } = this.socket;
    const { stream } = this.#handler;
    this.log.info({ stream, bytesIn: bytesRead, bytesOut: bytesWritten }, `rtmp closed: ${reason}`);
    this.#handler.closed(end);
  }

  #setTimer(run: (() => void) | null, ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = run === null ? null : setTimeout(run, ms);
  }

  readonly #read = (bytes: Buffer): void => {
    if (this.#closed) return;
    this.#received += bytes.length;
    this.#handler.received(bytes.length);
    if (this.#handshake === null) this.#reader.push(bytes);
    else if (!this.#shakeHands(this.#handshake, bytes)) return;
    this.#takeMessages();
    if (!this.#closed) this.#acknowledge();
  };

  #shakeHands(handshake: ServerHandshake, bytes: Buffer): boolean {
    const step = handshake.read(bytes);
    if (step instanceof WireError) {
      this.close(step.message, 'protocol-error');
      return false;
    }
    if (step.send.length > 0) this.write(step.send);
    if (step.rest === null) return false;
    this.#handshake = null;
    this.#reader.push(step.rest);
    return true;
  }

  #takeMessages(): void {
    while (!this.#held && !this.#closed) {
      const message = this.#reader.next();
      if (message === null) return;
      const wrong = message instanceof WireError ? message : this.#message(message);
      if (wrong !== null) this.close(wrong.message, 'protocol-error', this.#handler.farewell(wrong));
      else if (this.#unread > MAX_UNREAD_BYTES) this.close('asks without reading the answers', 'protocol-error');
    }
  }

  #message(message: RtmpMessage): WireError | null {
    switch (message.type) {
      case MESSAGE.audio:
      case MESSAGE.video:
      case MESSAGE.aggregate:
      case MESSAGE.dataAmf0:
      case MESSAGE.dataAmf3:
        return this.#handler.media(message);
      case MESSAGE.commandAmf0:
      case MESSAGE.commandAmf3: {
        const command = parseCommand(message);
        return command instanceof WireError ? command : this.#handler.command(command);
      }
      case MESSAGE.userControl:
        return this.#userControl(message);
      case MESSAGE.windowAckSize:
        return this.#setAckWindow(message);
      default:
        // 7 is used between servers of others; shared objects (16, 19) are for nobody here.
        if (message.type >= MESSAGE.acknowledgement && message.type <= MESSAGE.aggregate) return null;
        return new WireError('an RTMP message type', String(message.type));
    }
  }

  #userControl(message: RtmpMessage): WireError | null {
    const control = parseUserControl(message);
    if (control instanceof WireError) return control;
    if (control.event === USER_CONTROL.pingRequest) this.send(userControl(USER_CONTROL.pingResponse, control.value));
    return null;
  }

  #setAckWindow(message: RtmpMessage): WireError | null {
    const bytes = parseNumber32(message);
    if (bytes instanceof WireError) return bytes;
    this.#ackWindow = Math.max(bytes, MIN_ACK_WINDOW_BYTES);
    return null;
  }

  /** At half the window: clients may stop sending when a whole one is not acknowledged (RTMP 1.0, 5.4.4). */
  #acknowledge(): void {
    if (this.#received - this.#acknowledged < this.#ackWindow / 2) return;
    this.#acknowledged = this.#received;
    this.send(acknowledgement(this.#received));
  }
}
