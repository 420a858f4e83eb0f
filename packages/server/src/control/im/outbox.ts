import { IM_PRIORITY, IM_RESUME_MS, type ImPriority } from '@lianmai/contract';
import type { SeqClock } from './seq-clock.ts';

const MOST_KEPT = 1000;
const MOST_KEPT_CHARACTERS = 256 << 10;
/** What is of this priority or above is worth telling somebody who missed it. */
const WORTH_KEEPING = IM_PRIORITY.danmaku;
/** What a client that takes in nothing may do without. */
const DROPPABLE = IM_PRIORITY.text;

interface Queued {
  event: string;
  params: object;
  priority: number;
  sent: ((seq: number) => void) | undefined;
}

interface Kept {
  seq: number;
  text: string;
  atMs: number;
}

/** A batch for everybody in the room. `droppable`: nothing in it that a slow client must have. */
export interface Batch {
  text: string;
  droppable: boolean;
}

/** Events of one room on their way out, and those that went out lately, for who was away. */
export class Outbox {
  readonly #roomId: string;
  readonly #seq: SeqClock;
  #queue: Queued[] = [];
  #kept: Kept[] = [];
  #keptCharacters = 0;
  /** All events worth keeping with a larger number are in `#kept`. */
  #completeFrom: number;

  constructor(roomId: string, seq: SeqClock) {
    this.#roomId = roomId;
    this.#seq = seq;
    this.#completeFrom = seq.last;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** @param sent told the event's number when it goes out. */
  add(event: string, params: object, priority: ImPriority, sent?: (seq: number) => void): void {
    this.#queue.push({ event, params, priority: IM_PRIORITY[priority], sent });
  }

  /** Numbers what is queued and makes one text of it; null: nothing is. */
  flush(nowMs: number): Batch | null {
    const queue = this.#queue;
    if (queue.length === 0) return null;
    this.#queue = [];
    const texts: string[] = [];
    let droppable = true;
    for (const { event, params, priority, sent } of queue) {
      const seq = this.#seq.next();
      const text = eventText(event, { seq, roomId: this.#roomId, ...params });
      texts.push(text);
      if (priority < DROPPABLE) droppable = false;
      if (priority <= WORTH_KEEPING) this.#keep({ seq, text, atMs: nowMs });
      sent?.(seq);
    }
    this.#forget(nowMs);
    return { text: batchText(texts), droppable };
  }

  /** The texts of what went out after an event; null: that is too long ago to know. */
  since(seq: number): string[] | null {
    if (seq < this.#completeFrom) return null;
    return this.#kept.filter((kept) => kept.seq > seq).map(({ text }) => text);
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    this.#keptCharacters += kept.text.length;
  }

  #forget(nowMs: number): void {
    let count = 0;
    for (const { atMs, seq, text } of this.#kept) {
      const isTooMuch = this.#kept.length - count > MOST_KEPT || this.#keptCharacters > MOST_KEPT_CHARACTERS;
      if (!isTooMuch && atMs > nowMs - IM_RESUME_MS) break;
      this.#keptCharacters -= text.length;
      this.#completeFrom = seq;
      count += 1;
    }
    if (count > 0) this.#kept.splice(0, count);
  }
}

/** A JSON-RPC notification. */
export const eventText = (method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', method, params });

/** One notification as it is, several as a batch (JSON-RPC 2.0 §6). */
export const batchText = (texts: readonly string[]): string =>
  texts.length === 1 ? texts[0]! : `[${texts.join(',')}]`;
