import type { Socket } from 'node:net';
import type { EndReason } from '@lianmai/contract';
import type { Lane } from './lane.ts';

export interface ViewerEvents {
  /** The stream is over and the last bytes are written; the viewer has left already. Say goodbye and close the socket. */
  ended(reason: EndReason): void;
}

/** A socket that a stream's bytes go to. */
export interface FanoutViewer {
  /** No more bytes from the next one on; the socket stays as it is. Idempotent; happens by itself when the socket closes. */
  leave(): void;
}

/**
 * - `new`: has nothing yet, waits for a frame to begin with.
 * - `flowing`: gets every merged write.
 * - `behind`: its queue was full; waits until it is drained and a key frame comes.
 * - `returning`: has left and come back, waits likewise.
 */
type Progress = 'new' | 'flowing' | 'behind' | 'returning';

/** What a viewer tells the one who keeps it. */
export interface ViewerKeeper {
  left(viewer: Viewer): void;
  /** For the stall time nothing of its queue was taken. */
  stalled(viewer: Viewer): void;
}

const ignore = () => {};

export class Viewer implements FanoutViewer {
  readonly socket: Socket;
  readonly events: ViewerEvents;
  readonly #keeper: ViewerKeeper;
  lane: Lane | null = null;
  /** Its index in the lane's list. */
  place = 0;
  progress: Progress = 'new';
  /** Unsent bytes it may have: the setting, and until it has taken in its first GOP that as well. */
  queueLimit = 0;
  #watched = false;

  constructor(socket: Socket, events: ViewerEvents, keeper: ViewerKeeper) {
    this.socket = socket;
    this.events = events;
    this.#keeper = keeper;
    socket.on('close', this.leave);
    // A reset by the peer is a way to leave; `close` follows.
    socket.off('error', ignore).on('error', ignore);
  }

  readonly leave = (): void => {
    if (!this.lane) return;
    this.socket.off('close', this.leave);
    this.#unwatch();
    this.#keeper.left(this);
    this.lane = null;
  };

  /**
   * There are unsent bytes: the socket's own time-out, which knows when the kernel took some, begins to watch. Not armed
   * for a viewer that keeps up, whom it would cost at every write.
   */
  watch(stallMs: number): void {
    if (this.#watched) return;
    this.#watched = true;
    this.socket.on('timeout', this.#quiet).setTimeout(stallMs);
  }

  #unwatch(): void {
    if (!this.#watched) return;
    this.#watched = false;
    this.socket.off('timeout', this.#quiet).setTimeout(0);
  }

  readonly #quiet = (): void => {
    if (this.socket.writableLength === 0) this.#unwatch();
    else this.#keeper.stalled(this);
  };
}
