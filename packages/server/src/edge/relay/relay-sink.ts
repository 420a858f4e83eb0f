import type { Socket } from 'node:net';
import type { EndReason, StreamHolder } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { StartRule } from '../hub/start-rule.ts';
import { type RelayMessage, writeRelayMessage } from './wire.ts';

/** Reasons for which only this worker's part is over: the stream may go on elsewhere, so the other one is not told "ended". */
const ENDS_HERE_ONLY: ReadonlySet<EndReason> = new Set(['shutdown', 'replaced']);

/**
 * Writes a stream to one other worker: what a turn of the event loop brings as one write, and when the other one is too
 * slow, nothing until it has caught up and a frame comes that it can begin with.
 */
export class RelaySink implements StreamSink {
  readonly forRelay = true;
  readonly #socket: Socket;
  readonly #stream: LiveStream;
  readonly #maxQueueBytes: number;
  readonly #rule = new StartRule();
  #pending: Buffer[] = [];
  #scheduled = false;
  #skipping = false;
  /** Until the GOP it begins with is taken, the queue may be longer by that. */
  #queueLimit = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, stream: LiveStream & { holder: StreamHolder }, maxQueueBytes: number) {
    this.#socket = socket;
    this.#stream = stream;
    this.#maxQueueBytes = maxQueueBytes;
    const { holder, state } = stream;
    this.#send({ kind: 'hello', holder, state: state === 'live' ? 'live' : 'interrupted' });
    this.#sendHeaders();
    for (const frame of stream.gop) this.#send({ kind: 'frame', frame });
    this.#send({ kind: 'caughtUp' });
  }

  frame(frame: Frame): void {
    const starts = this.#rule.isStart(frame, this.#stream.headers.video !== null);
    if (this.#skipping) {
      if (!starts || this.#socket.writableLength > 0) {
        this.#stream.countDropped(frame.type === 'config' ? 0 : 1);
        return;
      }
      this.#skipping = false;
      this.#sendHeaders();
    }
    this.#send({ kind: 'frame', frame });
  }

  interrupted(): void {
    this.#send({ kind: 'interrupted' });
  }

  resumed(): void {
    this.#rule.restart();
    this.#send({ kind: 'resumed' });
  }

  ended(reason: EndReason): void {
    if (!ENDS_HERE_ONLY.has(reason)) this.#send({ kind: 'ended', reason });
    this.#flush();
    this.#socket.end();
  }

  #sendHeaders(): void {
    const { metadata, video, audio } = this.#stream.headers;
    for (const frame of [metadata, video, audio]) if (frame) this.#send({ kind: 'frame', frame });
  }

  #send(message: RelayMessage): void {
    this.#pending.push(...writeRelayMessage(message));
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    if (this.#queueLimit === Number.POSITIVE_INFINITY) this.#queueLimit = this.#maxQueueBytes + bytes.length;
    else if (this.#socket.writableLength === 0) this.#queueLimit = this.#maxQueueBytes;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > this.#queueLimit) this.#skipping = true;
  }
}
