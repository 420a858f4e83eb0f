import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PATIENT_MS, until } from '../until.ts';
import { type Amf, readAmf, writeAmf } from './amf0.ts';

/** One RTMP message as it came. */
export interface RtmpMessage {
  type: number;
  timestamp: number;
  streamId: number;
  payload: Buffer;
}

/** An `onStatus` of the server. */
export interface Status {
  level: string;
  code: string;
  description: string;
}

interface ChunkStream {
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  streamId: number;
  extended: boolean;
  payload: Buffer[];
  got: number;
}

const CHUNK = 4096;

/** A small RTMP client that keeps everything it hears, for looking at what players and encoders really get. */
export class RtmpClient implements Disposable {
  readonly socket: Socket;
  /** Sound (8), picture (9) and data (18) messages in the order they came. */
  readonly media: RtmpMessage[] = [];
  readonly statuses: Status[] = [];
  /** User control events (type 4) by their number: 0 StreamBegin, 1 StreamEOF, 6 PingRequest. */
  readonly events: number[] = [];
  /** Names of the commands that came. */
  readonly commands: string[] = [];
  closed = false;
  #buffer: Buffer = Buffer.alloc(0);
  #handshaken = false;
  #chunkSize = 128;
  #transaction = 1;
  readonly #chunkStreams = new Map<number, ChunkStream>();
  readonly #results = new Map<number, Amf[]>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** Shakes hands and connects to the application `live`. */
  static async connect(port: number): Promise<RtmpClient> {
    const client = await RtmpClient.shakeHands(port);
    client.send(1, 2, 0, 0, uint32(CHUNK));
    await client.call('connect', { app: 'live', tcUrl: `rtmp://127.0.0.1:${port}/live`, flashVer: 'LNX 9,0,124,2' });
    return client;
  }

  /** A connection after the handshake, with nothing said yet. */
  static async shakeHands(port: number): Promise<RtmpClient> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    const client = new RtmpClient(socket);
    const c1 = randomBytes(1536).fill(0, 0, 8);
    socket.write(Buffer.concat([Buffer.from([3]), c1]));
    await until('the handshake is answered', () => client.#handshaken || client.closed);
    if (client.closed) throw new Error('closed in the handshake');
    return client;
  }

  /** Asks to play and waits for NetStream.Play.Start or a refusal. */
  async play(stream: string): Promise<Status> {
    await this.call('createStream', null);
    this.command(1, 'play', 0, null, stream);
    return this.status((code) => /Play\.(Start|StreamNotFound|Failed)/.test(code));
  }

