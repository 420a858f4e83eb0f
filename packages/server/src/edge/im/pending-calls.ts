import type { ErrorBody, ImId } from '@lianmai/contract';
import { LiveError } from '@lianmai/contract';
import { textFrame } from '../websocket/frame.ts';
import type { ImSocket } from './im-socket.ts';
import { failure, faultText, resultText } from './rpc.ts';

/** Control has so long to answer; what it is asked while it restarts waits 5 s of it. */
const ANSWER_WITHIN_MS = 15_000;
/** Calls a worker lets wait in all. */
const MOST_WAITING = 20_000;

/** The answers to one message, which go out together (JSON-RPC 2.0 §6). */
export class AnswerGroup {
  readonly #socket: ImSocket;
  readonly #batch: boolean;
  readonly #texts: string[] = [];
  #open: number;

  /** @param calls that are going to be answered: notifications are not. */
  constructor(socket: ImSocket, batch: boolean, calls: number) {
    this.#socket = socket;
    this.#batch = batch;
    this.#open = calls;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#socket.write(textFrame(this.#batch ? `[${this.#texts.join(',')}]` : text), false);
  }
}

interface Pending {
  id: ImId;
  group: AnswerGroup;
  dueMs: number;
}

/** Calls that control is to answer, by the number it knows them by. */
export class PendingCalls {
  readonly #calls = new Map<number, Pending>();
  #last = 0;

  get isFull(): boolean {
    return this.#calls.size >= MOST_WAITING;
  }

  get waiting(): number {
    return this.#calls.size;
  }

  /** @returns the call's number. */
  add(id: ImId, group: AnswerGroup, nowMs: number): number {
    this.#last += 1;
    this.#calls.set(this.#last, { id, group, dueMs: nowMs + ANSWER_WITHIN_MS });
    return this.#last;
  }

  answer(call: number, result: string): void {
    const pending = this.#take(call);
    pending?.group.add(resultText(pending.id, result));
  }

  refuse(call: number, error: ErrorBody['error']): void {
    const pending = this.#take(call);
    pending?.group.add(faultText(failure(pending.id, error)));
  }

  /** Gives up on what is not going to be answered. In the order of their numbers, so nothing is searched. */
  sweep(nowMs: number): void {
    for (const [call, { dueMs }] of this.#calls) {
      if (dueMs > nowMs) return;
      this.refuse(call, unavailable());
    }
  }

  #take(call: number): Pending | undefined {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    return pending;
  }
}

export const unavailable = (): ErrorBody['error'] =>
  new LiveError('UNAVAILABLE', 'the server is restarting a part of itself: try again in a few seconds').toBody().error;
