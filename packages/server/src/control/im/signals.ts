/** An event for a user that is kept until it is acknowledged or its time is over. */
export interface Signal {
  signalId: string;
  seq: number;
  text: string;
  untilMs: number;
}

const MOST_FOR_A_USER = 50;

/** Signals on their way, by user. */
export class Signals {
  readonly #byUser = new Map<string, Map<string, Signal>>();

  /** @returns false: a signal of that id is on its way already. */
  add(user: string, signal: Signal): boolean {
    const signals = this.#byUser.get(user) ?? new Map<string, Signal>();
    this.#byUser.set(user, signals);
    if (signals.has(signal.signalId)) return false;
    signals.set(signal.signalId, signal);
    const [oldest] = signals.keys();
    if (signals.size > MOST_FOR_A_USER && oldest !== undefined) signals.delete(oldest);
    return true;
  }

  acknowledge(user: string, signalIds: readonly string[]): void {
    const signals = this.#byUser.get(user);
    if (!signals) return;
    for (const id of signalIds) signals.delete(id);
    if (signals.size === 0) this.#byUser.delete(user);
  }

  /** What a connection that saw everything up to `seq` is to be sent. */
  since(user: string, seq: number | null, nowMs: number): string[] {
    const found: string[] = [];
    for (const signal of this.#byUser.get(user)?.values() ?? [])
      if (signal.untilMs > nowMs && (seq === null || signal.seq > seq)) found.push(signal.text);
    return found;
  }

  sweep(nowMs: number): void {
    for (const [user, signals] of this.#byUser) {
      for (const [id, { untilMs }] of signals) if (untilMs <= nowMs) signals.delete(id);
      if (signals.size === 0) this.#byUser.delete(user);
    }
  }
}
