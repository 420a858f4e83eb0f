const MOST_SIGNALS = 200;

/** What an event says of itself. */
interface EventParams {
  seq?: number;
  roomId?: string;
  signalId?: string;
}

/** Tells events that came before from new ones: after a reconnect some come twice. */
export class Seen {
  /** Of the newest event of all; what to resume from. */
  #last: number | null = null;
  readonly #byRoom = new Map<string, number>();
  readonly #signals = new Set<string>();

  get last(): number | null {
    return this.#last;
  }

  /** @returns whether it is new. */
  take({ seq, roomId, signalId }: EventParams): boolean {
    if (signalId !== undefined && !this.#takeSignal(signalId)) return false;
    if (seq === undefined) return true;
    this.#last = Math.max(this.#last ?? 0, seq);
    if (roomId === undefined || signalId !== undefined) return true;
    if (seq <= (this.#byRoom.get(roomId) ?? 0)) return false;
    this.#byRoom.set(roomId, seq);
    return true;
  }

  /** A room's whole state was given, up to this event. */
  reset(roomId: string, seq: number): void {
    this.#byRoom.set(roomId, Math.max(seq, this.#byRoom.get(roomId) ?? 0));
    this.#last = Math.max(this.#last ?? 0, seq);
  }

  forget(roomId: string): void {
    this.#byRoom.delete(roomId);
  }

  #takeSignal(signalId: string): boolean {
    if (this.#signals.has(signalId)) return false;
    this.#signals.add(signalId);
    const [oldest] = this.#signals;
    if (this.#signals.size > MOST_SIGNALS && oldest !== undefined) this.#signals.delete(oldest);
    return true;
  }
}
