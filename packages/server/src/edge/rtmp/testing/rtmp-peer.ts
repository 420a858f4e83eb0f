import { connect, type Socket } from 'node:net';
import { WireError } from '@lianmai/media';
import { type AmfValue, amfFields } from '@lianmai/media/amf';
import {
  ChunkReader,
  ClientHandshake,
  command,
  MESSAGE,
  parseCommand,
  type RtmpCommand,
  type RtmpMessage,
  setChunkSize,
  writeMessage,
} from '@lianmai/media/rtmp';

const CHUNK_BYTES = 65_536;
const PATIENCE_MS = 60_000;

interface Waiter {
  wants: (message: RtmpMessage) => boolean;
  resolve(message: RtmpMessage): void;
  reject(error: Error): void;
}

/** An RTMP client that says exactly what a test tells it to, and keeps what it hears. */
export class RtmpPeer {
  readonly socket: Socket;
  readonly heard: RtmpMessage[] = [];
  readonly closed: Promise<void>;
  readonly #reader = new ChunkReader({ maxMessageBytes: 16 << 20 });
  readonly #handshake = new ClientHandshake();
  readonly #ready = Promise.withResolvers<void>();
  readonly #waiting: Waiter[] = [];
  #taken = 0;
  #open = false;
  #transaction = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#ready.promise.catch(() => {});
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('close', () => this.#giveUp('the server closed the connection'));
    socket.write(this.#handshake.hello);
  }

  /** Connects a socket and shakes hands. */
  static async open(port: number): Promise<RtmpPeer> {
    const peer = new RtmpPeer(connect(port, '127.0.0.1'));
    await peer.#ready.promise;
    peer.say(setChunkSize(CHUNK_BYTES));
    return peer;
  }

  /** Connects to the application and creates a stream. */
  static async connected(port: number, info: Record<string, AmfValue> = {}): Promise<RtmpPeer> {
    const peer = await RtmpPeer.open(port);
    await peer.call('connect', { app: 'live', tcUrl: 'rtmp://127.0.0.1/live', ...info });
    await peer.call('createStream', null);
    return peer;
  }

  static async publishing(port: number, name: string, info: Record<string, AmfValue> = {}): Promise<RtmpPeer> {
    const peer = await RtmpPeer.connected(port, info);
    peer.send('publish', null, name, 'live');
    await peer.status('NetStream.Publish.Start');
    return peer;
  }

  static async playing(port: number, name: string): Promise<RtmpPeer> {
    const peer = await RtmpPeer.connected(port);
    peer.send('play', null, name, -2000);
    await peer.status('NetStream.Play.Start');
    return peer;
  }

  say(message: RtmpMessage): void {
    this.socket.write(writeMessage(message, 3, message.type === MESSAGE.setChunkSize ? 128 : CHUNK_BYTES));
  }

  /** A command that wants no answer. */
  send(name: string, ...args: AmfValue[]): void {
    this.say(command(name, 0, args, 1));
  }

  /** A command and its `_result` or `_error`. */
  async call(name: string, ...args: AmfValue[]): Promise<RtmpCommand> {
    const id = ++this.#transaction;
    this.say(command(name, id, args));
    return this.command((answer) => answer.transactionId === id && answer.name.startsWith('_'));
  }

  /** An audio or video message. */
  media(type: 'audio' | 'video', timestamp: number, body: Buffer): void {
    this.say({ type: MESSAGE[type], streamId: 1, timestamp, body });
  }

  /** The next message that is wanted, among those heard and not taken yet. Those before it count as taken too. */
  message(wants: (message: RtmpMessage) => boolean): Promise<RtmpMessage> {
    const found = this.heard.findIndex((message, i) => i >= this.#taken && wants(message));
    if (found >= 0) {
      this.#taken = found + 1;
      return Promise.resolve(this.heard[found]!);
    }
    this.#taken = this.heard.length;
    if (this.socket.closed) return Promise.reject(new Error('the connection is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<RtmpMessage>();
    const timer = setTimeout(() => reject(new Error(`not heard; heard: ${this.summary()}`)), PATIENCE_MS);
    this.#waiting.push({ wants, resolve, reject });
    return promise.finally(() => clearTimeout(timer));
  }

  async command(wants: (command: RtmpCommand) => boolean): Promise<RtmpCommand> {
    let found: RtmpCommand | undefined;
    await this.message((message) => {
      if (message.type !== MESSAGE.commandAmf0) return false;
      const read = parseCommand(message);
      if (read instanceof WireError || !wants(read)) return false;
      found = read;
      return true;
    });
    return found!;
  }

  /** The description of the next `onStatus` with this code. */
  async status(code: string): Promise<string> {
    const { args } = await this.command(
      ({ name, args }) => name === 'onStatus' && amfFields(args[1])?.['code'] === code,
    );
    return String(amfFields(args[1])!['description']);
  }

  frame(type: 'audio' | 'video'): Promise<RtmpMessage> {
    return this.message((message) => message.type === MESSAGE[type]);
  }

  /** Everything heard, one word for each message. */
  summary(): string {
    return this.heard.map((message) => describe(message)).join(' ');
  }

  #read(bytes: Buffer): void {
    if (!this.#open) {
      const step = this.#handshake.read(bytes);
      if (step instanceof WireError) throw new Error(step.message);
      if (step.rest === null) return;
      this.#open = true;
      this.socket.write(step.send);
      this.#ready.resolve();
      this.#reader.push(step.rest);
    } else this.#reader.push(bytes);
    for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
      if (message instanceof WireError) throw new Error(message.message);
      this.#hear(message);
    }
  }

  #hear(message: RtmpMessage): void {
    this.heard.push(message);
    const waiter = this.#waiting[0];
    if (waiter === undefined) return;
    this.#taken = this.heard.length;
    if (!waiter.wants(message)) return;
    this.#waiting.shift();
    waiter.resolve(message);
  }

  #giveUp(why: string): void {
    const error = new Error(`${why}; heard: ${this.summary()}`);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    this.#ready.reject(error);
  }
}

function describe(message: RtmpMessage): string {
  if (message.type !== MESSAGE.commandAmf0) return String(message.type);
  const read = parseCommand(message);
  if (read instanceof WireError) return 'damaged';
  const code = amfFields(read.args[1])?.['code'];
  return typeof code === 'string' ? code : read.name;
}
