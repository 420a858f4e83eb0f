import type { ImDown } from '@lianmai/contract';
import { textFrame } from '../websocket/frame.ts';
import type { ImSocket } from './im-socket.ts';

/** Sockets written to at once: a burst of this many holds up the worker's other work for some 5 ms. */
const SLICE = 1000;

export interface DownlinkOptions {
  socket(connection: number): ImSocket | undefined;
  socketsIn(roomId: string): ReadonlySet<ImSocket>;
  /** What is not a text to be written. */
  other(item: Exclude<ImDown, { type: 'room' | 'send' }>): void;
}

/**
 * Does what control says, strictly in its order, so that each socket hears of events in the order of their `seq`. A
 * room's text becomes one frame, written as it is to all its sockets; a large room's in slices, with the worker's other
 * work in between.
 */
export class Downlink {
  readonly #options: DownlinkOptions;
  #items: ImDown[] = [];
  #next = 0;
  /** The rest of a room that is being written to. */
  #slice: { frame: Buffer; droppable: boolean; sockets: Iterator<ImSocket> } | null = null;
  #turn: NodeJS.Immediate | null = null;
  /** Messages written to a socket, and those that passed a slow one by. */
  delivered = 0;
  dropped = 0;

  constructor(options: DownlinkOptions) {
    this.#options = options;
  }

  /** Items not done yet. */
  get waiting(): number {
    return this.#items.length - this.#next;
  }

  push(items: readonly ImDown[]): void {
    for (const item of items) this.#items.push(item);
    if (this.#turn === null) this.#run();
  }

  close(): void {
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    this.#slice = null;
    this.#items = [];
    this.#next = 0;
  }

  #run(): void {
    this.#turn = null;
    for (let budget = SLICE; this.#slice || this.#next < this.#items.length; ) {
      if (budget <= 0) {
        this.#turn = setImmediate(() => this.#run());
        return;
      }
      budget -= this.#slice ? this.#writeSlice(budget) : this.#do(this.#items[this.#next++]!);
    }
    this.#items = [];
    this.#next = 0;
  }

  /** @returns how many sockets it wrote to. */
  #do(item: ImDown): number {
    const { socket, socketsIn, other } = this.#options;
    switch (item.type) {
      case 'room': {
        const sockets = socketsIn(item.roomId);
        if (sockets.size === 0) return 0;
        this.#slice = { frame: textFrame(item.text), droppable: item.droppable, sockets: sockets.values() };
        return 0;
      }
      case 'send': {
        const frame = textFrame(item.text);
        for (const connection of item.connections) {
          const one = socket(connection);
          if (one) this.#write(one, frame, false);
        }
        return item.connections.length;
      }
      default:
        other(item);
        return 1;
    }
  }

  #writeSlice(budget: number): number {
    const { frame, droppable, sockets } = this.#slice!;
    for (let written = 0; written < budget; written++) {
      const { value, done } = sockets.next();
      if (done) {
        this.#slice = null;
        return written;
      }
      this.#write(value, frame, droppable);
    }
    return budget;
  }

  #write(socket: ImSocket, frame: Buffer, droppable: boolean): void {
    if (socket.write(frame, droppable)) this.delivered += 1;
    else this.dropped += 1;
  }
}