  /** Asks to publish and waits for the answer. */
  async publish(stream: string): Promise<Status> {
    this.command(0, 'releaseStream', ++this.#transaction, null, stream);
    this.command(0, 'FCPublish', ++this.#transaction, null, stream);
    await this.call('createStream', null);
    this.command(1, 'publish', ++this.#transaction, null, stream, 'live');
    return this.status((code) => code.startsWith('NetStream.Publish'));
  }

  /** Ends publishing or playing as a well-behaved client does. */
  async sayGoodbye(): Promise<void> {
    this.command(0, 'deleteStream', 0, null, 1);
    this.socket.end();
    await until('the connection is closed', () => this.closed);
  }

  /** The first status, past or coming, whose code is accepted. */
  status(accept: (code: string) => boolean, timeoutMs = PATIENT_MS): Promise<Status> {
    return until('an onStatus', () => this.statuses.find(({ code }) => accept(code)), timeoutMs);
  }

  async call(name: string, ...args: Amf[]): Promise<Amf[]> {
    const transaction = name === 'connect' ? 1 : ++this.#transaction;
    this.command(0, name, transaction, ...args);
    return until(`an answer to ${name}`, () => {
      const result = this.#results.get(transaction);
      if (!result && this.closed) throw new Error('the server closed the connection');
      return result;
    });
  }

  command(streamId: number, name: string, transaction: number, ...args: Amf[]): void {
    this.send(20, 3, streamId, 0, writeAmf(name, transaction, ...args));
  }

  /** Sends one message with a full (type 0) header. */
  send(type: number, chunkStreamId: number, streamId: number, timestamp: number, payload: Buffer): void {
    const header = Buffer.alloc(12);
    header[0] = chunkStreamId;
    header.writeUIntBE(timestamp, 1, 3);
    header.writeUIntBE(payload.length, 4, 3);
    header[7] = type;
    header.writeUInt32LE(streamId, 8);
    const size = type === 1 ? 128 : CHUNK;
    const pieces = [header, payload.subarray(0, size)];
    for (let at = size; at < payload.length; at += size)
      pieces.push(Buffer.from([0xc0 | chunkStreamId]), payload.subarray(at, at + size));
    this.socket.write(Buffer.concat(pieces));
  }

  /** Timestamps of one kind of media that carries picture or sound, not configurations. */
  timestamps(type: 8 | 9): number[] {
    return this.media.filter((m) => m.type === type && !isConfig(m)).map(({ timestamp }) => timestamp);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    if (!this.#handshaken) {
      if (this.#buffer.length < 1 + 2 * 1536) return;
      this.socket.write(this.#buffer.subarray(1, 1537));
      this.#buffer = this.#buffer.subarray(1 + 2 * 1536);
      this.#handshaken = true;
    }
    let used = this.#readChunk();
    while (used > 0) {
      this.#buffer = this.#buffer.subarray(used);
      used = this.#readChunk();
    }
  }

  /** Bytes of the next whole chunk, handled; 0 when it is not all here. */
  #readChunk(): number {
    const buffer = this.#buffer;
    if (buffer.length < 1) return 0;
    const format = buffer.readUInt8(0) >> 6;
    const id = buffer.readUInt8(0) & 0x3f;
    let at = 1;
    const headerSize = [11, 7, 3, 0][format] ?? 0;
    if (buffer.length < at + headerSize) return 0;
    const known = this.#chunkStreams.get(id);
    const stream: ChunkStream = known
      ? { ...known }
      : { timestamp: 0, delta: 0, length: 0, type: 0, streamId: 0, extended: false, payload: [], got: 0 };
    let field = stream.extended ? 0xffffff : format === 3 ? 0 : -1;
    if (format < 3) field = buffer.readUIntBE(at, 3);
    if (format < 2) {
      stream.length = buffer.readUIntBE(at + 3, 3);
      stream.type = buffer.readUInt8(at + 6);
    }
    if (format === 0) stream.streamId = buffer.readUInt32LE(at + 7);
    at += headerSize;
    stream.extended = field === 0xffffff;
    if (stream.extended) {
      if (buffer.length < at + 4) return 0;
      field = buffer.readUInt32BE(at);
      at += 4;
    }
    if (stream.got === 0) {
      if (format === 0) stream.timestamp = field;
      else {
        if (format < 3) stream.delta = field;
        stream.timestamp += stream.delta;
      }
      if (format === 0) stream.delta = 0;
    }
    const size = Math.min(this.#chunkSize, stream.length - stream.got);
    if (buffer.length < at + size) return 0;
    stream.payload = [...stream.payload, Buffer.from(buffer.subarray(at, at + size))];
    stream.got += size;
    const whole = stream.got === stream.length ? Buffer.concat(stream.payload) : null;
    if (whole) Object.assign(stream, { payload: [], got: 0 });
    this.#chunkStreams.set(id, stream);
    if (whole)
      this.#handle({ type: stream.type, timestamp: stream.timestamp, streamId: stream.streamId, payload: whole });
    return at + size;
  }

  #handle(message: RtmpMessage): void {
    const { type, payload } = message;
    if (type === 1) this.#chunkSize = payload.readUInt32BE(0);
    else if (type === 4) {
      const event = payload.readUInt16BE(0);
      this.events.push(event);
      if (event === 6) this.send(4, 2, 0, 0, Buffer.concat([Buffer.from([0, 7]), payload.subarray(2)]));
    } else if (type === 20) this.#handleCommand(readAmf(payload));
    else if (type === 8 || type === 9 || type === 18) this.media.push(message);
  }

  #handleCommand(values: Amf[]): void {
    const [name, transaction, , info] = values;
    this.commands.push(String(name));
    if (name === '_result' || name === '_error') this.#results.set(Number(transaction), values);
    if (name === 'onStatus' && info && typeof info === 'object')
      this.statuses.push({
        level: String(info['level']),
        code: String(info['code']),
        description: String(info['description'] ?? ''),
      });
  }
}

/** A sequence header: FLV AVC/AAC packet type 0, or enhanced RTMP's SequenceStart. */
export function isConfig({ type, payload }: { type: number; payload: Buffer }): boolean {
  const first = payload.readUInt8(0);
  if (type === 9) return first & 0x80 ? (first & 0x0f) === 0 : (first & 0x0f) === 7 && payload.readUInt8(1) === 0;
  if (type === 8) return first >> 4 === 9 ? (first & 0x0f) === 0 : first >> 4 === 10 && payload.readUInt8(1) === 0;
  return true;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
