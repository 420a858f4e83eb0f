import { type AmfValue, amfFields } from '../amf/index.ts';
import type { Frame } from '../frame.ts';
import { WireError } from '../result.ts';
import { ChunkReader } from './chunk-reader.ts';
import { CHUNK_STREAM, writeFrame, writeMessage } from './chunk-writer.ts';
import { command, parseCommand, type RtmpCommand } from './command.ts';
import {
  acknowledgement,
  parseNumber32,
  parseUserControl,
  setBufferLength,
  setChunkSize,
  USER_CONTROL,
  userControl,
  windowAckSize,
} from './control.ts';
import { ClientHandshake } from './handshake.ts';
import { DEFAULT_CHUNK_SIZE, MESSAGE, type RtmpMessage } from './message.ts';

export interface RtmpClientOptions {
  role: 'publish' | 'play';
  /** `rtmp://host:port/app`. */
  tcUrl: string;
  app: string;
  /** Stream key or name, with its query. */
  stream: string;
  /** Default 16 MiB. */
  maxMessageBytes?: number;
}

/**
 * - `send`: bytes for the server.
 * - `ready`: publishing or playing has begun.
 * - `status`: what the server told with `onStatus` or `_error`; level `error` means it will not go on.
 * - `message`: audio, video or data, when playing.
 */
export type RtmpClientEvent =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'ready' }
  | { readonly kind: 'status'; readonly level: string; readonly code: string; readonly description: string }
  | { readonly kind: 'message'; readonly message: RtmpMessage };

const CHUNK_SIZE = 65_536;
const ACK_WINDOW = 2_500_000;
const CONNECT = 1;
const CREATE_STREAM = 4;

/**
 * A client's session without its socket: push what the server sent, take events until null. The first event is the bytes to
 * open with. Publishes or plays one stream, then is done.
 * @see RTMP 1.0, 7.2.
 */
export class RtmpClient {
  readonly #options: RtmpClientOptions;
  readonly #reader: ChunkReader;
  readonly #events: RtmpClientEvent[] = [];
  #handshake: ClientHandshake | null = new ClientHandshake();
  #error: WireError | null = null;
  #chunkSize = DEFAULT_CHUNK_SIZE;
  #streamId = 0;
  #received = 0;
  #acknowledged = 0;
  #window = ACK_WINDOW;

  constructor(options: RtmpClientOptions) {
    this.#options = options;
    this.#reader = new ChunkReader({ maxMessageBytes: options.maxMessageBytes ?? 16 * 1024 * 1024 });
    this.#events.push({ kind: 'send', bytes: this.#handshake!.hello });
  }

  push(bytes: Buffer): void {
    if (this.#handshake === null) return this.#feed(bytes);
    const step = this.#handshake.read(bytes);
    if (step instanceof WireError) {
      this.#error = step;
      return;
    }
    if (step.send.length > 0) this.#events.push({ kind: 'send', bytes: step.send });
    if (step.rest === null) return;
    this.#handshake = null;
    this.#connect();
    this.#feed(step.rest);
  }

  next(): RtmpClientEvent | WireError | null {
    while (this.#events.length === 0 && this.#handshake === null && this.#error === null) {
      const message = this.#reader.next();
      if (message === null || message instanceof WireError) return message;
      this.#message(message);
    }
    return this.#events.shift() ?? this.#error;
  }

  /** A frame as bytes for the server; once ready. */
  write(frame: Frame): Buffer {
    return writeFrame(frame, this.#streamId, this.#chunkSize);
  }

  /** The bytes that end publishing or playing properly. */
  goodbye(): Buffer {
    const bye = [command('deleteStream', 0, [null, this.#streamId])];
    if (this.#options.role === 'publish') bye.unshift(command('FCUnpublish', 0, [null, this.#options.stream]));
    return Buffer.concat(bye.map((message) => writeMessage(message, CHUNK_STREAM.command, this.#chunkSize)));
  }

  #feed(bytes: Buffer): void {
    this.#reader.push(bytes);
    this.#received += bytes.length;
    if (this.#received - this.#acknowledged < this.#window / 2) return;
    this.#acknowledged = this.#received;
    this.#send(acknowledgement(this.#received));
  }

  #send(message: RtmpMessage): void {
    const chunkStream = message.type === MESSAGE.commandAmf0 ? CHUNK_STREAM.command : CHUNK_STREAM.control;
    this.#events.push({ kind: 'send', bytes: writeMessage(message, chunkStream, this.#chunkSize) });
  }

  #connect(): void {
    this.#send(setChunkSize(CHUNK_SIZE));
    this.#chunkSize = CHUNK_SIZE;
    const { app, tcUrl, role } = this.#options;
    const info = { app, tcUrl, type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Lianmai)' };
    const abilities = role === 'play' ? { fpad: false, capabilities: 15, audioCodecs: 4071, videoCodecs: 252 } : {};
    this.#send(command('connect', CONNECT, [{ ...info, ...abilities }]));
  }

  #message(message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE.windowAckSize: {
        const size = parseNumber32(message);
        if (typeof size === 'number' && size > 0) this.#window = size;
        break;
      }
      case MESSAGE.userControl:
        this.#ping(message);
        break;
      case MESSAGE.commandAmf0:
      case MESSAGE.commandAmf3:
        this.#command(parseCommand(message));
        break;
      case MESSAGE.audio:
      case MESSAGE.video:
      case MESSAGE.dataAmf0:
      case MESSAGE.aggregate:
        this.#events.push({ kind: 'message', message });
        break;
    }
  }

  #ping(message: RtmpMessage): void {
    const control = parseUserControl(message);
    if (control instanceof WireError || control.event !== USER_CONTROL.pingRequest) return;
    this.#send(userControl(USER_CONTROL.pingResponse, control.value));
  }

  #command(received: RtmpCommand | WireError): void {
    if (received instanceof WireError) this.#error = received;
    else if (received.name === 'onStatus') this.#status(received.args[1]);
    else if (received.name === '_result') this.#result(received);
    // Servers may not know releaseStream and FCPublish.
    else if (received.name === '_error' && [CONNECT, CREATE_STREAM].includes(received.transactionId)) {
      this.#status(received.args[1]);
    }
  }

  #result({ transactionId, args }: RtmpCommand): void {
    const { role, stream } = this.#options;
    if (transactionId === CONNECT) {
      if (role === 'publish') {
        this.#send(command('releaseStream', CONNECT + 1, [null, stream]));
        this.#send(command('FCPublish', CONNECT + 2, [null, stream]));
      } else {
        this.#send(windowAckSize(ACK_WINDOW));
      }
      this.#send(command('createStream', CREATE_STREAM, [null]));
    } else if (transactionId === CREATE_STREAM) {
      this.#streamId = typeof args[1] === 'number' ? args[1] : 1;
      if (role === 'publish') this.#send(command('publish', CREATE_STREAM + 1, [null, stream, 'live'], this.#streamId));
      else {
        this.#send(command('play', CREATE_STREAM + 1, [null, stream, -2000], this.#streamId));
        this.#send(setBufferLength(this.#streamId, 1000));
      }
    }
  }

  #status(info: AmfValue): void {
    const fields = amfFields(info);
    const code = text(fields?.['code']);
    const level = text(fields?.['level']);
    this.#events.push({ kind: 'status', level, code, description: text(fields?.['description']) });
    if (code === 'NetStream.Publish.Start' || code === 'NetStream.Play.Start') this.#events.push({ kind: 'ready' });
  }
}

const text = (value: AmfValue): string => (typeof value === 'string' ? value : '');
